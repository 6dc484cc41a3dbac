"""Model of the cases of an edition (案例), which its rules must decide as expected."""

from django.db import models

from catalogue.editions.models import Edition
from services.fields import Code, validate_no_nul

CASE_CODE = r"\A[A-Za-z0-9]+(-[A-Za-z0-9]+)*\Z"


class Case(models.Model):
    """An invented person, the expected outcome for some services, and the clauses that justify it (案例).

    ``circumstances`` are valid answers by name of fact; ``expected`` has an outcome of
    ``services.eligibility.rules.OUTCOMES`` by code of service; ``because`` has the ``source`` and ``locator`` of each.
    """

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="cases", verbose_name="版本")
    code = Code("编号", pattern=CASE_CODE, max_length=80, help_text="例：NM-05-01-65")
    position = models.PositiveSmallIntegerField("次序", default=0)
    circumstances = models.JSONField("情况", default=dict, validators=[validate_no_nul], help_text='例：{"age": 65}')
    expected = models.JSONField("应有的结论", validators=[validate_no_nul], help_text='例：{"NM-05-01": "eligible"}')
    because = models.JSONField(
        "依据",
        validators=[validate_no_nul],
        help_text='例：{"NM-05-01": {"source": "seed-plan", "locator": "第四章第五节"}}',
    )

    class Meta:
        ordering = ["edition", "position", "code"]
        verbose_name = verbose_name_plural = "案例"
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["edition", "code"], name="case_once_per_edition")]

    def __str__(self) -> str:
        return self.code
