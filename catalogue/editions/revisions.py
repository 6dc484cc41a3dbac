"""That something readers are told of has changed: triggers of the database note it, whoever changed what."""

from django.db import connection, models
from django.db.models import Max

# What differs after every change that readers are told of.
DataVersion = tuple[int, int | None, str | None]
DATA_VERSION = """
SELECT COUNT(*), MAX(id), (SELECT token FROM catalogue_revisiontoken ORDER BY id DESC LIMIT 1)
FROM catalogue_revisiontoken
"""


class RevisionTokenQuerySet(models.QuerySet):
    def current_token(self) -> DataVersion:
        """Return what differs after every change that readers are told of. One short query.

        How many there were too: a transaction that began earlier may end later, with a smaller key.
        """
        with connection.cursor() as cursor:
            cursor.execute(DATA_VERSION)
            return tuple(cursor.fetchone())

    def prune(self) -> None:
        """Keep the newest alone: what it was is told by that one, and by how many came after it."""
        self.exclude(pk=self.aggregate(newest=Max("pk"))["newest"]).delete()


class RevisionToken(models.Model):
    """One change of a row that readers are told of (变动). Which row is not said: ``Event`` records that."""

    # Random: a key may come again, after a change that was taken back.
    token = models.CharField("标记", max_length=32, editable=False)

    objects = RevisionTokenQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "变动"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)
