"""A proposal by field: choose what changes, see that alone, save a draft whose other fields are untouched."""

import pytest
from django.urls import reverse

from catalogue.feedback import answers
from catalogue.models import Entry, Proposal
from catalogue.workflow import proposals
from services.models import Service, Source
from tests.support.admin_forms import entry_change_url, visible_text
from tests.support.entries import STANDARD, standard_change

pytestmark = pytest.mark.usefixtures("short_list")

CODE = "NM-01-07"
ADD = reverse("admin:catalogue_proposal_add") + f"?service={CODE}&field=standard"
HEAD = {"reason": "落实会议决定", "effective_from": "2027年1月1日", "document_number": "内民政发〔2026〕18号"}
CLAUSE = {"new-0-quote": STANDARD, "new-0-locator": "第一条"}
DOCUMENT = {"new-0-document-title": "关于提高孤儿基本生活费标准的通知"}


def sent(page, fate: str | None = "replace") -> dict:
    """Return what a browser sends for the untouched form, but with the same answer for each old clause."""
    data = {"seen": page.context["seen"]}
    head, parts = page.context["head"], page.context["parts"]
    rows = [parts.shares.management_form] if parts.shares else []
    for form in [*([head] if head else []), *rows, *parts.all_forms()]:
        for box in form:
            value = box.value()
            if value is not None and value is not False and value != "":
                data[box.html_name] = value if isinstance(value, list) else str(getattr(value, "pk", value))
    if fate:
        data |= {form.add_prefix("fate"): fate for form in old_clauses(page)}
    return data


def old_clauses(page) -> list:
    return [form for part in page.context["parts"].parts() for form in part.old]


def figure(page, label: str):
    return next(form for form in page.context["parts"].figures if form.amount and form.amount["label"] == label)


def drafted(editor, **changes: str) -> Proposal:
    """Draft a raised standard by a new document."""
    raised = {"standard": STANDARD, "standard_as_of": "2026"}
    data = sent(editor.get(ADD)) | HEAD | CLAUSE | DOCUMENT | raised | changes
    saved = editor.post(ADD, data)
    assert saved.status_code == 302, saved.context["errors"]
    return Proposal.objects.get()


def test_the_entry_offers_its_fields_and_only_the_chosen_one_is_asked(editor):
    entry = Entry.objects.get(service__code=CODE, edition__slug="2026")
    assert "改什么？" in visible_text(editor.get(entry_change_url(entry)))

    page = editor.get(ADD)

    assert list(page.context["parts"].form.fields) == ["standard", "standard_as_of"]
    assert [part.field for part in page.context["parts"].parts()] == ["standard"]


def test_a_standard_is_raised_by_a_new_document_in_one_form(editor):
    proposal = drafted(editor)

    source = Source.objects.get(document_number="内民政发〔2026〕18号")
    data = proposal.entries.get().entry_data
    assert set(data) == {"standard", "standard_as_of", "verification", "basis", "citations"}
    assert [citation["source"] for citation in data["citations"]] == [source.code]
    assert (data["verification"], data["basis"]) == ({"standard": "verbatim"}, {"standard": "regulation"})
    assert (proposal.kind, proposal.state, source.date) == ("change", "draft", "2026")
    assert proposals.faults(proposal) == []
    page = editor.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk]))
    assert "已保存 " in visible_text(page)
    assert f"/entries/{CODE}/?field=standard" in page.content.decode()


def test_kept_clauses_stay_behind_the_new_one(editor):
    page = editor.get(ADD)
    kept = old_clauses(page)[1]

    proposal = drafted(editor, **{kept.add_prefix("fate"): "keep"})

    citations = proposal.entries.get().entry_data["citations"]
    assert citations[1:] == [kept.citation]


def test_a_changed_value_asks_what_becomes_of_the_old_clauses(editor):
    data = sent(editor.get(ADD), fate=None) | HEAD | CLAUSE | DOCUMENT | {"standard": STANDARD}

    refused = editor.post(ADD, data)

    text = visible_text(refused)
    assert refused.status_code == 422
    assert text.startswith("错误：")
    assert f"没有保存，请先改正 {len(old_clauses(refused))} 处" in text
    assert "请选择这条旧条文保留、替换还是不再适用" in text
    assert f'href="#{old_clauses(refused)[0]["fate"].auto_id}"' in refused.content.decode()
    assert not Proposal.objects.exists()
    assert not Source.objects.filter(document_number=HEAD["document_number"]).exists()


def test_a_clause_is_replaced_only_by_another(editor):
    refused = editor.post(ADD, sent(editor.get(ADD)) | HEAD | {"standard": STANDARD})

    assert "写明代替它的条文" in visible_text(refused)


def test_a_value_is_confirmed_against_a_clause_that_says_it(editor):
    page = editor.get(ADD)
    kept = next(form for form in old_clauses(page) if form.citation["source"] == "seed-daily")
    typed = {"standard": "每人每月2210元、1920元。", kept.add_prefix("fate"): "keep"}

    saved = editor.post(ADD, sent(page, fate="end") | HEAD | typed)

    assert saved.status_code == 302
    proposal = Proposal.objects.get()
    assert proposal.entries.get().entry_data["verification"] == {"standard": "verbatim"}
    assert proposals.faults(proposal) == []


def test_an_old_figure_becomes_history_and_the_new_one_rests_on_the_new_clause(editor):
    row = figure(editor.get(ADD), "孤儿集中供养标准")

    proposal = drafted(editor, **{row.add_prefix("value"): "2300"})

    amounts = proposal.entries.get().entry_data["amounts"]
    new, old = [amount for amount in amounts if amount["label"] == "孤儿集中供养标准"][:2]
    assert (new["value"], new["valid_from"], new["as_of"]) == ("2300", "2027-01-01", None)
    assert new["citation"]["quote"] == STANDARD
    assert old == row.amount
    assert proposals.faults(proposal) == []


@pytest.mark.parametrize(("fate", "values"), [("replace", ["2300", "1530"]), ("end", ["1530"])])
def test_a_figure_is_corrected_or_taken_out(editor, fate, values):
    row = figure(editor.get(ADD), "孤儿集中供养标准")

    proposal = drafted(editor, **{row.add_prefix("value"): "2300", row.add_prefix("fate"): fate})

    amounts = proposal.entries.get().entry_data["amounts"]
    assert [amount["value"] for amount in amounts if amount["label"] == "孤儿集中供养标准"] == values


@pytest.mark.parametrize(
    ("typed", "words"),
    [("999", "999 不在所引原文之中"), ("二千", "请写数字"), ("", "必填项")],
)
def test_a_figure_that_no_clause_holds_is_refused_at_its_row(editor, typed, words):
    page = editor.get(ADD)
    value = figure(page, "孤儿集中供养标准").add_prefix("value")

    refused = editor.post(ADD, sent(page) | HEAD | CLAUSE | DOCUMENT | {"standard": STANDARD, value: typed})

    assert refused.status_code == 422
    assert words in visible_text(refused)


def test_the_draft_is_continued_and_saving_it_unchanged_changes_nothing(editor):
    proposal = drafted(editor, **{figure(editor.get(ADD), "孤儿集中供养标准").add_prefix("value"): "2300"})
    before = proposal.entries.get().entry_data

    continued = editor.get(ADD)
    page = editor.get(continued["Location"])
    saved = editor.post(continued["Location"], sent(page, fate=None))

    assert saved.status_code == 302
    assert [form["fate"].value() for form in old_clauses(page)] == ["end"] * len(old_clauses(page))
    assert proposal.entries.get().entry_data == before


def test_pressing_the_button_twice_drafts_one_proposal(editor):
    data = sent(editor.get(ADD)) | HEAD | CLAUSE | DOCUMENT | {"standard": STANDARD}

    first, second = editor.post(ADD, data), editor.post(ADD, data)

    assert first["Location"] == second["Location"]
    assert Proposal.objects.count() == 1


def test_a_reason_that_is_left_out_names_the_document(editor):
    data = sent(editor.get(ADD)) | HEAD | CLAUSE | DOCUMENT | {"standard": STANDARD, "reason": ""}

    first, second = editor.post(ADD, data), editor.post(ADD, data)

    assert first["Location"] == second["Location"]
    assert Proposal.objects.get().reason == f"依据《{DOCUMENT['new-0-document-title']}》。"


def test_without_reason_and_document_the_reason_is_asked_for(editor):
    url = ADD.replace("field=standard", "field=note")

    page = editor.post(url, sent(editor.get(url)) | HEAD | {"reason": "", "note": "另行说明。"})

    assert not Proposal.objects.exists()
    assert "请写明为什么调整" in visible_text(page)


def test_a_clause_keeps_the_label_that_it_was_given_in_the_whole_form(editor, make_proposal):
    change = standard_change(verification={"standard": "secondary"})
    change["entry_data"]["citations"][0]["verification"] = "secondary"
    proposal = make_proposal(change)
    url = reverse("admin:catalogue_proposal_entry", args=[proposal.pk, CODE]) + "?field=standard"

    editor.post(url, sent(editor.get(url), fate=None))

    assert proposal.entries.get().entry_data == change["entry_data"]


def test_a_row_that_was_not_sent_stays_as_it_is_stored(editor):
    proposal = drafted(editor)
    before = proposal.entries.get().entry_data
    url = editor.get(ADD)["Location"]
    data = sent(editor.get(url), fate=None)

    editor.post(url, {name: value for name, value in data.items() if not name.startswith(("new-", "figure-"))})

    assert proposal.entries.get().entry_data == before


def test_feedback_leads_to_the_form_of_its_field(editor, act):
    message = answers.receive_feedback(
        Service.objects.get(code=CODE), message="标准是旧的。", field="standard", at=act().at
    )
    url = f"{ADD}&feedback={message.pk}"
    page = editor.get(reverse("admin:catalogue_feedback_change", args=[message.pk])).content.decode()
    assert f"feedback={message.pk}&amp;service={CODE}&amp;field=standard" in page

    editor.post(url, sent(editor.get(url)) | HEAD | CLAUSE | DOCUMENT | {"standard": STANDARD})

    message.refresh_from_db()
    assert message.proposal == Proposal.objects.get()


def test_a_corrected_quote_is_also_that_of_its_figure(editor):
    proposal = drafted(editor, **{figure(editor.get(ADD), "孤儿集中供养标准").add_prefix("value"): "2300"})
    url = editor.get(ADD)["Location"]
    page = editor.get(url)
    quote = page.context["parts"].new[0].add_prefix("quote")

    editor.post(url, sent(page, fate=None) | {quote: f"{STANDARD}请执行。"})

    data = proposal.entries.get().entry_data
    quotes = {data["citations"][0]["quote"], data["amounts"][0]["citation"]["quote"]}
    assert quotes == {f"{STANDARD}请执行。"}


def test_the_other_fields_of_a_draft_stay(editor, make_proposal):
    proposal = make_proposal()
    before = proposal.entries.get().entry_data
    url = reverse("admin:catalogue_proposal_entry", args=[proposal.pk, CODE]) + "?field=note"

    editor.post(url, sent(editor.get(url)) | {"note": "只改说明"})

    assert proposal.entries.get().entry_data == {"note": "只改说明"} | before


def test_a_document_that_is_known_is_not_stored_twice(editor):
    known = Source.objects.exclude(document_number=None).first()
    number = known.document_number.replace("〔", "[").replace("〕", "]")
    typed = {"standard": STANDARD, "new-0-document-document_number": number}

    refused = editor.post(ADD, sent(editor.get(ADD)) | HEAD | CLAUSE | DOCUMENT | typed)

    assert f"已经在依据文件中：{known.title}" in visible_text(refused)


def test_one_clause_supports_several_fields(editor):
    url = f"{ADD}&field=content"
    page = editor.get(url)
    typed = {"standard": STANDARD, "content": STANDARD, "new-0-supports": ["content", "standard"]}

    assert editor.post(url, sent(page) | HEAD | CLAUSE | DOCUMENT | typed).status_code == 302

    citations = Proposal.objects.get().entries.get().entry_data["citations"]
    assert {citation["field"] for citation in citations} == {"content", "standard"}
    assert len(editor.get(editor.get(url)["Location"]).context["parts"].new) == 2


@pytest.mark.parametrize("typed", ["\0", "x", "9" * 40, "-1", "\u200b", "x" * 6000])
def test_what_no_browser_sends_is_refused_and_no_server_error(editor, typed):
    url = f"{ADD}&field=legal_basis&field=eligibility"
    data = sent(editor.get(url)) | HEAD | {"standard": STANDARD, "legal_basis": typed, "effective_from": typed}
    row = figure(editor.get(url), "孤儿集中供养标准").prefix
    boxes = ["new-0-source", "new-0-locator", "new-0-supports", "new-0-criterion", f"{row}-kind", f"{row}-valid_from"]

    refused = editor.post(url, data | dict.fromkeys(boxes, typed))

    assert refused.status_code == 422
    assert not Proposal.objects.exists()


def test_a_form_of_another_edition_is_refused_and_keeps_the_input(editor):
    refused = editor.post(ADD, sent(editor.get(ADD)) | HEAD | CLAUSE | {"standard": STANDARD, "seen": "x"})

    assert refused.status_code == 409
    assert refused.context["parts"].form["standard"].value() == STANDARD
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("query", ["service=NM-99-99&field=standard", "service=%00&field=note"])
def test_an_unknown_service_is_not_found(editor, query):
    assert editor.get(reverse("admin:catalogue_proposal_add") + f"?{query}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "read_in", "quote", "label"),
    [
        ("law", "copy", "原文", "verbatim"),
        ("regional-policy", "official", "原文", "verbatim"),
        ("regional-policy", "copy", "原文", "secondary"),
        ("press", "official", "原文", "secondary"),
        ("law", "official", None, "secondary"),
        ("law", "none", "原文", "unverified"),
        ("recalled", "none", None, "unverified"),
    ],
)
def test_the_label_of_a_clause_follows_from_its_document_and_quote(kind, read_in, quote, label):
    assert Source(kind=kind, read_in=read_in).verification_of(quote) == label
