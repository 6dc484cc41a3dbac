"""Dates of the desk: fields that read them as people write them and show them in ISO 8601, and deadlines in words."""

import datetime

from django import forms
from django.contrib.admin.widgets import AdminDateWidget

from services.fields import VisibleCharField
from services.text import dates

MAX_TYPED = 30


class _WrittenMixin:
    """Reads 2027年1月1日, 2027/1/1, 2027.1.1 and full-width digits, and shows what was typed as it was read."""

    def bound_data(self, data, initial):
        return dates.iso(data) if isinstance(data, str) else super().bound_data(data, initial)

    def to_python(self, value):
        if isinstance(value, str) and value.strip():
            value = dates.iso(value)
            if dates.WRITTEN.fullmatch(value) and not dates.exists(value):
                raise forms.ValidationError(f"没有 {value} 这个日期。", code="invalid")
        return super().to_python(value)


class DayField(_WrittenMixin, forms.DateField):
    """A day."""

    widget = AdminDateWidget(format="%Y-%m-%d")
    default_error_messages = {"invalid": "请写年月日。例：2027-01-01、2027年1月1日"}

    def __init__(self, **kwargs):
        super().__init__(**{"input_formats": ["%Y-%m-%d"]} | kwargs)


class PartialDateField(_WrittenMixin, VisibleCharField):
    """A day, a month or a year, as far as it is known."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs | {"max_length": MAX_TYPED, "empty_value": None})


def time_left(deadline: datetime.date, today: datetime.date) -> str:
    """Return the working days until a deadline, or since it, in words."""
    if today > deadline:
        return f"已过 {max(1, dates.working_days_between(deadline, today))} 个工作日"
    return f"还有 {dates.working_days_between(today, deadline)} 个工作日" if today < deadline else "今天到期"
