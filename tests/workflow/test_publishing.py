"""Publishing: the faults that prevent it, the seal, and the verification of sealed editions."""

import hashlib
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError

from catalogue.audit.log import AuditContext
from catalogue.models import Citation, Edition, Entry, FieldVerification
from catalogue.workflow import publishing
from services.models import Department, Region
from services.sources import Source
from tests.conftest import FIXTURES, PUBLISHED_AT
from tests.support.entries import make_entry
from tests.support.triggers import without_seal_triggers


@pytest.mark.parametrize("slug", ["2021", "2023", "2026"])
def test_a_loaded_edition_has_the_digest_in_its_file(db, slug):
    edition = Edition.objects.get(slug=slug)
    digest_in_file = json.loads((FIXTURES / "editions" / f"{slug}.json").read_text())["edition"]["digest"]

    assert edition.digest == digest_in_file == hashlib.sha256(publishing.sealed_bytes(edition)).hexdigest()


def test_the_content_of_an_edition_is_canonical_json(db):
    content = publishing.sealed_bytes(Edition.objects.get(slug="2026")).decode()

    assert content == json.dumps(json.loads(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_the_content_has_the_digest_of_the_previous_edition_and_no_publication_time(db):
    edition = Edition.objects.get(slug="2026")

    header = json.loads(publishing.sealed_bytes(edition))["edition"]

    assert header["previous"] == {"slug": "2023", "digest": edition.previous.digest}
    assert "published_at" not in header


def test_the_digest_does_not_depend_on_the_publication_time(empty_catalogue, make_edition):
    first = make_edition("same").digest
    with without_seal_triggers():
        Edition.objects.all().delete()

    assert make_edition("same", at=PUBLISHED_AT.replace(year=2027)).digest == first


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda entry: entry.citations.filter(field="name").delete(), "没有来源"),
        (lambda entry: entry.field_verifications.filter(field="name").delete(), "没有核实情况"),
        (lambda entry: Entry.objects.filter(pk=entry.pk).update(content="新内容"), "没有来源"),
        (lambda entry: Entry.objects.filter(pk=entry.pk).update(number=2), "不是从 1 起连续"),
        (lambda entry: Source.objects.filter(code="seed-plan").update(citable_from="2030-01-01"), "方可引用"),
        (lambda entry: entry.delete(), "没有条目"),
    ],
)
def test_an_edition_with_a_fault_is_not_published(make_edition, spoil, reason):
    draft = make_edition("draft", at=None)
    spoil(draft.entries.get())

    with pytest.raises(publishing.NotPublishableError, match=reason):
        publishing.publish(draft, context=AuditContext(at=PUBLISHED_AT), from_fixtures=True)

    draft.refresh_from_db()
    assert not draft.is_published
    assert not draft.entries.filter(canonical_json__isnull=False).exists()


def test_all_faults_are_listed_and_not_only_the_first(make_edition):
    draft = make_edition("draft", entries=[make_entry(), make_entry("NM-05-02", number=2)], at=None)
    Citation.objects.filter(entry__edition=draft).delete()

    with pytest.raises(publishing.NotPublishableError) as refusal:
        publishing.publish(draft, context=AuditContext(at=PUBLISHED_AT), from_fixtures=True)

    assert {(fault.service, fault.field) for fault in refusal.value.faults} == {
        ("NM-05-01", "name"),
        ("NM-05-01", "domain"),
        ("NM-05-02", "name"),
        ("NM-05-02", "domain"),
    }


def test_a_published_edition_is_not_published_again(make_edition):
    edition = make_edition("once")

    with pytest.raises(publishing.NotPublishableError, match="已经发布"):
        publishing.publish(edition, context=AuditContext(at=PUBLISHED_AT.replace(year=2027)), from_fixtures=True)

    edition.refresh_from_db()
    assert edition.published_at == PUBLISHED_AT


def test_an_edition_without_its_previous_edition_is_not_published(make_edition):
    draft = make_edition("draft", at=None)
    Edition.objects.filter(pk=draft.pk).update(previous=None)

    with pytest.raises(publishing.NotPublishableError, match="没有写明上一版本"):
        publishing.publish(draft, context=AuditContext(at=PUBLISHED_AT), from_fixtures=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: Entry.objects.filter(pk=entry.pk).update(standard="每人每月9999元。"),
        lambda entry: Entry.objects.filter(pk=entry.pk).update(note="改"),
        lambda entry: Entry.objects.filter(pk=entry.pk).update(canonical_json=entry.canonical_json.replace("免", "收")),
        lambda entry: Entry.objects.filter(pk=entry.pk).update(canonical_json=None),
        lambda entry: FieldVerification.objects.filter(entry=entry, field="lead_department").update(
            verification="verbatim"
        ),
        lambda entry: FieldVerification.objects.filter(entry=entry, field="standard").update(basis="editorial"),
        lambda entry: Citation.objects.filter(entry=entry, position=1).update(locator="表3"),
        lambda entry: Citation.objects.filter(entry=entry, position=2).delete(),
        lambda entry: entry.co_departments.add(Department.objects.get(code="sports")),
        lambda entry: entry.legal_basis.clear(),
        lambda entry: Department.objects.filter(pk=entry.lead_department_id).update(name="改名的部门"),
        lambda entry: Source.objects.filter(code="law-vaccine").update(citable_from="2030-01-01"),
        lambda entry: Edition.objects.filter(pk=entry.edition_id).update(note="改"),
        lambda entry: Edition.objects.filter(pk=entry.edition_id).update(canonical_json="{}"),
        lambda entry: Region.objects.update(name="改名的自治区"),
        lambda entry: Edition.objects.filter(pk=entry.edition_id).update(digest="0" * 64),
    ],
)
def test_a_direct_change_of_the_database_is_detected(published_entry, change):
    with without_seal_triggers():
        change(published_entry)

    assert publishing.verify_edition(Edition.objects.get(slug="2026"))


def test_the_verify_command_names_a_changed_edition(published_entry):
    with without_seal_triggers():
        Entry.objects.filter(pk=published_entry.pk).update(standard="每人每月9999元。")

    with pytest.raises(CommandError, match=f"版本 2026，{published_entry.service.code}：数据与封存内容不符"):
        call_command("verify")


def test_unchanged_editions_verify(db, capsys):
    assert [publishing.verify_edition(edition) for edition in Edition.objects.all()] == [[], [], []]

    call_command("verify")

    assert capsys.readouterr().out.count("与封存时一致") == 3


def test_an_edition_effective_before_its_previous_edition_is_not_published(make_edition):
    draft = make_edition("draft", at=None)
    Edition.objects.filter(pk=draft.pk).update(effective_from="2026-10-31")

    with pytest.raises(publishing.NotPublishableError, match="施行日期早于上一版本"):
        publishing.publish(draft, context=AuditContext(at=PUBLISHED_AT), from_fixtures=True)


def test_an_edition_may_be_effective_on_the_day_of_its_previous_edition(make_edition):
    draft = make_edition("draft", at=None)
    Edition.objects.filter(pk=draft.pk).update(effective_from=draft.previous.effective_from)

    assert publishing.publish(draft, context=AuditContext(at=PUBLISHED_AT), from_fixtures=True).is_published


def test_an_edition_that_follows_a_draft_is_not_published(make_edition):
    first, second = make_edition("first", at=None), make_edition("second", at=None)
    Edition.objects.filter(pk=second.pk).update(previous=first)

    with pytest.raises(publishing.NotPublishableError, match="上一版本 first 尚未发布"):
        publishing.publish(second, context=AuditContext(at=PUBLISHED_AT), from_fixtures=True)


def test_a_failed_publication_writes_nothing(make_edition):
    draft = make_edition("draft", at=None)

    # Without a time the database refuses the edition row, after the entries were written.
    with pytest.raises(IntegrityError):
        publishing.publish(draft, context=AuditContext(at=None), from_fixtures=True)

    assert not Edition.objects.get(pk=draft.pk).is_published
    assert not draft.entries.filter(canonical_json__isnull=False).exists()


def test_renaming_a_region_does_not_change_the_sealed_bytes(db):
    before = publishing.sealed_bytes(Edition.objects.get(slug="2026"))

    Region.objects.update(name="改名的自治区")

    assert publishing.sealed_bytes(Edition.objects.get(slug="2026")) == before
