"""Revision of the public data: database triggers record every change of it, whatever made the change."""

from django.db import connection, models
from django.db.models import Max

# Differs after every change of public data: the count of tokens, the largest id and the newest token.
DataVersion = tuple[int, int | None, str | None]
REVISION_SQL = """
SELECT COUNT(*), MAX(id), (SELECT token FROM catalogue_revisiontoken ORDER BY id DESC LIMIT 1)
FROM catalogue_revisiontoken
"""


class RevisionTokenQuerySet(models.QuerySet):
    def current_token(self) -> DataVersion:
        """Return a value that differs after every change of public data. One short query.

        It includes the count: a transaction that began earlier may commit later, with a smaller id.
        """
        with connection.cursor() as cursor:
            cursor.execute(REVISION_SQL)
            return tuple(cursor.fetchone())

    def prune(self) -> None:
        """Delete all tokens but the newest, which suffices to detect the next change."""
        self.exclude(pk=self.aggregate(newest=Max("pk"))["newest"]).delete()


class RevisionToken(models.Model):
    """One change of a public row (变动). It does not record which row: ``Event`` does."""

    # Random, because an id may be used again after a rollback.
    token = models.CharField("标记", max_length=32, editable=False)

    objects = RevisionTokenQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "变动"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)
