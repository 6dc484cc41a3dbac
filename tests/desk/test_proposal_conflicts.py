"""Two people on one proposal: the second save is refused, tells both, and merged by field reverts nothing."""

import pytest
from django.urls import reverse

from catalogue.workflow import proposals
from tests.desk.test_field_forms import ADD, CLAUSE, CODE, DOCUMENT, HEAD, sent
from tests.support.admin_forms import proposal_form_data, visible_text
from tests.support.entries import STANDARD, standard_change

pytestmark = pytest.mark.usefixtures("short_list")


def entry_url(proposal) -> str:
    return reverse("admin:catalogue_proposal_entry", args=[proposal.pk, CODE])


def test_the_head_of_a_proposal_is_merged_by_field(editor, make_proposal, act):
    proposal = make_proposal()
    url = reverse("admin:catalogue_proposal_edit", args=[proposal.pk])
    data = proposal_form_data(editor.get(url)) | {"title": "我的标题"}
    proposals.amend(proposal, entries=[standard_change()], context=act("li"), reason="对方的理由")

    refused = editor.post(url, data)

    assert refused.status_code == 409
    assert "您打开之后的变化" in visible_text(refused)
    assert "对方的理由" in visible_text(refused)
    assert editor.post(url, proposal_form_data(refused)).status_code == 302
    proposal.refresh_from_db()
    assert (proposal.title, proposal.reason) == ("我的标题", "对方的理由")


def test_the_whole_form_of_an_entry_is_merged_by_field(editor, make_proposal, act):
    proposal = make_proposal()
    data = proposal_form_data(editor.get(entry_url(proposal))) | {"note": "我的说明"}
    proposals.amend(proposal, entries=[standard_change(standard_as_of="2028")], context=act("li"))

    refused = editor.post(entry_url(proposal), data)

    assert refused.status_code == 409
    assert editor.post(entry_url(proposal), proposal_form_data(refused)).status_code == 302
    saved = proposal.entries.get().entry_data
    assert (saved["note"], saved["standard_as_of"], saved["standard"]) == ("我的说明", "2028", STANDARD)


def test_the_form_of_a_field_is_merged_by_box_and_keeps_a_new_clause(editor, make_proposal, act):
    proposal = make_proposal()
    url = f"{entry_url(proposal)}?field=standard"
    page = editor.get(url)
    typed = {"new-0-quote": f"另据：{STANDARD}", "new-0-locator": "第二条"}
    data = sent(page, fate=None) | typed | {"new-0-document-title": "另一份文件", "new-0-document-date": "2026"}
    change = standard_change(standard_as_of="2028")
    proposals.amend(proposal, entries=[change], context=act("li"))

    refused = editor.post(url, data)

    assert refused.status_code == 409, refused.context["errors"]
    again = sent(refused, fate=None) | {"seen": refused.context["seen"]}
    assert again["new-0-quote"] == typed["new-0-quote"]
    assert editor.post(url, again).status_code == 302
    saved = proposal.entries.get().entry_data
    assert saved["standard_as_of"] == "2028"
    assert [citation["quote"] for citation in saved["citations"]].count(typed["new-0-quote"]) == 1
    theirs = change["entry_data"]["citations"][0]["quote"]
    assert theirs in [citation["quote"] for citation in saved["citations"]]


def test_a_new_proposal_by_field_is_merged_with_an_edition_published_meanwhile(editor, make_proposal, publish):
    data = sent(editor.get(ADD), fate="keep") | HEAD | CLAUSE | DOCUMENT | {"standard": f"{STANDARD}每月发放。"}
    data["new-0-quote"] = data["standard"]
    publish("2027", make_proposal(standard_change(standard_as_of="2028"), to="approved"))

    refused = editor.post(ADD, data)

    assert refused.status_code == 409
    form = refused.context["parts"].form
    assert form["standard"].value() == data["standard"]
    assert form["standard_as_of"].value() == "2028"
