"""Text fields for models: unknown is NULL, never an empty string, and U+0000 is refused, on both databases.

CHECK constraints refuse in the database what the field refuses, so that raw SQL cannot store it either. The meaning of
a value belongs to the models.
"""

import json
import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator, RegexValidator
from django.db import models

from services.eligibility import rules
from services.text.characters import HIDDEN, fold_radicals, is_blank
from services.values import amounts, shares

# Anchored with \A and \Z, which mean the same in Python and PostgreSQL; Python's "$" also accepts a trailing newline.
SLUG = r"\A[a-z0-9]+(-[a-z0-9]+)*\Z"
DIGEST = r"\A[0-9a-f]{64}\Z"


def validate_no_nul(value: object) -> None:
    """Raise ValidationError for a JSON value that contains U+0000 anywhere: PostgreSQL cannot store it."""
    if "\\u0000" in json.dumps(value):
        raise ValidationError("不允许空字符（U+0000）。")


def validate_visible(value: str) -> None:
    """Raise ValidationError for a hidden character, as an import does, and for a text of nothing but blanks."""
    if hidden := HIDDEN.search(value):
        raise ValidationError(
            "含有看不见的字符 U+%(code)s，请删去后重新输入。", params={"code": f"{ord(hidden[0]):04X}"}
        )
    if value and is_blank(value):
        raise ValidationError("不能只有空格或看不见的字符。")


def validate_word(value: str) -> None:
    """Raise ValidationError for outer blanks, full-width letters or mere punctuation, which a search ignores."""
    if value != value.strip():
        raise ValidationError("前后不能有空格。")
    if value != (normalised := unicodedata.normalize("NFKC", value)):
        raise ValidationError("请用半角的字母和数字，写作“%(plain)s”。", params={"plain": normalised})
    if not any(character.isalnum() for character in value):
        raise ValidationError("至少要有一个汉字、字母或数字。")


def validate_rule(value: object) -> None:
    """Raise ValidationError with all faults of an entry's ``eligibility``."""
    if messages := rules.faults(value):
        raise ValidationError(messages)


def validate_amounts(value: object) -> None:
    """Raise ValidationError if a value is no list of amounts (``services.values.amounts.faults()``)."""
    if messages := amounts.faults(value):
        raise ValidationError(messages)


def validate_shares(value: object) -> None:
    """Raise ValidationError if a value is no list of shares (``services.values.shares.faults()``)."""
    if messages := shares.faults(value):
        raise ValidationError(messages)


class AmountsField(models.JSONField):
    """The figures of a standard as a JSON list; an empty list if there are none."""

    default_validators = [validate_amounts]
    empty_values = [None]


class SharesField(models.JSONField):
    """Who pays, as a JSON list of shares; an empty list if no clause gives any."""

    default_validators = [validate_shares]
    empty_values = [None]


class RuleField(models.JSONField):
    """The eligibility rule of an entry as JSON; None if none is stated."""

    default_validators = [validate_rule]
    # Only None is empty: an empty object is an invalid rule.
    empty_values = [None]


class VisibleCharField(forms.CharField):
    """A form field that reads radicals copied out of a PDF as the characters they look like."""

    def to_python(self, value: object) -> object:
        return super().to_python(fold_radicals(value) if isinstance(value, str) else value)


class _CheckedMixin:
    """A text field with a CHECK constraint in the definition of its column, without characters that cannot be seen."""

    default_validators = [ProhibitNullCharactersValidator(), validate_visible]

    def formfield(self, **kwargs) -> forms.Field | None:
        return super().formfield(**{"form_class": VisibleCharField} | kwargs)

    def db_check(self, connection) -> str:
        column = connection.ops.quote_name(self.column)
        checks = [f"{column} <> ''"]
        # PostgreSQL cannot store U+0000 in text; SQLite can, but many of its functions then truncate the value.
        if connection.vendor == "sqlite":
            checks.append(f"instr({column}, char(0)) = 0")
        return " AND ".join(checks)


class Text(_CheckedMixin, models.TextField):
    """Text of any length, in paragraphs."""


class Line(_CheckedMixin, models.CharField):
    """Text of one line."""


class Code(Line):
    """A permanent identifier that matches ``pattern``, a regular expression that means the same in both databases."""

    def __init__(self, *args, pattern: str, **kwargs):
        self.pattern = pattern
        kwargs.setdefault("max_length", 64)
        kwargs["validators"] = [RegexValidator(pattern, "格式不符，请按示例填写。")]
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        kwargs["pattern"] = self.pattern
        # __init__ creates the validator from the pattern.
        kwargs.pop("validators", None)
        return name, path, args, kwargs

    def db_check(self, connection) -> str:
        operator = "~" if connection.vendor == "postgresql" else "REGEXP"
        column = connection.ops.quote_name(self.column)
        # The schema editor would take "%" for a placeholder; no pattern contains one.
        return f"{super().db_check(connection)} AND {column} {operator} '{self.pattern}'"


class Choice(Line):
    """One of the values of ``choices``; the database refuses any other."""

    # Unlike Django's own fields, this one has a CHECK on its choices, so a new choice needs a migration.
    non_db_attrs = tuple(name for name in models.CharField.non_db_attrs if name != "choices")

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_length", 40)
        super().__init__(*args, **kwargs)

    def db_check(self, connection) -> str:
        values = ", ".join(f"'{value}'" for value, _ in self.flatchoices)
        return f"{connection.ops.quote_name(self.column)} IN ({values})"
