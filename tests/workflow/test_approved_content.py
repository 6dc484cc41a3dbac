"""A draft that differs from the approved proposals is not published; each difference is a fault with both values."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalogue.editions import drafts
from catalogue.models import Approval, Citation, Edition, Entry, Event, FieldVerification, Proposal, ProposedEntry
from catalogue.workflow import proposals, publishing
from catalogue.workflow.checks import approved_content
from services.models import Department, Service, TargetGroup
from services.sources import Source
from tests.conftest import make_user
from tests.support.entries import (
    NEXT_YEAR,
    NOTE_CHANGE,
    PROPOSED_AT,
    STANDARD,
    addition,
    make_citation,
    make_entry,
    quoted_standard,
    standard_change,
    withdrawal,
)
from tests.workflow.test_publishing_faults import forge

pytestmark = pytest.mark.usefixtures("short_list")

OLD = "自治区平均标准"
RULE = {
    "universal": False,
    "machine_readable": True,
    "any": [{"all": [{"fact": "age", "op": "gte", "value": 65}]}],
    "reason": None,
}
CHANGED = {
    "service": "NM-05-01",
    "action": "change",
    "entry_data": {
        "eligibility": RULE,
        "target_groups": ["older-65-plus"],
        "lead_department": "health-commission",
        "co_departments": ["finance", "civil-affairs"],
        "legal_basis": ["law-elderly"],
        "note": "经批准的说明。",
        "verification": {
            "eligibility": "secondary", "target_groups": "secondary", "lead_department": "unverified",
            "co_departments": "unverified", "legal_basis": "verbatim",
        },
        "basis": {
            "eligibility": "plan", "target_groups": "plan", "lead_department": "editorial",
            "co_departments": "editorial", "legal_basis": "regulation",
        },
        "citations": [
            make_citation("eligibility", criterion=1), make_citation("eligibility", locator="表3"),
            make_citation("target_groups", quote="65岁及以上老年人"),
            make_citation("lead_department", quote=None, verification="unverified"),
            make_citation("co_departments", quote=None, verification="unverified"),
            make_citation("legal_basis", source="law-elderly"), make_citation("mention"),
        ],
    },
    "successors": [],
}  # fmt: skip


@pytest.fixture
def draft(make_proposal, act, next_edition) -> Edition:
    """A draft with a changed standard (1), an addition (2), a withdrawal (3) and a change of many fields (4)."""
    for entry, kind in ((standard_change(), "change"), (addition(), "add"), (withdrawal("NM-09-09"), "withdraw"),
                        (CHANGED, "change")):  # fmt: skip
        proposals.include_in_edition(make_proposal(entry, kind=kind, to="approved"), next_edition, context=act("root"))
    return next_edition


def entry_of(draft: Edition, code: str) -> Entry:
    return draft.entries.get(service__code=code)


def column(code: str, **values: object) -> Callable:
    return lambda draft: draft.entries.filter(service__code=code).update(**values)


def clause(code: str, field: str, **values: object) -> Callable:
    return lambda draft: Citation.objects.filter(
        pk=entry_of(draft, code).citations.filter(field=field).first().pk
    ).update(**values)


def finding(code: str, field: str, **values: object) -> Callable:
    return lambda draft: FieldVerification.objects.filter(entry=entry_of(draft, code), field=field).update(**values)


def listed(code: str, name: str, model: type, *codes: str) -> Callable:
    return lambda draft: getattr(entry_of(draft, code), name).set(model.objects.filter(code__in=codes))


def another_clause(draft: Edition) -> None:
    entry = entry_of(draft, "NM-01-07")
    Citation.objects.create(
        entry=entry, field="standard", position=99, source=Source.objects.get(code="law-elderly"), locator="夹带",
        verification="unverified",
    )  # fmt: skip


def reordered(draft: Edition) -> None:
    first, second = entry_of(draft, "NM-05-01").citations.filter(field="eligibility")
    Citation.objects.filter(pk=first.pk).update(position=second.position)
    Citation.objects.filter(pk=second.pk).update(position=first.position)


def reordered_across_fields(draft: Edition) -> None:
    entry_of(draft, "NM-05-01").citations.filter(field="mention").update(position=0)


def set_back(draft: Edition) -> None:
    previous_standard = Entry.objects.get(edition=draft.previous, service__code="NM-01-07").standard
    draft.entries.filter(service__code="NM-01-07").update(standard=previous_standard)


def put_back(draft: Edition) -> None:
    entry = Entry.objects.get(edition=draft.previous, service__code="NM-09-09")
    entry.pk, entry.edition, entry.canonical_json = None, draft, None
    entry.number = draft.entries.count() + 1
    entry.save()


def smuggled(draft: Edition) -> None:
    Entry.objects.create(
        edition=draft, service=Service.objects.create(code="NM-09-77"), number=draft.entries.count() + 1, name="夹带的",
        domain=entry_of(draft, "NM-01-07").domain,
    )  # fmt: skip


def swapped(draft: Edition) -> None:
    first, second = entry_of(draft, "NM-01-01"), entry_of(draft, "NM-01-02")
    for entry, number in ((first, 9000), (second, first.number), (first, second.number)):
        Entry.objects.filter(pk=entry.pk).update(number=number)


FAR = f"{'甲' * 300}乙{'丙' * 300}"
# The direct change of the database, the number of the violated proposal, the approved and the drafted value.
ALTERATIONS = {
    "a value replaced": (column("NM-01-07", standard="每人99999元。"), 1, STANDARD, "每人99999元。"),
    "the other column of its field": (column("NM-01-07", standard_as_of="2031"), 1, "2027", "2031"),
    "a change taken out again": (set_back, 1, STANDARD, OLD),
    "a quote": (clause("NM-01-07", "standard", quote="每人99999元"), 1, f"「{quoted_standard()}」", "「每人99999元」"),
    "a place in a document": (clause("NM-01-07", "standard", locator="第9条"), 1, "第1条", "第9条"),
    "a clause added": (another_clause, 1, f"「{quoted_standard()}」", "夹带"),
    "a clause removed": (
        lambda draft: entry_of(draft, "NM-05-01").citations.filter(field="legal_basis").delete(), 4, "表2", "未知",
    ),
    "a mention removed": (
        lambda draft: entry_of(draft, "NM-05-01").citations.filter(field="mention").delete(), 4, "相关表述", "未知",
    ),
    "clauses reordered": (reordered, 4, "第 1 个条件", "表3"),
    "clauses reordered across fields": (reordered_across_fields, 4, "名称", "相关表述"),
    "a criterion": (clause("NM-05-01", "eligibility", criterion=None), 4, "第 1 个条件", "表2"),
    "a label raised": (finding("NM-05-01", "target_groups", verification="verbatim"), 4, "转述", "原文核对"),
    "a basis": (finding("NM-01-07", "standard", basis="national-standard"), 1, "法规与政策", "国家标准"),
    "a rule": (
        column("NM-05-01", eligibility=RULE | {"any": [{"all": [{"fact": "age", "op": "gte", "value": 60}]}]}),
        4, "65周岁", "60周岁",
    ),
    "a note": (column("NM-05-01", note="夹带的说明。"), 4, "经批准的说明。", "夹带的说明。"),
    "target groups": (listed("NM-05-01", "target_groups", TargetGroup), 4, "65岁及以上老年人", "未知"),
    "the lead": (
        lambda draft: column("NM-05-01", lead_department=Department.objects.get(code="sports"))(draft),
        4, "卫生健康", "体育",
    ),
    "its alternatives": (listed("NM-05-01", "lead_department_alternatives", Department, "sports"), 4, "未知", "体育"),
    "who supports": (listed("NM-05-01", "co_departments", Department, "civil-affairs"), 4, "财政", "民政"),
    "the legal basis": (listed("NM-05-01", "legal_basis", Source), 4, "老年人", "未知"),
    "an addition's text": (column("NM-05-05", name="另一项服务"), 2, "基本殡葬服务", "另一项服务"),
    "an addition's note": (column("NM-05-05", note="夹带"), 2, "未知", "夹带"),
    "an addition deleted": (
        lambda draft: entry_of(draft, "NM-05-05").delete(), 2, "基本殡葬服务", "不在清单中",
    ),
    "a changed entry deleted": (lambda draft: entry_of(draft, "NM-01-07").delete(), 1, "生活保障", "不在清单中"),
    "a withdrawal put back": (put_back, 3, "不在清单中", "草稿中是"),
    # Fields that no proposal changes must equal the previous edition.
    "a field beside the changed one": (column("NM-01-07", content="夹带"), None, "上一版本是", "夹带"),
    "a label beside the changed one": (finding("NM-01-07", "name", basis="editorial"), None, "上一版本是", "编者判断"),
    "a service of no proposal": (column("NM-01-05", note="夹带"), None, "上一版本是", "夹带"),
    "an entry added": (smuggled, None, "不在清单中", "夹带的"),
    "an entry deleted": (lambda draft: entry_of(draft, "NM-02-01").delete(), None, "应是", "不在清单中"),
    "two numbers swapped": (swapped, None, "应是“1”", "草稿中是“2”"),
    "one character of many": (
        lambda draft: column("NM-05-01", note=FAR)(draft), 4, "经批准的说明。", f"“{'甲' * 200}…”",
    ),
}  # fmt: skip


@contextmanager
def undone() -> Iterator[None]:
    """Roll back all changes made inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_a_draft_altered_in_the_database_is_not_published(draft, act, subtests):
    for name, (alter, number, approved, drafted) in ALTERATIONS.items():
        pattern = f"与第 {number} 号建议批准的内容不同" if number else "没有经批准的调整建议|与经批准的增减不符"
        with subtests.test(name), undone():
            alter(draft)

            with pytest.raises(publishing.NotPublishableError, match=pattern) as refused:
                publishing.publish(draft, context=act("root"))

            reasons = [fault.reason for fault in refused.value.faults if fault.is_altered]
            assert any(approved in reason and drafted in reason for reason in reasons), reasons
            draft.refresh_from_db()
            assert draft.published_at is None
            assert not draft.entries.filter(canonical_json__isnull=False).exists()
            assert not Event.objects.filter(verb="published", edition=draft.slug).exists()


def test_a_long_value_is_cut_around_the_first_difference(make_proposal, act, next_edition):
    proposals.include_in_edition(
        make_proposal(NOTE_CHANGE | {"entry_data": {"note": FAR}}, to="approved"), next_edition, context=act("root")
    )  # fmt: skip
    next_edition.entries.filter(service__code="NM-01-07").update(note=FAR.replace("乙", "丁"))

    (fault,) = publishing.faults(next_edition, on=PROPOSED_AT.date())

    assert f"“…{'甲' * 20}乙{'丙' * 179}…”" in fault.reason
    assert f"“…{'甲' * 20}丁{'丙' * 179}…”" in fault.reason


def test_an_edition_effective_before_the_approved_day_is_not_published(draft, act):
    Edition.objects.filter(pk=draft.pk).update(effective_from=NEXT_YEAR - datetime.timedelta(days=1))

    with pytest.raises(publishing.NotPublishableError, match="早于第 1 号建议批准的施行日期 2027-01-01"):
        publishing.publish(draft, context=act("root"))


def decided_by(number: int, role: str) -> None:
    proposal = Proposal.objects.get(number=number)
    user = proposal.proposer if role == "proposer" else proposal.assessment.assessor
    Approval.objects.filter(proposal=proposal).update(approver=user)


# The change of the decision on the first proposal, and the fault.
DECISIONS = {
    "gone": (lambda: Approval.objects.filter(proposal__number=1).delete(), "第 1 号建议没有批准"),
    "by its proposer": (lambda: decided_by(1, "proposer"), "第 1 号建议由提出、修改或评估过它的人自己批准"),
    "by its assessor": (lambda: decided_by(1, "assessor"), "第 1 号建议由提出、修改或评估过它的人自己批准"),
    "in another state": (lambda: Proposal.objects.filter(number=1).update(state="published"), "第 1 号建议没有批准"),
    "of something else": (
        lambda: ProposedEntry.objects.filter(proposal__number=1).update(entry_data={"note": "换了"}),
        "与第 1 号建议批准的内容不同",
    ),
}


def test_a_forged_approval_is_refused(draft, act, subtests):
    for name, (change_decision, pattern) in DECISIONS.items():
        with subtests.test(name), undone():
            forge(change_decision)

            with pytest.raises(publishing.NotPublishableError, match=pattern):
                publishing.publish(draft, context=act("root"))


def test_a_proposal_in_an_edition_without_a_log_event_is_refused(make_proposal, act, next_edition):
    proposal = make_proposal(NOTE_CHANGE, to="approved")
    Proposal.objects.filter(pk=proposal.pk).update(edition=next_edition)
    next_edition.entries.filter(service__code="NM-01-07").update(note="只改说明")

    with pytest.raises(publishing.NotPublishableError, match="第 1 号建议编入版本没有记录"):
        publishing.publish(next_edition, context=act("root"))


# Drafts without differences

LOWER = standard_change(standard="每人每月2200元。")
UNKNOWN = {"service": "NM-01-07", "action": "change", "entry_data": {"standard": None, "standard_as_of": None},
           "successors": []}  # fmt: skip
BARE = {
    name: value for name, value in make_citation("standard", quote=quoted_standard()).items() if name != "jurisdiction"
}
HONEST = {
    "nothing": [],
    "a wide change": [("change", CHANGED)],
    "unsorted and repeated terms": [
        ("change", CHANGED
            | {"entry_data": CHANGED["entry_data"] | {"co_departments": ["sports", "finance", "sports"]}})
    ],
    "a clause without a jurisdiction, one of no criterion": [
        ("change", standard_change(citations=[BARE | {"criterion": None}]))
    ],
    "a basis without a label": [("change", standard_change(basis={"standard": "plan", "name_en": "plan"}))],
    "two on one service": [("change", standard_change()), ("change", NOTE_CHANGE)],
    "two on one field, the later lower": [("change", standard_change()), ("change", LOWER)],
    "a field that became unknown": [("change", UNKNOWN)],
    "changed, then withdrawn": [("change", standard_change()), ("withdraw", withdrawal("NM-01-07"))],
    "an addition and a withdrawal": [("add", addition()), ("withdraw", withdrawal("NM-09-09"))],
    "two additions to one domain": [("add", addition("NM-05-06")), ("add", addition("NM-05-05"))],
    "several in one": [("add", addition("NM-05-06"), addition("NM-05-05"), addition("NM-01-10", domain="NM-01"))],
    "a merger": [
        ("merge", withdrawal("NM-01-01", "NM-01-10"), withdrawal("NM-01-02", "NM-01-10"),
         addition("NM-01-10", domain="NM-01"))
    ],
    "a merger into one that stays": [
        ("merge", withdrawal("NM-01-06", "NM-01-07"), standard_change()),
    ],
    "a split": [
        ("split", withdrawal("NM-05-01", "NM-05-05", "NM-05-06"), addition("NM-05-05"), addition("NM-05-06"))
    ],
}  # fmt: skip


def approved_of(make_proposal, changes: list) -> list[Proposal]:
    return [make_proposal(*entries, kind=kind, to="approved") for kind, *entries in changes]


@pytest.mark.parametrize("name", HONEST)
def test_a_draft_written_only_by_the_transitions_is_published(make_proposal, publish, name):
    edition = publish("2027", *approved_of(make_proposal, HONEST[name]))

    assert edition.published_at == PROPOSED_AT
    assert publishing.verify_edition(edition) == []


def test_proposals_apply_in_the_order_in_which_they_were_taken_up(make_proposal, publish):
    higher, lower = approved_of(make_proposal, HONEST["two on one field, the later lower"])

    edition = publish("2027", lower, higher)

    assert edition.entries.get(service__code="NM-01-07").standard == STANDARD


def test_proposals_of_a_deleted_draft_can_be_taken_up_in_another_order(make_proposal, publish, act, next_edition):
    approved_proposals = approved_of(make_proposal, HONEST["two on one field, the later lower"] + [("add", addition())])
    for proposal in approved_proposals:
        proposals.include_in_edition(proposal, next_edition, context=act("root"))
    next_edition.entries.update(note="夹带")
    drafts.delete_draft(next_edition, context=act("root"))

    edition = publish("2027", *reversed([Proposal.objects.get(pk=proposal.pk) for proposal in approved_proposals]))

    assert edition.entries.get(service__code="NM-01-07").standard == STANDARD
    assert not edition.entries.filter(note="夹带").exists()


def test_an_edition_may_be_effective_later_than_the_approved_day(make_proposal, publish):
    later = NEXT_YEAR + datetime.timedelta(days=200)

    assert publish("2027", make_proposal(to="approved"), effective_from=later).effective_from == later


def test_an_approved_proposal_is_applied_to_an_edition_published_since(make_proposal, publish):
    note = make_proposal(NOTE_CHANGE, to="approved")
    publish("2027", make_proposal(to="approved"))

    edition = publish("2028", note, effective_from=NEXT_YEAR.replace(year=2028))

    assert edition.entries.get(service__code="NM-01-07").standard == STANDARD


def test_the_query_count_of_faults_does_not_grow_with_the_proposals(make_proposal, act, next_edition, draft):
    with CaptureQueriesContext(connection) as four:
        publishing.faults(draft, on=PROPOSED_AT.date())
    Proposal.objects.exclude(number=1).update(edition=None)
    with CaptureQueriesContext(connection) as one:
        publishing.faults(draft, on=PROPOSED_AT.date())

    # With one proposal there are differences, and the vocabularies are read to describe them.
    assert len(four) <= len(one)
    assert len(four) <= 39


# The pages of a draft with faults


def test_the_publish_page_links_to_deleting_an_altered_draft(client, draft):
    draft.entries.filter(service__code="NM-01-07").update(standard="每人99999元。")
    client.force_login(make_user("sun", "发布"))

    page = client.get(reverse("admin:catalogue_edition_publish", args=[draft.pk])).content.decode()

    delete = reverse("admin:catalogue_edition_delete", args=[draft.pk])
    assert "请删除草稿版本，再把建议依次编入新的草稿" in page
    assert f'href="{delete}"' in page
    assert client.get(delete).status_code == 200
    client.post(delete, {"post": "yes"})
    assert Proposal.objects.filter(state="approved", edition=None).count() == 4


def test_an_editor_sees_only_the_faults_of_the_own_departments(client, draft):
    draft.entries.filter(service__code__in=["NM-01-07", "NM-05-01"]).update(note="夹带的说明。")
    client.force_login(make_user("sun", "编辑", departments=["civil-affairs"]))

    page = client.get(reverse("admin:catalogue_edition_change", args=[draft.pk]))

    services = {fault.service for fault, _ in page.context["faults"]}
    assert services == {"NM-01-07"}
    assert page.context["unseen"] == 1
    assert "其他部门的项目有 1 处。" in page.content.decode()


def test_other_faults_do_not_suggest_deleting_the_draft(client, draft):
    Edition.objects.filter(pk=draft.pk).update(effective_from=NEXT_YEAR - datetime.timedelta(days=1))
    client.force_login(make_user("sun", "发布"))

    page = client.get(reverse("admin:catalogue_edition_publish", args=[draft.pk])).content.decode()

    assert "早于第 1 号建议批准的施行日期" in page
    assert "请删除草稿版本" not in page


def test_normalizing_a_minimal_entry_changes_nothing():
    assert approved_content.normalize_entry(make_entry()) == make_entry()
