"""The text columns of the catalogue: unknown is NULL, never an empty string, and no NUL, on both databases.

The database itself refuses what the field refuses, so that raw SQL cannot store it either. Keeps out what a
value means: that is the models'.
"""

import json
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator, RegexValidator
from django.db import models

from services.eligibility import rules

# Anchored with \A and \Z, which Python and PostgreSQL read alike; Python's "$" also lets a trailing newline by.
SLUG = r"\A[a-z0-9]+(-[a-z0-9]+)*\Z"
DIGEST = r"\A[0-9a-f]{64}\Z"


def validate_no_nul(value: object) -> None:
    """Raise ValidationError for a JSON value that holds U+0000 anywhere: PostgreSQL cannot store it."""
    if "\\u0000" in json.dumps(value):
        raise ValidationError("不允许空字符（U+0000）。")


def validate_word(value: str) -> None:
    """Raise ValidationError for a word that a search could not tell from another: blanks, full-width letters, signs."""
    if value != value.strip():
        raise ValidationError("前后不能有空格。")
    if value != (plain := unicodedata.normalize("NFKC", value)):
        raise ValidationError("请用半角的字母和数字，写作“%(plain)s”。", params={"plain": plain})
    if not any(character.isalnum() for character in value):
        raise ValidationError("至少要有一个汉字、字母或数字。")


def validate_rule(value: object) -> None:
    """Raise ValidationError with everything that is wrong with an entry's ``eligibility``."""
    if found := rules.faults(value):
        raise ValidationError(found)


class RuleField(models.JSONField):
    """Whom a service is for, as data: the ``eligibility`` of an entry; None where nobody has stated it."""

    default_validators = [validate_rule]
    # An empty object is no rule; only None says nothing.
    empty_values = [None]


class _CheckedMixin:
    """A text column with a CHECK of its own, written into the column's definition."""

    default_validators = [ProhibitNullCharactersValidator()]

    def db_check(self, connection) -> str:
        column = connection.ops.quote_name(self.column)
        checks = [f"{column} <> ''"]
        # PostgreSQL cannot store U+0000 in text at all; SQLite can, and then cuts the value off in many places.
        if connection.vendor == "sqlite":
            checks.append(f"instr({column}, char(0)) = 0")
        return " AND ".join(checks)


class Text(_CheckedMixin, models.TextField):
    """Text of any length, in paragraphs."""


class Line(_CheckedMixin, models.CharField):
    """Text of one line."""


class Code(Line):
    """A permanent identifier of the form ``pattern`` (a regular expression that both databases read alike)."""

    def __init__(self, *args, pattern: str, **kwargs):
        self.pattern = pattern
        kwargs.setdefault("max_length", 64)
        kwargs["validators"] = [RegexValidator(pattern, "格式不符，请按示例填写。")]
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        kwargs["pattern"] = self.pattern
        # __init__ makes it from the pattern.
        kwargs.pop("validators", None)
        return name, path, args, kwargs

    def db_check(self, connection) -> str:
        operator = "~" if connection.vendor == "postgresql" else "REGEXP"
        column = connection.ops.quote_name(self.column)
        # "%" would be read as a placeholder by the schema editor; no pattern of ours needs one.
        return f"{super().db_check(connection)} AND {column} {operator} '{self.pattern}'"


class Choice(Line):
    """One of a few values; the database refuses any other."""

    # Unlike Django's own columns, ours is checked by the database, so that a new choice is a change of its schema.
    non_db_attrs = tuple(name for name in models.CharField.non_db_attrs if name != "choices")

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_length", 40)
        super().__init__(*args, **kwargs)

    def db_check(self, connection) -> str:
        values = ", ".join(f"'{value}'" for value, _ in self.flatchoices)
        return f"{connection.ops.quote_name(self.column)} IN ({values})"
