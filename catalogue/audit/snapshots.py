"""Keeping terms and accounts: what one says of itself, and the record of how that changed.

A term (词条) is a row of a vocabulary, an account or a role: whatever the list rests on and no edition contains.
"""

import datetime
from collections.abc import Mapping
from decimal import Decimal

from django.contrib.auth.models import Group, Permission, User
from django.db import models

from catalogue.audit import log
from catalogue.audit.models import Event
from services.models import Box, Domain, Synonym

# Rows that are kept on another one's page, and are part of what it says.
PARTS = {Domain: ["tasks"], Box: ["projects"], Synonym: ["meanings"], User: ["memberships"]}
# Secrets, and what nobody decides on.
UNSAID = {User: {"password", "last_login", "date_joined"}}


def name_of(row: models.Model) -> str:
    """Return what a row is called outside the database."""
    if isinstance(row, User):
        return row.get_username()
    if isinstance(row, Permission):
        return row.codename
    if isinstance(row, Synonym):
        return row.word
    return row.name if isinstance(row, Group) else row.code


def term(row: models.Model) -> str:
    """Return what a row is called in the record: its kind and its name, as ``department/finance``."""
    return f"{row._meta.model_name}/{name_of(row)}"


def described(row: models.Model, *, without: str | None = None) -> dict:
    """Return what a row says of itself as JSON values: codes in place of other rows, its parts among it.

    ``without`` is a field to leave out: of a part, the way to its whole.
    """
    left_out = {without, row._meta.pk.name} | UNSAID.get(type(row), set())
    said = {
        field.name: _plain(getattr(row, field.name))
        for field in row._meta.concrete_fields
        if field.name not in left_out
    }
    for field in row._meta.many_to_many:
        said[field.name] = sorted(name_of(other) for other in getattr(row, field.name).all())
    for part in PARTS.get(type(row), ()):
        relation = row._meta.get_field(part)
        said[part] = [described(each, without=relation.field.name) for each in getattr(row, part).all()]
    return said


def record(row: models.Model, *, before: Mapping | None, act: log.Act) -> None:
    """Record what a row says now and did not before, one event a field; ``before`` None is a new one.

    Inside the transaction that saved it.
    """
    after, about = described(row), {"term": term(row)}
    if before is None:
        log.append(act, [about | {"verb": Event.Verb.CREATED, "after": after}])
        return
    log.append(
        act,
        [
            about | {"verb": Event.Verb.REVISED, "field": field, "before": before[field], "after": after[field]}
            for field in after
            if before[field] != after[field]
        ],
    )


def record_deleted(row: models.Model, *, act: log.Act) -> None:
    """Record that a row is about to be deleted, with what it said."""
    log.append(act, [{"verb": Event.Verb.DELETED, "term": term(row), "before": described(row)}])


def record_password(user: User, *, act: log.Act) -> None:
    """Record that an account's password was changed, and nothing of either."""
    log.append(act, [{"verb": Event.Verb.REVISED, "term": term(user), "field": "password"}])


def _plain(value: object) -> object:
    if isinstance(value, models.Model):
        return name_of(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
