"""Departments (部门) that lead or support services, their contacts, and which one took the place of which."""

import datetime
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from services.fields import SLUG, Choice, Code, Line, Text
from services.sources import Cited, Source, Verification


def chain(code: str, successors: Mapping[str, str]) -> list[str]:
    """Return a department (its code) and those that took its place one after another; the last one is in force."""
    codes = [code]
    while codes[-1] in successors:
        codes.append(successors[codes[-1]])
    return codes


class DepartmentQuerySet(models.QuerySet):
    def successors(self, on: datetime.date) -> dict[str, str]:
        """Return the code of the department in the place of each that was renamed or merged by a day. One query."""
        return dict(self.filter(replaced_from__lte=on).values_list("code", "replaced_by__code"))

    def replacements(self) -> dict[str, str]:
        """Return, by the code of each replaced department, what took its place and from which day, in words."""
        replaced = self.filter(replaced_by__isnull=False).select_related("replaced_by")
        return {row.code: f"自 {row.replaced_from} 起由{row.replaced_by.name}接替" for row in replaced}


class Department(Cited):
    """A body that leads or supports a service (部门); CPSV-AP PublicOrganisation.

    One that is renamed or merged into another stays as it is, because editions name it; from a day on another one, its
    successor, stands in its place, as a clause says.
    """

    class Level(models.TextChoices):
        REGION = "autonomous-region", "自治区"
        CENTRAL_AGENCY = "central-agency-in-region", "中央驻区机构"

    class Kind(models.TextChoices):
        GOVERNMENT_DEPARTMENT = "government-department", "政府部门"
        GOVERNMENT_OFFICE = "government-office", "政府办公厅"
        PARTY_DEPARTMENT = "party-department", "党委部门"
        CENTRAL_AGENCY = "central-agency", "中央机构"
        PEOPLE_ORGANISATION = "people-organisation", "人民团体"

    code = Code("代码", pattern=SLUG, unique=True, help_text="例：civil-affairs")
    position = models.PositiveSmallIntegerField("次序", default=0)
    name = Line("名称", max_length=200, help_text="例：内蒙古自治区民政厅")
    short_name = Line("简称", max_length=100, null=True, blank=True, help_text="例：自治区民政厅")
    name_en = Line("英文名称", max_length=300, null=True, blank=True)
    level = Choice("层级", choices=Level)
    kind = Choice("类别", choices=Kind)
    note = Text("说明", null=True, blank=True)
    replaced_by = models.ForeignKey(
        "self", models.PROTECT, related_name="replaces", null=True, blank=True, verbose_name="由何部门接替"
    )
    replaced_from = models.DateField("接替自", null=True, blank=True)
    replaced_source = models.ForeignKey(
        Source, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="接替的依据文件"
    )
    replaced_locator = Line("接替的条文位置", max_length=200, null=True, blank=True)
    replaced_quote = Text("接替的原文", null=True, blank=True)
    replaced_verification = Choice("接替的核实情况", choices=Verification, null=True, blank=True)

    objects = DepartmentQuerySet.as_manager()

    class Meta(Cited.Meta):
        ordering = ["position", "code"]
        verbose_name = verbose_name_plural = "部门"
        constraints = [
            *Cited.Meta.constraints,
            models.CheckConstraint(
                condition=Q(
                    replaced_by__isnull=True, replaced_from__isnull=True, replaced_source__isnull=True,
                    replaced_locator__isnull=True, replaced_quote__isnull=True, replaced_verification__isnull=True,
                )
                | Q(
                    replaced_by__isnull=False, replaced_from__isnull=False, replaced_source__isnull=False,
                    replaced_verification__isnull=False,
                ),
                name="department_replacement_is_cited",
                violation_error_message="接替的部门、日期和依据文件应同时填写。",
            ),
            models.CheckConstraint(
                condition=~Q(replaced_verification="verbatim") | Q(replaced_quote__isnull=False),
                name="department_replacement_verbatim_has_quote",
                violation_error_message="标为“原文核对”的，必须照录原文。",
            ),
            models.CheckConstraint(
                condition=Q(replaced_by__isnull=True) | ~Q(replaced_by=F("id")),
                name="department_replaced_by_another",
                violation_error_message="部门不能由自己接替。",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.short_name or self.name

    def clean(self):
        if self.replaced_by is None or self.replaced_from is None:
            return
        # The days of a chain ascend, as the database keeps it too; so it has no cycle.
        after, before = self.replaced_by, self.replaces.filter(replaced_from__gte=self.replaced_from).first()
        if after.replaced_from and after.replaced_from <= self.replaced_from:
            raise ValidationError(
                {"replaced_by": f"{after}自 {after.replaced_from} 起已由{after.replaced_by}接替；请选接替它的部门。"}
            )
        if before:
            raise ValidationError(
                {"replaced_from": f"{before}自 {before.replaced_from} 起才由{self}接替；日期应晚于那一天。"}
            )


class Contact(Cited):
    """A hotline or a website of a department (联系方式), as a document gives it."""

    class Kind(models.TextChoices):
        HOTLINE = "hotline", "热线"
        WEBSITE = "website", "网站"

    department = models.ForeignKey(Department, models.CASCADE, related_name="contacts", verbose_name="部门")
    kind = Choice("类别", choices=Kind)
    value = Line("号码或网址", max_length=200, help_text="文件里写明的才填。例：12333")

    class Meta(Cited.Meta):
        ordering = ["department", "kind"]
        verbose_name = verbose_name_plural = "联系方式"
        constraints = [
            *Cited.Meta.constraints,
            models.UniqueConstraint(
                fields=["department", "kind"],
                name="contact_once_per_kind",
                violation_error_message="这个部门已有这一类联系方式。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department}：{self.value}"
