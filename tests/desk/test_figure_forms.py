"""The rows of amounts and shares in the forms of a proposal: nothing is lost, and each value has its clause."""

import pytest
from django import forms
from django.contrib import admin
from django.http import QueryDict
from django.test import RequestFactory
from django.urls import reverse

from catalogue.desk.proposals.figure_forms import quoted_rows
from catalogue.desk.proposals.forms import CitationFormSet, EntryForm, citations_of, typed_entry
from catalogue.editions import merge
from catalogue.editions.document import entry_data
from catalogue.models import Edition, Proposal, ProposedEntry
from catalogue.workflow.base import current_documents
from services.models import TargetGroup
from services.sources import Source
from tests.conftest import make_user
from tests.support.admin_forms import proposal_form_data, typed_in, visible_text, with_inline_row
from tests.support.entries import NOTE_CHANGE, STANDARD

CODE = "NM-01-07"
FIGURE = {"label": "孤儿新标准", "kind": "average", "value": "2300", "unit": "元", "period": "month", "per": "person"}
SHARE = {"level": "centre", "percent": "80%", "of_whom": "基本生活费"}
SHARE_QUOTE = "中央分担80%，自治区分担15%。"


@pytest.fixture
def url(short_list, make_proposal) -> str:
    """The address of the form of a whole entry, in a proposal."""
    return reverse("admin:catalogue_proposal_entry", args=[make_proposal(NOTE_CHANGE).pk, CODE])


def with_row(page, prefix: str, **typed: object) -> dict:
    """Return what a browser sends for the form of a page with values typed in the blank row of a formset."""
    data = proposal_form_data(page)
    at = page.context[prefix].initial_form_count()
    return data | {f"{prefix}-{at}-{name}": value for name, value in typed.items()}


def proposed_data(code: str = CODE) -> dict:
    return ProposedEntry.objects.get(service=code).entry_data


def proposed(column: str) -> list[dict] | None:
    return proposed_data().get(column)


def typed_clause(quote: str) -> dict:
    return {"source": Source.objects.get(code="seed-daily").pk, "locator": "第一条", "quote": quote}


def row_errors(page, prefix: str) -> dict[int, list[str]]:
    """Return the messages of each faulty row."""
    rows = enumerate(page.context[prefix].forms)
    return {at: [message for messages in row.errors.values() for message in messages] for at, row in rows if row.errors}


def test_the_forms_of_every_entry_of_the_edition_say_the_same_when_they_are_sent_untouched(db):
    documents = Edition.objects.get(slug="2026").documents()
    entries = [entry_data(document) for document in documents]
    for entry in entries:
        rows = quoted_rows(None, entry, cited_in=[entry])
        shown = (
            EntryForm(stated=entry),
            *rows.values(),
            CitationFormSet(initial=citations_of(entry), prefix="citations"),
        )
        post = QueryDict(mutable=True)
        for name, value in typed_in(*shown).items():
            post.setlist(name, value if isinstance(value, list) else [value])

        rows = quoted_rows(post, entry, cited_in=[entry])
        form, citations = EntryForm(post, stated=entry), CitationFormSet(post, prefix="citations")
        for sent in (form, citations, *rows.values()):
            assert sent.is_valid(), (entry["code"], sent.errors)
        assert merge.make_change(entry, typed_entry(entry, form, citations, rows)) == {}, entry["code"]

    assert len(entries) == 81
    assert sum(len(entry["amounts"]) for entry in entries) > 100
    assert sum(len(entry["shares"]) for entry in entries) > 10


def test_the_page_of_an_entry_changes_nothing_when_it_is_sent_untouched(editor, url):
    proposal = Proposal.objects.get()
    documents = current_documents(proposal)
    with_shares = [code for code, document in documents.items() if document.get("shares")]
    for code in [CODE, *with_shares[:2]]:
        address = reverse("admin:catalogue_proposal_entry", args=[proposal.pk, code])

        assert editor.post(address, proposal_form_data(editor.get(address))).status_code == 302, code

        assert proposed_data(code) == (NOTE_CHANGE["entry_data"] if code == CODE else {}), code
    assert with_shares


def test_the_form_of_a_field_with_its_shares_changes_nothing_when_it_is_sent_untouched(editor, url):
    proposal = Proposal.objects.get()
    documents = current_documents(proposal)
    for code in [code for code, document in documents.items() if document.get("shares")]:
        address = reverse("admin:catalogue_proposal_entry", args=[proposal.pk, code])
        address += "?field=expenditure_responsibility"

        assert editor.post(address, field_form_data(editor.get(address))).status_code == 302, code

        assert not proposal.entries.exclude(service=CODE).exists(), code


def test_a_figure_is_added_with_a_clause_of_the_entry(editor, url):
    page = editor.get(url)
    before = [row.initial for row in page.context["amounts"].initial_forms]
    clause = page.context["amounts"].forms[0]["clause"].value()
    number = before[0]["value"]

    saved = editor.post(url, with_row(page, "amounts", **FIGURE | {"value": number, "clause": clause}))

    assert saved.status_code == 302
    *old, new = proposed("amounts")
    assert [amount["label"] for amount in old] == [row["label"] for row in before]
    assert (new["label"], new["value"], new["currency"], new["as_of"]) == ("孤儿新标准", number, "CNY", None)
    assert new["citation"] == old[0]["citation"]


def test_a_figure_is_added_with_a_typed_clause_whose_label_follows_from_its_document(editor, url):
    source = Source.objects.get(code="seed-daily")

    saved = editor.post(url, with_row(editor.get(url), "amounts", **FIGURE, **typed_clause(STANDARD)))

    assert saved.status_code == 302
    assert proposed("amounts")[-1]["citation"] == {
        "source": "seed-daily",
        "locator": "第一条",
        "quote": STANDARD,
        "verification": source.verification_of(STANDARD).value,
        "jurisdiction": source.jurisdiction,
    }


def test_a_share_is_added_and_said_to_be_changed(editor, url):
    saved = editor.post(url, with_row(editor.get(url), "shares", **SHARE, **typed_clause(SHARE_QUOTE)))

    assert saved.status_code == 302, saved.context["errors"]
    (share,) = proposed("shares")
    assert {name: share[name] for name in SHARE} == SHARE | {"percent": "80"}
    assert share["citation"]["quote"] == SHARE_QUOTE


def test_rows_that_a_script_adds_are_saved(editor, url):
    data = with_row(editor.get(url), "shares", **SHARE, **typed_clause(SHARE_QUOTE))
    row = {"level": "region", "percent": "15", "of_whom": "基本生活费", **typed_clause(SHARE_QUOTE)}
    data = data | {"shares-TOTAL_FORMS": "1"}

    assert editor.post(url, with_inline_row(data, "shares", **row)).status_code == 302

    assert [(share["level"], share["percent"]) for share in proposed("shares")] == [("centre", "80"), ("region", "15")]


def test_a_row_is_taken_away_whatever_is_typed_in_it(editor, url):
    page = editor.get(url)
    labels = [row.initial["label"] for row in page.context["amounts"].initial_forms]
    taken = {"amounts-0-DELETE": "on", "amounts-0-value": "没有数"}

    refused = editor.post(url, proposal_form_data(page) | taken | {"name": ""})
    assert (refused.status_code, row_errors(refused, "amounts")) == (422, {})
    assert editor.post(url, proposal_form_data(page) | taken).status_code == 302

    assert [amount["label"] for amount in proposed("amounts")] == labels[1:]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"label": ""}, "必填"),
        ({"value": "840元"}, "请写数字，不带单位"),
        ({"value": "9" * 15}, "14"),  # longer than any figure
        ({"valid_from": "2027"}, "请写日期"),
        ({"label": "甲\u200b乙"}, "看不见的字符"),
        ({"quote": "甲\u200b2300元"}, "看不见的字符"),
        ({"quote": "每人每月2200元"}, "2300 不在所引原文之中"),
        ({"quote": ""}, "请照录原文"),
        ({"source": ""}, "请选择依据文件"),
        ({"source": "9" * 30}, "选择"),  # no key
        ({"source": "", "locator": "", "quote": ""}, "请选择一条条文"),
        ({"clause": "0" * 12}, "已经不在这一项里"),
        ({"clause": "first"}, "请只留一个"),
    ],
)
def test_a_faulty_figure_is_refused_at_its_row_and_kept_as_typed(editor, url, typed, words):
    page = editor.get(url)
    at = page.context["amounts"].initial_form_count()
    if typed.get("clause") == "first":
        typed = {"clause": page.context["amounts"].forms[0]["clause"].value()}
    row = FIGURE | typed_clause(STANDARD) | typed

    refused = editor.post(url, with_row(page, "amounts", **row))

    assert refused.status_code == 422
    errors = row_errors(refused, "amounts")
    assert list(errors) == [at]
    assert words in "".join(errors[at])
    assert f'id="row-amounts-{at}"' in refused.content.decode()
    assert words in visible_text(refused)
    assert refused.context["amounts"].forms[at]["value"].value() == row["value"]
    assert proposed("amounts") is None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"level": ""}, "必填"),
        ({"level": "moon"}, "选择"),
        ({"percent": "八成"}, "请写大于 0、不大于 100 的数"),
        ({"percent": "0"}, "请写大于 0、不大于 100 的数"),
        ({"percent": "100.5"}, "请写大于 0、不大于 100 的数"),
        ({"percent": "81"}, "81 不在所引原文之中"),
    ],
)
def test_a_faulty_share_is_refused_at_its_row(editor, url, typed, words):
    refused = editor.post(url, with_row(editor.get(url), "shares", **SHARE | typed_clause(SHARE_QUOTE) | typed))

    assert refused.status_code == 422
    assert words in "".join(row_errors(refused, "shares")[0])
    assert words in visible_text(refused)


@pytest.mark.parametrize(
    ("row", "words"),
    [({"level": "centre", "percent": "15"}, "中央有 2 个比例"), ({"level": "region", "percent": "80"}, "超过 100%")],
)
def test_the_row_that_makes_the_shares_of_one_cost_wrong_is_named(editor, url, row, words):
    data = with_row(editor.get(url), "shares", **SHARE, **typed_clause(SHARE_QUOTE)) | {"shares-TOTAL_FORMS": "1"}
    row = row | {"of_whom": "基本生活费"} | typed_clause(SHARE_QUOTE)

    errors = row_errors(editor.post(url, with_inline_row(data, "shares", **row)), "shares")

    assert list(errors) == [1]
    assert words in "".join(errors[1])


def test_more_rows_than_an_entry_can_have_are_refused(editor, url):
    data = with_row(editor.get(url), "shares", **SHARE, **typed_clause(SHARE_QUOTE)) | {"shares-TOTAL_FORMS": "1"}
    for at in range(40):
        data = with_inline_row(data, "shares", **SHARE | typed_clause(SHARE_QUOTE) | {"of_whom": f"第{at}项"})

    refused = editor.post(url, data)

    assert refused.status_code == 422
    assert 'href="#formset-shares"' in refused.content.decode()


def test_what_is_typed_in_a_row_is_kept_and_shown_again(editor, url):
    data = with_row(editor.get(url), "shares", percent="80", quote="中央分担")

    kept = editor.post(url, data | {"_autosave": "1", "typed": "0"})
    page = editor.get(url)

    assert kept.status_code == 200
    row = page.context["shares"].forms[0]
    assert (row["percent"].value(), row["quote"].value()) == ("80", "中央分担")
    assert "自动保存、尚未提交的内容" in visible_text(page)
    assert page.context["errors"] == []


def test_rows_are_merged_with_what_was_saved_meanwhile(editor, url):
    mine = with_row(editor.get(url), "shares", **SHARE, **typed_clause(SHARE_QUOTE))
    theirs = proposal_form_data(editor.get(url)) | {"amounts-0-DELETE": "on"}
    assert editor.post(url, theirs).status_code == 302
    left = [amount["label"] for amount in proposed("amounts")]

    refused = editor.post(url, mine)

    assert refused.status_code == 409
    assert [row.initial["label"] for row in refused.context["amounts"].initial_forms] == left
    assert editor.post(url, proposal_form_data(refused)).status_code == 302
    assert [amount["label"] for amount in proposed("amounts")] == left
    assert [share["percent"] for share in proposed("shares")] == ["80"]


def test_a_clause_that_was_taken_away_meanwhile_can_still_be_chosen_on_the_page_that_showed_it(editor, url):
    editor.post(url, with_row(editor.get(url), "shares", **SHARE, **typed_clause(SHARE_QUOTE)))
    page = editor.get(url)
    clause = page.context["shares"].forms[0]["clause"].value()
    mine = with_row(page, "shares", level="region", percent="15", of_whom="基本生活费", clause=clause)
    theirs = proposal_form_data(editor.get(url)) | {"shares-0-DELETE": "on"}
    assert editor.post(url, theirs).status_code == 302

    refused = editor.post(url, mine)

    assert refused.status_code == 409
    assert [row.initial["level"] for row in refused.context["shares"].initial_forms] == ["centre", "region"]


def field_form_data(page) -> dict:
    """Return what a browser sends for the untouched form of a few fields."""
    parts = page.context["parts"]
    data = {"seen": page.context["seen"]}
    for form in [parts.shares.management_form, *parts.all_forms()]:
        for box in form:
            value = box.value()
            if value is not None and value is not False and value != "":
                data[box.html_name] = value if isinstance(value, list) else str(getattr(value, "pk", value))
    return data


@pytest.fixture
def field_url(url) -> str:
    """The address of the form of who pays, alone."""
    return f"{url}?field=expenditure_responsibility"


def test_a_share_of_the_form_by_field_rests_on_the_new_clause(editor, field_url):
    clause = {"new-0-quote": SHARE_QUOTE, "new-0-source": Source.objects.get(code="seed-daily").pk}
    row = {f"shares-0-{name}": value for name, value in SHARE.items()}

    saved = editor.post(field_url, field_form_data(editor.get(field_url)) | row | clause)

    assert saved.status_code == 302, saved.context["errors"]
    (share,) = proposed("shares")
    assert (share["percent"], share["citation"]["quote"]) == ("80", SHARE_QUOTE)


def test_a_share_of_the_form_by_field_asks_for_its_clause_at_its_row(editor, field_url):
    row = {f"shares-0-{name}": value for name, value in SHARE.items()}

    refused = editor.post(field_url, field_form_data(editor.get(field_url)) | row)

    assert refused.status_code == 422
    assert "还没有新的条文" in "".join(row_errors(refused, "shares")[0])
    assert "还没有新的条文" in visible_text(refused)


def test_shares_that_were_not_touched_by_field_are_those_saved_meanwhile(editor, url, field_url):
    mine = field_form_data(editor.get(field_url))
    assert (
        editor.post(url, with_row(editor.get(url), "shares", **SHARE, **typed_clause(SHARE_QUOTE))).status_code == 302
    )

    refused = editor.post(field_url, mine)

    assert refused.status_code == 409
    assert [row.initial["percent"] for row in refused.context["shares"].initial_forms] == ["80"]


def test_shares_that_were_typed_by_field_are_shown_again_after_a_refusal(editor, url, field_url):
    clause = {"new-0-quote": SHARE_QUOTE, "new-0-source": Source.objects.get(code="seed-daily").pk}
    row = {f"shares-0-{name}": value for name, value in SHARE.items()}
    mine = field_form_data(editor.get(field_url)) | row | clause
    editor.post(url, proposal_form_data(editor.get(url)) | {"note": "别人的说明"})

    refused = editor.post(field_url, mine)

    assert refused.status_code == 409
    assert refused.context["shares"].forms[0]["percent"].value() == SHARE["percent"]
    assert editor.post(field_url, mine | {"seen": refused.context["seen"]}).status_code == 302
    assert [share["percent"] for share in proposed("shares")] == ["80"]


def test_no_admin_form_asks_for_json(db, admin_user):
    request = RequestFactory().get("/")
    request.user = admin_user
    asked = [
        (model.__name__, name)
        for model, options in admin.site._registry.items()
        for form in [
            options.get_form(request, change=not options.has_add_permission(request)),
            *(formset.form for formset, _ in options.get_formsets_with_inlines(request)),
        ]
        for name, field in form.base_fields.items()
        if isinstance(field, forms.JSONField)
    ]

    assert asked == []


def test_who_may_only_read_sees_the_words_of_a_definition(client, db):
    group = TargetGroup.objects.exclude(definition=None).first()
    client.force_login(make_user("zhao", "审计"))

    page = client.get(reverse("admin:services_targetgroup_change", args=[group.pk]))

    assert group.definition["text"] in visible_text(page)
    assert "{" not in visible_text(page).partition("界定")[2][:20]
