"""The audit log: what is recorded, that the chain is intact, and that any change of it is detected."""

import datetime
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction

from catalogue.audit import log
from catalogue.audit.log import AuditContext
from catalogue.editions import drafts
from catalogue.models import Event
from catalogue.workflow import publishing
from tests.conftest import PUBLISHED_AT, make_user
from tests.support.entries import make_citation, make_entry
from tests.support.triggers import MIGRATION, without_triggers


@pytest.fixture
def act(db) -> AuditContext:
    """The context of a named editor, with every field of an ``AuditContext``."""
    return AuditContext(
        at=PUBLISHED_AT,
        user=make_user("wang"),
        role="编辑",
        department="civil-affairs",
        reason="标准调整",
        document_number="内民政发〔2026〕1号",
        request_id="request-1",
    )


def newest(count: int) -> list[Event]:
    return list(Event.objects.order_by("-number")[:count])[::-1]


def test_a_new_entry_is_recorded_with_all_its_values(make_edition):
    make_edition("draft", at=None)

    event = Event.objects.last()

    assert (event.verb, event.edition, event.service) == ("created", "draft", "NM-05-01")
    assert json.loads(event.after) == make_entry()


def test_every_changed_field_is_an_event_with_its_values_and_context(make_edition, terms, act):
    draft = make_edition("draft", at=None)
    revised = make_entry(content="健康体检", note="改过")
    revised["verification"] |= {"content": "verbatim"}
    revised["basis"] |= {"content": "plan"}
    revised["citations"].append(make_citation("content", quote="健康体检"))
    count = Event.objects.count()

    drafts.save_entry(draft, revised, terms=terms, context=act)

    events = {event.field: event for event in newest(Event.objects.count() - count)}
    assert set(events) == {"content", "note", "verification", "basis", "citations"}
    content = events["content"]
    assert (content.before, content.after) == (None, '"健康体检"')
    assert (content.verb, content.edition, content.service) == ("revised", "draft", "NM-05-01")
    assert (content.at, content.actor, content.role, content.department) == (
        PUBLISHED_AT,
        "wang",
        "编辑",
        "civil-affairs",
    )
    assert (content.reason, content.document_number, content.request_id) == (
        "标准调整",
        "内民政发〔2026〕1号",
        "request-1",
    )


def test_saving_the_same_values_again_records_nothing(make_edition, terms, act):
    draft = make_edition("draft", at=None)
    count = Event.objects.count()

    drafts.save_entry(draft, make_entry(), terms=terms, context=act)

    assert Event.objects.count() == count


def test_a_refused_change_is_not_recorded(make_edition, terms, act):
    draft = make_edition("draft", at=None)
    count = Event.objects.count()

    with pytest.raises(drafts.DraftError):
        drafts.save_entry(draft, make_entry(content="没有来源"), terms=terms, context=act)

    assert Event.objects.count() == count


def test_a_publication_is_recorded_with_its_public_changes(make_edition, act):
    draft = make_edition("small", at=None)
    count = Event.objects.count()

    publishing.publish(draft, context=act, from_fixtures=True)

    events = newest(Event.objects.count() - count)
    assert [event.verb for event in events[:2]] == ["published", "service-changed"]
    assert {event.verb for event in events[2:]} == {"service-withdrawn"}
    assert len(events) == 1 + 81


def test_the_log_of_the_committed_editions_is_a_chain_without_gaps(db):
    events = list(Event.objects.all())

    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert [event.previous_digest for event in events] == [None, *(event.digest for event in events[:-1])]
    assert log.verify_chain() == []


def test_the_orm_cannot_rewrite_the_audit_log(db):
    event = Event.objects.first()
    event.reason = "rewritten"

    for rewrite in (event.save, event.delete, lambda: Event.objects.update(reason="rewritten")):
        with pytest.raises(IntegrityError, match="record"), transaction.atomic():
            rewrite()


FLIPS = {
    "term": "department/finance",
    "at": PUBLISHED_AT + datetime.timedelta(seconds=1),
    "actor": "li",
    "role": "审批",
    "department": "finance",
    "verb": "deleted",
    "edition": "1999",
    "service": "NM-99-99",
    "proposal": 7,
    "field": "note",
    "before": '"x"',
    "after": '"x"',
    "reason": "x",
    "document_number": "x",
    "request_id": "x",
    "digest": "0" * 64,
    "previous_digest": "0" * 64,
    "number": 10_000,
}


def test_flips_cover_every_column_of_an_event():
    assert set(FLIPS) == {field.name for field in Event._meta.fields} - {"id"}


@pytest.mark.parametrize("column", FLIPS)
@pytest.mark.parametrize("place", [2, 200, "last"])
def test_any_flipped_column_of_an_event_is_detected(db, column, place):
    number = Event.objects.last().number if place == "last" else place
    with without_triggers(MIGRATION.audit_log):
        flipped = Event.objects.filter(number=number).exclude(**{column: FLIPS[column]})
        assert flipped.update(**{column: FLIPS[column]}) == 1

    assert log.verify_chain()


def test_the_verify_command_reports_a_changed_event(db):
    with without_triggers(MIGRATION.audit_log):
        Event.objects.filter(number=2).update(reason="x")

    with pytest.raises(CommandError, match="记录第 2 条：内容与摘要不符"):
        call_command("verify")


def test_a_missing_event_is_detected(db):
    with without_triggers(MIGRATION.audit_log):
        Event.objects.filter(number=100).delete()

    assert "记录：第 100 条缺失。" in log.verify_chain()


def test_the_database_refuses_a_fork_of_the_log(db):
    last = Event.objects.last()
    twin = Event(
        number=last.number + 2, at=PUBLISHED_AT, verb="created", previous_digest=last.previous_digest, digest="0" * 64
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)
