"""Which event of a proposal a user saw last (上次查看): for that user alone, and in no event."""

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction

from catalogue.workflow.models import Proposal


class Look(models.Model):
    """The last look of a user at the page of a proposal (查看): the number of the last event that it showed."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="looks", verbose_name="账号")
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="looks", verbose_name="调整建议")
    number = models.PositiveBigIntegerField("看到的最后一条记录")

    class Meta:
        ordering = ["user", "proposal"]
        verbose_name = verbose_name_plural = "上次查看"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "proposal"], name="look_once_per_proposal")]

    def __str__(self) -> str:
        return f"{self.user}：{self.proposal}，看到第 {self.number} 条记录"


def last_seen(user: AbstractBaseUser, proposal: Proposal) -> int | None:
    """Return the number of the last event of a proposal that a user saw; None if the user never opened it."""
    return Look.objects.filter(user=user, proposal=proposal).values_list("number", flat=True).first()


@transaction.atomic
def look(user: AbstractBaseUser, proposal: Proposal, number: int) -> None:
    """Note that a user has seen a proposal up to an event. A look never moves back: two pages may open at once."""
    row, is_new = Look.objects.get_or_create(user=user, proposal=proposal, defaults={"number": number})
    if not is_new:
        Look.objects.filter(pk=row.pk, number__lt=number).update(number=number)
