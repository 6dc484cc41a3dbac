"""Official codes (官方代码) of regions, departments and services, as documents give them."""

from django.db import models
from django.db.models import Q

from services.fields import Line
from services.sources import Cited


class Identifier(Cited):
    """A code that a document gives a region, a department or a service (官方代码), in a scheme of its own."""

    region = models.ForeignKey(
        "Region", models.CASCADE, related_name="identifiers", null=True, blank=True, verbose_name="行政区划"
    )
    department = models.ForeignKey(
        "Department", models.CASCADE, related_name="identifiers", null=True, blank=True, verbose_name="部门"
    )
    service = models.ForeignKey(
        "Service", models.CASCADE, related_name="identifiers", null=True, blank=True, verbose_name="服务项目"
    )
    scheme = Line("编码规则", max_length=100, help_text="编码所依的标准或名录。例：GB/T 2260")
    value = Line("代码", max_length=100, help_text="文件里写明的才填。例：150000")

    class Meta(Cited.Meta):
        ordering = ["region", "department", "service", "scheme"]
        verbose_name = verbose_name_plural = "官方代码"
        constraints = [
            *Cited.Meta.constraints,
            models.CheckConstraint(
                condition=Q(region__isnull=False, department__isnull=True, service__isnull=True)
                | Q(region__isnull=True, department__isnull=False, service__isnull=True)
                | Q(region__isnull=True, department__isnull=True, service__isnull=False),
                name="identifier_of_one_thing",
                violation_error_message="官方代码属于一个行政区划、一个部门或一个服务项目。",
            ),
            *(
                models.UniqueConstraint(
                    fields=[owner, "scheme"],
                    name=f"identifier_once_per_scheme_of_{owner}",
                    violation_error_message="在这一编码规则里已有代码。",
                )
                for owner in ("region", "department", "service")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.value}"
