"""Snapshots of terms and accounts, and the events that record their changes.

A term (词条) is a row of a vocabulary, an account or a role: data that the list uses and no edition contains.
"""

import datetime
from collections.abc import Mapping
from decimal import Decimal

from django.contrib.auth.models import Group, Permission, User
from django.db import models

from catalogue.audit import log
from catalogue.audit.models import Event
from services.models import Department, Domain, ProjectGroup, Region, Service, Synonym, Topic

# Relations whose rows are edited on the page of their parent, and are part of its snapshot.
CHILDREN = {
    Department: ["contacts", "identifiers"],
    Domain: ["tasks"],
    ProjectGroup: ["projects"],
    Region: ["identifiers"],
    Service: ["identifiers"],
    Synonym: ["targets"],
    Topic: ["links"],
    User: ["memberships"],
}
# The audit log keeps the names that these fields had when it began.
RECORDED_AS = {"targets": "meanings", "citable_from": "counts_from"}
# Secrets, and timestamps set by Django.
NOT_AUDITED = {User: {"password", "last_login", "date_joined"}}


def display_name(row: models.Model) -> str:
    """Return the name of a row outside the database: its code, word, user name or codename."""
    if isinstance(row, User):
        return row.get_username()
    if isinstance(row, Permission):
        return row.codename
    if isinstance(row, Synonym):
        return row.word
    return row.name if isinstance(row, Group) else row.code


def term_reference(row: models.Model) -> str:
    """Return the reference to a row in the audit log: model and name, as ``department/finance``."""
    return f"{row._meta.model_name}/{display_name(row)}"


def snapshot(row: models.Model, *, without: str | None = None) -> dict:
    """Return the fields of a row as JSON values: codes in place of other rows, with its child rows.

    ``without`` is a field to leave out: the foreign key of a child row to its parent.
    """
    excluded = {without, row._meta.pk.name} | NOT_AUDITED.get(type(row), set())
    values = {
        RECORDED_AS.get(field.name, field.name): _json_value(getattr(row, field.name))
        for field in row._meta.concrete_fields
        if field.name not in excluded
    }
    for field in row._meta.many_to_many:
        values[field.name] = sorted(display_name(other) for other in getattr(row, field.name).all())
    for child in CHILDREN.get(type(row), ()):
        relation = row._meta.get_field(child)
        values[RECORDED_AS.get(child, child)] = [
            snapshot(child_row, without=relation.field.name) for child_row in getattr(row, child).all()
        ]
    return values


def record_change(row: models.Model, *, before: Mapping | None, context: log.AuditContext) -> None:
    """Record the changes of a row since its snapshot ``before``, one event per field; None means a new row.

    Call it inside the transaction that saved the row.
    """
    after, subject = snapshot(row), {"term": term_reference(row)}
    if before is None:
        log.append(context, [subject | {"verb": Event.Verb.CREATED, "after": after}])
        return
    log.append(
        context,
        [
            subject | {"verb": Event.Verb.REVISED, "field": field, "before": before[field], "after": after[field]}
            for field in after
            if before[field] != after[field]
        ],
    )


def record_deleted(row: models.Model, *, context: log.AuditContext) -> None:
    """Record the deletion of a row with its snapshot. Call it before the row is deleted."""
    log.append(context, [{"verb": Event.Verb.DELETED, "term": term_reference(row), "before": snapshot(row)}])


def record_password(user: User, *, context: log.AuditContext) -> None:
    """Record that an account's password was changed, without the old or the new one."""
    log.append(context, [{"verb": Event.Verb.REVISED, "term": term_reference(user), "field": "password"}])


def _json_value(value: object) -> object:
    if isinstance(value, models.Model):
        return display_name(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
