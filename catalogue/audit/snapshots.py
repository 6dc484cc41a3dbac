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
from services.models import Domain, ProjectGroup, Synonym

# Rows that are kept on another one's page, and are part of what it says.
CHILDREN = {Domain: ["tasks"], ProjectGroup: ["projects"], Synonym: ["targets"], User: ["memberships"]}
# The audit log keeps the names that these fields had when it began.
RECORDED_AS = {"targets": "meanings", "citable_from": "counts_from"}
# Secrets, and timestamps set by Django.
NOT_AUDITED = {User: {"password", "last_login", "date_joined"}}


def display_name(row: models.Model) -> str:
    """Return what a row is called outside the database."""
    if isinstance(row, User):
        return row.get_username()
    if isinstance(row, Permission):
        return row.codename
    if isinstance(row, Synonym):
        return row.word
    return row.name if isinstance(row, Group) else row.code


def term_reference(row: models.Model) -> str:
    """Return what a row is called in the record: its kind and its name, as ``department/finance``."""
    return f"{row._meta.model_name}/{display_name(row)}"


def snapshot(row: models.Model, *, without: str | None = None) -> dict:
    """Return what a row says of itself as JSON values: codes in place of other rows, its parts among it.

    ``without`` is a field to leave out: of a part, the way to its whole.
    """
    left_out = {without, row._meta.pk.name} | NOT_AUDITED.get(type(row), set())
    values = {
        RECORDED_AS.get(field.name, field.name): _json_value(getattr(row, field.name))
        for field in row._meta.concrete_fields
        if field.name not in left_out
    }
    for field in row._meta.many_to_many:
        values[field.name] = sorted(display_name(other) for other in getattr(row, field.name).all())
    for part in CHILDREN.get(type(row), ()):
        relation = row._meta.get_field(part)
        values[RECORDED_AS.get(part, part)] = [
            snapshot(each, without=relation.field.name) for each in getattr(row, part).all()
        ]
    return values


def record_change(row: models.Model, *, before: Mapping | None, context: log.AuditContext) -> None:
    """Record what a row says now and did not before, one event a field; ``before`` None is a new one.

    Inside the transaction that saved it.
    """
    after, about = snapshot(row), {"term": term_reference(row)}
    if before is None:
        log.append(context, [about | {"verb": Event.Verb.CREATED, "after": after}])
        return
    log.append(
        context,
        [
            about | {"verb": Event.Verb.REVISED, "field": field, "before": before[field], "after": after[field]}
            for field in after
            if before[field] != after[field]
        ],
    )


def record_deleted(row: models.Model, *, context: log.AuditContext) -> None:
    """Record that a row is about to be deleted, with what it said."""
    log.append(context, [{"verb": Event.Verb.DELETED, "term": term_reference(row), "before": snapshot(row)}])


def record_password(user: User, *, context: log.AuditContext) -> None:
    """Record that an account's password was changed, and nothing of either."""
    log.append(context, [{"verb": Event.Verb.REVISED, "term": term_reference(user), "field": "password"}])


def _json_value(value: object) -> object:
    if isinstance(value, models.Model):
        return display_name(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
