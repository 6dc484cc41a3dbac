"""A succession of departments is taken back: what goes, what stays, and when it is refused."""

import datetime

import pytest
from django.contrib.auth.models import Group, User

from catalogue.accounts import permissions
from catalogue.editions import drafts
from catalogue.models import Edition, Event, Feedback, Membership, Proposal
from catalogue.workflow import proposals
from catalogue.workflow.steps import copies, reversals, successions
from services.models import Contact, Department, Region
from services.sources import Source
from tests.conftest import make_user
from tests.support.departments import NEW_NAME, NEW_SHORT, department
from tests.support.entries import NEXT_YEAR, make_entry

OLD = "health-commission"
REASON = "文件尚未施行，更名暂缓。"
CLAUSE = {
    "source": "seed-plan", "locator": "第二条", "verification": "verbatim", "jurisdiction": "inner-mongolia",
    "quote": f"内蒙古自治区卫生健康委员会更名为{NEW_NAME}（{NEW_SHORT}），并入内蒙古自治区教育厅。",
}  # fmt: skip


@pytest.fixture
def publisher(act, people):
    people["wang"].groups.add(Group.objects.get(name="发布"))
    return act


@pytest.fixture
def replaced(publisher, short_list):
    """Let a new department, or the one with this code, take the place of an old one; return the proposal."""

    def replace(into: str | None = None, old: str = OLD, day: datetime.date = NEXT_YEAR) -> Proposal | None:
        successor = department(into) if into else Department(name=NEW_NAME, short_name=NEW_SHORT)
        return successions.replace(
            department(old), successor=successor, day=day, clause=CLAUSE,
            region=Region.objects.get(code="150000"), context=publisher(),
        )  # fmt: skip

    return replace


def refused(publisher, reason: str | None = REASON) -> list[str]:
    """Try to take the succession back; return why it is refused. Nothing is written then."""
    count = Event.objects.count()
    with pytest.raises(successions.SuccessionError) as refusal:
        successions.undo(department(OLD), context=publisher("wang", reason))
    assert Event.objects.count() == count and department(OLD).replaced_by is not None
    return refusal.value.reasons


def test_the_old_department_stands_again_and_its_draft_is_void(replaced, publisher):
    proposal = replaced()

    successions.undo(department(OLD), context=publisher("wang", REASON))

    old = department(OLD)
    assert {getattr(old, name) for name in successions.REPLACEMENT} == {None}
    proposal.refresh_from_db()
    assert proposal.state == "void"
    # The void proposal names it.
    assert department("dept-1").name == NEW_NAME
    events = Event.objects.filter(reason=REASON)
    assert {event.field for event in events.filter(term=f"department/{OLD}")} == set(successions.REPLACEMENT)
    assert [event.verb for event in events.filter(proposal=proposal.number)] == ["voided"]


def test_a_new_department_that_nothing_names_goes_and_its_code_is_not_given_again(replaced, publisher, make_edition):
    make_edition("2026b", "2026-11-03", entries=[make_entry()])
    assert replaced() is None
    Contact.objects.create(department=department("dept-1"), kind="hotline", value="12320",
                           source=Source.objects.get(code="seed-plan"), verification="unverified")  # fmt: skip

    successions.undo(department(OLD), context=publisher("wang", REASON))

    assert not Department.objects.filter(code="dept-1").exists()
    (deleted,) = Event.objects.filter(verb="deleted", term="department/dept-1")
    assert "12320" in deleted.before and deleted.reason == REASON
    replaced()
    assert department(OLD).replaced_by.code == "dept-2"


def test_the_department_that_another_was_merged_into_stays_as_it_is(replaced, publisher):
    proposal = replaced("education")
    count = Department.objects.count()

    plan = successions.undo(department(OLD), context=publisher("wang", REASON))

    assert (plan.successor.code, plan.is_created, plan.is_deleted) == ("education", False, False)
    assert department(OLD).replaced_by is None and Department.objects.count() == count
    assert Proposal.objects.get(pk=proposal.pk).state == "void"


def test_a_succession_whose_proposal_is_void_is_taken_back(replaced, publisher):
    proposal = replaced()
    reversals.void(proposal, context=publisher("wang", "写错了"))

    successions.undo(department(OLD), context=publisher("wang", REASON))

    assert department(OLD).replaced_by is None
    assert Event.objects.filter(proposal=proposal.number, verb="voided").count() == 1


def test_the_accounts_of_the_old_department_act_for_it_again(replaced, publisher):
    user = make_user("sun", "编辑", departments=[OLD])
    replaced("education")
    assert permissions.acting_departments(user, NEXT_YEAR) == ["education"]

    successions.undo(department(OLD), context=publisher("wang", REASON))

    user = User.objects.get(pk=user.pk)
    assert permissions.acting_departments(user, NEXT_YEAR) == [OLD]
    assert permissions.can_change(user, OLD, NEXT_YEAR) and not permissions.can_see(user, "education", NEXT_YEAR)


def test_a_department_is_replaced_anew_after_that(replaced, publisher):
    replaced()
    successions.undo(department(OLD), context=publisher("wang", REASON))

    again = replaced("dept-1")

    assert department(OLD).replaced_by.code == "dept-1" and again.state == "draft"
    assert successions.plan_undo(department(OLD)).proposal == again
    assert not successions.plan_undo(department(OLD)).is_created


def test_a_reason_is_required(replaced, publisher):
    replaced()

    assert refused(publisher, None) == ["撤销更名或并入时请写明理由。"]


def test_a_department_that_was_not_replaced_has_nothing_to_take_back(publisher, db):
    with pytest.raises(successions.SuccessionError, match="没有更名，也没有并入别的部门"):
        successions.undo(department(OLD), context=publisher("wang", REASON))


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("approving", "现在是“待审批”；请先作废，然后撤销"),
        ("declined", "现在是“已退回”；请先作废，然后撤销"),
        ("approved", "现在是“已批准”；请先移出版本、撤销批准，再作废，然后撤销"),
    ],
)
def test_a_proposal_under_way_has_to_be_voided_first(replaced, publisher, to, words):
    proposal = proposals.submit(replaced("education"), context=publisher())
    if to == "declined":
        proposals.decline(proposal, context=publisher("zhao", "再核"))
    elif to == "approved":
        proposals.approve(proposal, context=publisher("zhao"))

    (reason,) = refused(publisher)

    assert reason == f"第 {proposal.number} 号建议{words}。"
    assert Proposal.objects.get(pk=proposal.pk).state == to


@pytest.mark.parametrize("into", [None, "education"])
def test_after_an_edition_was_published_with_it_the_way_is_a_new_succession(replaced, publisher, publish, into):
    proposal = proposals.submit(replaced(into), context=publisher())
    proposals.approve(proposal, context=publisher("zhao"))
    publish("2027", proposal)

    reasons = refused(publisher)

    assert reasons[0] == (
        f"第 {proposal.number} 号建议已随版本 2027 发布，不能撤销；名称又有变的，请再办一次更名或并入。"
    )
    assert len(reasons) == (1 if into else 2)


def draft_edition(publisher, publish):
    """A draft edition whose entry names the new department."""
    edition = drafts.create_draft(
        Edition.objects.get(slug="2026"), slug="2027", title="清单", effective_from=NEXT_YEAR, context=publisher()
    )
    edition.entries.first().co_departments.add(department("dept-1"))


def published_copy(publisher, publish):
    """A copy of the proposal is published, the proposal itself is void."""
    first = Proposal.objects.get()
    copied, _ = copies.copy(first, form_key=None, context=publisher())
    reversals.void(first, context=publisher("wang", "另写"))
    copied = proposals.submit(copied, context=publisher())
    proposals.approve(copied, context=publisher("zhao"))
    publish("2027", copied)


def replaced_itself(publisher, publish):
    new = department("dept-1")
    new.replaced_by, new.replaced_from = department("finance"), datetime.date(2028, 1, 1)
    new.replaced_source, new.replaced_verification = Source.objects.get(code="seed-plan"), "unverified"
    new.save()


def replaces_another(publisher, publish):
    other = department("education")
    other.replaced_by, other.replaced_from = department("dept-1"), NEXT_YEAR
    other.replaced_source, other.replaced_verification = Source.objects.get(code="seed-plan"), "unverified"
    other.save()


def another_proposal(publisher, publish):
    copies.copy(Proposal.objects.get(), form_key=None, context=publisher())


def an_account(publisher, publish):
    Membership.objects.create(user=make_user("sun"), department=department("dept-1"))


def feedback(publisher, publish):
    at = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
    Feedback.objects.create(receipt="0" * 16, message="请核对", at=at, department=department("dept-1"))


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (draft_edition, f"草稿版本 2027 写着{NEW_SHORT}；请先把有关的建议移出版本。"),
        (published_copy, f"已发布的版本 2027 写着{NEW_SHORT}，不能撤销"),
        (replaced_itself, f"{NEW_SHORT}自 2028-01-01 起已由自治区财政厅接替；请先撤销那一次。"),
        (replaces_another, f"自治区教育厅也由{NEW_SHORT}接替；请先撤销那一次。"),
        (another_proposal, f"没有办完的建议（第 2 号）写着{NEW_SHORT}，或由它提出"),
        (an_account, f"账号（sun）属于{NEW_SHORT}；请管理员先改到别的部门。"),
        (feedback, f"有 1 件意见反馈转给了{NEW_SHORT}；请先答复，或者转办。"),
    ],
)
def test_a_new_department_that_is_used_otherwise_has_to_be_let_go_first(replaced, publisher, publish, use, words):
    replaced()
    use(publisher, publish)

    (reason,) = refused(publisher)

    assert reason.startswith(words)
