"""Departments that are renamed or merged, for tests."""

from services.models import Department
from services.sources import Source

NEW_NAME, NEW_SHORT = "内蒙古自治区卫生健康局", "自治区卫生健康局"
CLAUSE = {
    "replaced_locator": "第二条",
    "replaced_quote": f"内蒙古自治区卫生健康委员会更名为{NEW_NAME}（{NEW_SHORT}）。",
    "replaced_verification": "verbatim",
}


def department(code: str) -> Department:
    return Department.objects.get(code=code)


def make_department(code: str = "new-health", name: str = NEW_NAME, short_name: str | None = NEW_SHORT) -> Department:
    return Department.objects.create(
        code=code, name=name, short_name=short_name, level="autonomous-region", kind="government-department",
        source=Source.objects.get(code="seed-plan"), verification="unverified",
    )  # fmt: skip


def replace(old: str, new: str, day: str) -> Department:
    """Let one department (its code) take the place of another from a day; return the old one."""
    row = department(old)
    row.replaced_by, row.replaced_from = department(new), day
    row.replaced_source = Source.objects.get(code="seed-plan")
    for name, value in CLAUSE.items():
        setattr(row, name, value)
    row.save()
    row.refresh_from_db()
    return row
