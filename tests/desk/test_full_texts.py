"""Full texts of documents: uploaded or pasted on the desk, never public, and compared with the quotes of clauses."""

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalogue.models import Attachment, Event, SourceText
from services.sources import Source
from tests.conftest import make_user
from tests.desk.test_proposals import page, take
from tests.support.admin_forms import form_data, visible_text
from tests.support.entries import standard_change

TEXT = "第一条　自2027年起执行。\n第二条　孤儿集中供养每人每月2300元。"
ADD = reverse("admin:services_source_add")
QUOTE = reverse("admin:services_source_quote")


@pytest.fixture
def source(db) -> Source:
    return Source.objects.get(code="seed-daily")


def page_of(source: Source) -> str:
    return reverse("admin:services_source_change", args=[source.pk])


def text_of(source: Source) -> str | None:
    stored = SourceText.objects.filter(source=source).first()
    return stored and bytes(stored.attachment.content).decode()


def save(client: Client, source: Source, **changes: object):
    return client.post(page_of(source), form_data(client.get(page_of(source)), **changes))


def file(content: bytes, name: str = "通知.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_text_file_is_kept_as_an_attachment(admin_client, source, encoding):
    content = TEXT.replace("\n", "\r\n").encode(encoding)

    assert save(admin_client, source, text_file=file(content)).status_code == 302

    assert text_of(source) == TEXT
    assert Attachment.objects.get().digest in Event.objects.get(field="full_text").after
    shown = visible_text(admin_client.get(page_of(source)))
    assert "查看全文" in shown and Attachment.objects.get().digest[:12] in shown
    assert TEXT in admin_client.get(reverse("admin:services_source_text", args=[source.pk])).content.decode()


def test_a_pasted_text_replaces_the_one_before_and_can_be_taken_away(admin_client, source):
    for text in ("第一稿", "零宽\u200b字符\r\n第二行\x0c第三行"):
        assert save(admin_client, source, pasted_text=text).status_code == 302
    assert text_of(source) == "零宽字符\n第二行\n第三行"

    assert save(admin_client, source, without_text="on").status_code == 302

    assert text_of(source) is None
    assert Event.objects.filter(field="full_text").count() == 3


def test_a_new_document_may_come_with_its_text(admin_client, db):
    columns = {"title": "通知", "kind": "regional-policy", "jurisdiction": "inner-mongolia", "extent_read": "full"}
    data = form_data(admin_client.get(ADD), code="", pasted_text=TEXT, **columns)

    assert admin_client.post(ADD, data).status_code == 302

    assert text_of(Source.objects.get(code="doc-1")) == TEXT


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"text_file": file(b"")}, "空白"),
        ({"text_file": file("\u200b \n".encode())}, "空白"),
        ({"text_file": file(TEXT.encode("utf-16"))}, "UTF-8 或 GB18030"),
        ({"text_file": file(b"%PDF-1.7\x00\xff\xfe\x81")}, "UTF-8 或 GB18030"),
        ({"text_file": file(b"a" * (2 * 1024 * 1024 + 1))}, "不能超过 2 MB"),
        ({"text_file": file("甲\0乙".encode())}, "空字符"),
        ({"pasted_text": "甲\0乙"}, "空字符"),
        ({"pasted_text": "长" * 700_000}, "不能超过 2 MB"),
        ({"text_file": file("甲".encode()), "pasted_text": "乙"}, "只留一份"),
    ],
)
def test_what_is_no_text_is_refused_with_a_sentence(admin_client, source, sent, words):
    # Read by an earlier case.
    for value in sent.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)

    answer = save(admin_client, source, **sent)

    assert answer.status_code == 200
    assert words in visible_text(answer)
    assert not SourceText.objects.exists()


def test_a_text_survives_the_error_of_another_box_and_a_conflict(admin_client, source):
    refused = save(admin_client, source, text_file=file(TEXT.encode()), url="ftp://x")
    assert refused.status_code == 200
    assert form_data(refused)["pasted_text"].replace("\r\n", "\n") == TEXT

    stale = form_data(admin_client.get(page_of(source)), text_file=file(TEXT.encode()))
    assert save(admin_client, source, pasted_text="对方的全文").status_code == 302
    conflict = admin_client.post(page_of(source), stale)

    assert conflict.status_code == 409 and text_of(source) == "对方的全文"
    assert admin_client.post(page_of(source), form_data(conflict)).status_code == 302
    assert text_of(source) == TEXT


def test_a_text_is_seen_on_the_desk_alone_and_written_by_who_may_change_the_document(admin_client, client, source):
    save(admin_client, source, pasted_text=TEXT)
    address = reverse("admin:services_source_text", args=[source.pk])
    assert client.get(address).status_code == 302
    assert "2300" not in client.get(f"/api/v1/sources/{source.code}/").content.decode()

    client.force_login(make_user("bian", "编辑", departments=["civil-affairs"]))

    assert "2300" in client.get(address).content.decode()
    assert "粘贴全文" not in visible_text(client.get(page_of(source)))
    assert client.post(page_of(source), {"pasted_text": "另一份"}).status_code == 403
    other = reverse("admin:services_source_text", args=[Source.objects.get(code="seed-plan").pk])
    assert client.get(other).status_code == 404


@pytest.mark.parametrize(
    ("quote", "found", "words"),
    [
        ("孤儿集中供养每人每月２，３００元", True, "引文与全文一致"),
        ("自2027年起……每月2300元", True, "引文与全文一致"),
        ("每月2300元……自2027年起", False, "全文中找不到：“自2027年起”"),
        ("每人每月2400元。", False, "全文中找不到：“每人每月2400元。”"),
        ("  ", None, ""),
    ],
)
def test_a_quote_is_compared_as_one_types(admin_client, client, source, quote, found, words):
    save(admin_client, source, pasted_text=TEXT)
    client.force_login(make_user("bian", "编辑", departments=["civil-affairs"]))

    answer = client.post(QUOTE, {"source": source.pk, "quote": quote}).json()

    assert answer["found"] == found and words in answer["message"]


@pytest.mark.parametrize("key", ["", "0", "x", "9" * 30, "1\0", "²"])
def test_a_quote_of_no_document_is_answered_with_nothing(admin_client, db, key):
    assert admin_client.post(QUOTE, {"source": key, "quote": "甲"}).json() == {"found": None, "message": ""}


def test_only_who_writes_proposals_may_ask_with_a_csrf_token(client, source):
    assert client.post(QUOTE, {"source": source.pk, "quote": "甲"}).status_code == 302
    client.force_login(make_user("shen", "审计"))
    assert client.post(QUOTE, {"source": source.pk, "quote": "甲"}).status_code == 403
    editor = make_user("bian", "编辑", departments=["civil-affairs"])
    client.force_login(editor)
    assert client.get(QUOTE).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(editor)
    assert strict.post(QUOTE, {"source": source.pk, "quote": "甲"}).status_code == 403


def test_the_forms_of_a_proposal_compare_by_script(client, db):
    client.force_login(make_user("bian", "编辑", departments=["civil-affairs"]))

    shown = client.get(reverse("admin:catalogue_proposal_add"), {"service": "NM-01-07", "field": "standard"})

    assert f'data-quotes="{QUOTE}"' in shown.content.decode() and "desk/quotes.js" in shown.content.decode()


@pytest.mark.usefixtures("short_list")
def test_proposer_and_approver_are_told_of_a_quote_that_the_text_does_not_contain(
    admin_client, client, people, make_proposal, source
):
    waiting, draft = make_proposal(to="approving"), make_proposal(standard_change(standard="每人每月2300元"))
    save(admin_client, source, pasted_text=TEXT)

    for name, role, proposal, step in (("wang", "编辑", draft, "submit"), ("zhao", "审批", waiting, "approve")):
        people[name].groups.add(Group.objects.get(name=role))
        client.force_login(people[name])
        assert "全文中找不到：“自2027起执行。" in visible_text(client.get(page(proposal)))
        refused = take(client, proposal, step)
        assert refused.status_code == 409 and "全文中找不到" in visible_text(refused)
