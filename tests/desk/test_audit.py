"""The audit log on the desk: found by the words of its steps and services, rows that name the services, and a CSV."""

import csv
import io

import pytest
from django.urls import reverse

from catalogue.audit import snapshots
from catalogue.models import Event
from catalogue.workflow import proposals
from catalogue.workflow.steps import reversals
from services.models import Department, Synonym
from tests.conftest import make_user
from tests.support.admin_forms import column_texts

LIST = reverse("admin:catalogue_event_changelist")
EXPORT = reverse("admin:catalogue_event_export")
pytestmark = pytest.mark.usefixtures("short_list")


@pytest.fixture
def auditor(client, make_proposal, act):
    proposal = make_proposal(to="approving")
    reversals.recall(proposal, context=act("wang", "=HYPERLINK(1)"))
    client.force_login(make_user("qian", "审计"))
    return client


def table(response) -> list[dict]:
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def test_a_word_finds_the_steps_that_are_called_so(auditor):
    assert set(column_texts(auditor.get(LIST, {"q": "撤回"}), "verb")) == {"撤回修改"}


@pytest.mark.parametrize("word", ["孤儿基本生活", "NM-01-07"])
def test_a_service_finds_the_steps_of_its_proposals(auditor, word):
    verbs = column_texts(auditor.get(LIST, {"q": word}), "verb")

    assert {"提交建议", "评估", "撤回修改"} <= set(verbs)


def test_several_words_must_all_be_met(auditor):
    assert column_texts(auditor.get(LIST, {"q": "撤回 NM-01-07"}), "verb") == ["撤回修改"]
    assert column_texts(auditor.get(LIST, {"q": "撤回 NM-05-01"}), "verb") == []


def test_the_row_of_a_step_names_the_services(auditor):
    (services,) = column_texts(auditor.get(LIST, {"q": "撤回"}), "services")

    assert services.startswith("NM-01-07 ") and len(services) > len("NM-01-07 ")


def test_the_filtered_list_is_exported_without_formulas(auditor):
    rows = table(auditor.get(EXPORT, {"q": "撤回"}))

    assert [row["事项"] for row in rows] == ["撤回修改"]
    assert rows[0]["服务项目"].startswith("NM-01-07")
    assert rows[0]["理由"] == "'=HYPERLINK(1)"
    assert rows[0]["编号"] == str(Event.objects.get(verb="recalled").number)


def test_a_row_names_the_term_that_was_changed(auditor, act):
    for row in (Department.objects.get(code="finance"), Synonym.objects.first(), make_user("liu")):
        snapshots.record_deleted(row, context=act("zhao"))

    named = column_texts(auditor.get(LIST, {"verb__exact": "deleted"}), "named_term")
    exported = [row["词条"] for row in table(auditor.get(EXPORT, {"verb__exact": "deleted"}))]

    assert named == exported
    assert named == ["账号 liu", f"同义词 {Synonym.objects.first().word}", "部门 自治区财政厅"]


def test_the_whole_list_is_exported(auditor):
    assert len(table(auditor.get(EXPORT))) == Event.objects.count()


@pytest.mark.parametrize("query", [{"verb__exact": "x", "e": "1"}, {"no-such": "1"}, {"q": "\0"}, {"p": "x"}])
def test_a_wrong_query_is_no_error(auditor, query):
    assert auditor.get(EXPORT, query).status_code in (200, 302)
    assert auditor.get(LIST, query).status_code in (200, 302)


@pytest.mark.parametrize("name", ["verb", "verb__exact", "edition"])
def test_a_filter_with_a_nul_is_refused(auditor, name):
    assert auditor.get(EXPORT, {name: "\0"}).status_code == 400
    assert auditor.get(LIST, {name: "\0"}).status_code == 400


def test_the_list_has_a_constant_number_of_queries(auditor, make_proposal, act, django_assert_max_num_queries):
    for _ in range(3):
        proposals.comment(make_proposal(), context=act("zhao", "意见"))

    with django_assert_max_num_queries(14):
        auditor.get(LIST)
