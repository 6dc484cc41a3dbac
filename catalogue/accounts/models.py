"""Membership of accounts in departments."""

from django.conf import settings
from django.db import models

from services.models import Department


class Membership(models.Model):
    """The membership of an account in a department (所属部门): editors see and change its services and no others."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name="账号")
    department = models.ForeignKey(
        Department,
        models.PROTECT,
        related_name="memberships",
        verbose_name="部门",
        help_text="编辑只看得到、改得了所属部门牵头的服务项目。例：自治区民政厅",
    )

    class Meta:
        ordering = ["user", "department"]
        verbose_name = verbose_name_plural = "所属部门"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "department"],
                name="membership_once",
                violation_error_message="这个账号已经属于该部门。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}：{self.department}"
