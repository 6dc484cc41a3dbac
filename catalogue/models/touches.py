"""That something readers are told of has changed: triggers of the database note it, whoever changed what."""

from django.db import models
from django.db.models import Count, Max


class TouchQuerySet(models.QuerySet):
    def stamp(self) -> tuple[int, int | None]:
        """Return what differs after every change that readers are told of. One query.

        Two numbers: a transaction that began earlier may end later, with a smaller key.
        """
        found = self.aggregate(count=Count("pk"), newest=Max("pk"))
        return found["count"], found["newest"]

    def prune(self) -> None:
        """Keep the newest alone: what it was is told by that one, and by how many came after it."""
        self.exclude(pk=self.aggregate(newest=Max("pk"))["newest"]).delete()


class Touch(models.Model):
    """One change of a row that readers are told of (变动). Which row is not said: ``Event`` records that."""

    objects = TouchQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "变动"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)
