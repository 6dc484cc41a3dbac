"""Sample drafts from the article on civil affairs: every value has a quote, and all other fields are unknown."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from catalogue.models import Event, Proposal
from catalogue.workflow import proposals
from tests.conftest import FIXTURES, make_user
from tests.support.paths import SHARED

SEED = SHARED / "seeds" / "004_340506b65dc15ae5.txt"
FILE = FIXTURES / "proposals" / "civil-affairs.json"
SAMPLES = json.loads(FILE.read_text())["proposals"]
DEPARTMENTS = ["civil-affairs", "disabled-federation"]
# Fields of basic funeral services that are not in the article.
UNKNOWN = ("domain", "target_group_text", "standard", "lead_department", "expenditure_responsibility", "name_en")


@pytest.fixture
def editor(db):
    return make_user("sun", "编辑", departments=DEPARTMENTS)


def test_every_quote_is_in_the_article():
    if not SEED.exists():
        pytest.skip("the seed documents are not beside the repository")
    article = "".join(SEED.read_text().split())

    quotes = [
        citation["quote"]
        for sample in SAMPLES
        for entry in sample["entries"]
        for citation in entry["stated"]["citations"]
        if citation["source"] == "seed-civil"
    ]

    assert len(quotes) >= 7
    assert [quote for quote in quotes if "".join(quote.split()) not in article] == []


def test_samples_are_drafted_once_and_only_by_their_command(editor, capsys):
    assert not Proposal.objects.exists()

    call_command("draft_samples", by="sun")
    call_command("draft_samples", by="sun")

    titles = [sample["title"] for sample in SAMPLES]
    assert list(Proposal.objects.order_by("number").values_list("title", "state")) == [(t, "draft") for t in titles]
    output = capsys.readouterr().out
    assert f"起草 {len(SAMPLES)} 件" in output and "没有新的样例" in output
    assert "提交前须处理：NM-07-16：“领域”必须写明。" in output
    drafted = Event.objects.filter(verb="drafted")
    assert {(event.actor, event.role) for event in drafted} == {("sun", "编辑")}


def test_fields_missing_from_the_article_are_unknown(editor):
    call_command("draft_samples", by="sun", verbosity=0)

    funeral = Proposal.objects.get(kind="add").entries.get()

    assert {column: funeral.entry_data[column] for column in UNKNOWN} == dict.fromkeys(UNKNOWN)
    assert proposals.faults(funeral.proposal) != []


def test_a_complete_sample_can_be_submitted(editor, act):
    call_command("draft_samples", by="sun", verbosity=0)

    children = Proposal.objects.get(title="写明困境儿童的范围")

    assert proposals.faults(children) == []
    assert proposals.needs_assessment(children)


@pytest.mark.parametrize(
    ("name", "held", "departments", "expected"),
    [
        ("nobody", None, [], "没有账号“nobody”"),
        ("sun", "审计", DEPARTMENTS, "没有“编辑”角色"),
        ("sun", "编辑", ["civil-affairs"], "您不属于"),
        ("sun", "编辑", ["finance"], "您不属于"),
    ],
)
def test_a_user_who_may_not_propose_is_refused_with_a_reason(db, name, held, departments, expected):
    if held:
        make_user(name, held, departments=departments)

    with pytest.raises(CommandError, match=expected):
        call_command("draft_samples", by=name)

    assert not Proposal.objects.exists()
