"""The assistants for 新增, 取消, 合并 and 拆分: services by name, codes given, contents and clauses carried over."""

import re

import pytest
from django.urls import reverse

from catalogue.models import Edition, Entry, Proposal
from catalogue.workflow import proposals
from catalogue.workflow.checks import codes
from services.models import Department, Domain, Service
from services.sources import Source
from tests.conftest import make_user
from tests.support.admin_forms import entry_change_url, visible_text
from tests.support.entries import NOTE_CHANGE, addition, withdrawal

pytestmark = pytest.mark.usefixtures("short_list")

ADD = reverse("admin:catalogue_proposal_add")
NUMBER = "内民政发〔2026〕18号"
TITLE = "关于规范社会救助项目的通知"
DOCUMENT = {"new-0-document-title": TITLE, "new-0-document-document_number": NUMBER}
DAY = {"effective_from": "2027年1月1日"}
NEW_NAME = "困难群众综合救助"


@pytest.fixture
def listed() -> dict[str, dict]:
    """The documents of the list that proposals change, by code."""
    return {document["code"]: document for document in Edition.objects.get(slug="2026").documents()}


@pytest.fixture
def pair(listed) -> list[str]:
    """Two services of one domain."""
    return [code for code in listed if code.startswith("NM-01")][:2]


def address(kind: str, *services: str) -> str:
    return f"{ADD}?kind={kind}" + "".join(f"&service={code}" for code in services)


def sent(page) -> dict:
    """Return what a browser sends for the untouched form."""
    data = {"seen": page.context["seen"]}
    for form in page.context["assistant"].all_forms():
        for box in form:
            value = box.value()
            values = value if isinstance(value, list) else [value]
            if value not in (None, False, "", []):
                data[box.html_name] = [str(getattr(item, "pk", item)) for item in values]
    if not data.get("department"):
        data["department"] = str(page.context["head"].fields["department"].queryset.get(code="civil-affairs").pk)
    return data


def key(code: str) -> str:
    return str(Service.objects.get(code=code).pk)


def draft_of(editor, url: str, **typed: object) -> Proposal:
    saved = editor.post(url, sent(editor.get(url)) | DOCUMENT | DAY | typed)
    assert saved.status_code == 302, saved.context["errors"] + [saved.context["reasons"]]
    return Proposal.objects.get()


def add_typed(**changes: object) -> dict:
    clause = f"新增{NEW_NAME}，由民政部门牵头，每年一次。"
    return {
        "domain": str(Domain.objects.get(code="NM-01").pk),
        "name": NEW_NAME,
        "content": "每年一次",
        "new-0-quote": clause,
        "new-0-locator": "第一条",
        **changes,
    }


def lead_pk(page) -> str:
    return str(page.context["assistant"].subject.fields["lead_department"].queryset.get(code="civil-affairs").pk)


# The start


def test_the_home_page_and_an_entry_lead_to_the_assistants(editor, pair):
    home = editor.get(reverse("admin:index")).content.decode()
    entry = Entry.objects.get(service__code=pair[0], edition__slug="2026")
    page = visible_text(editor.get(entry_change_url(entry)))

    assert all(f'href="{address(kind)}"' in home for kind in ("add", "withdraw", "merge", "split"))
    assert all(f"{label}这个项目" in page for label in ("取消", "合并", "拆分"))


def test_a_search_box_finds_a_service_by_its_name(editor, pair, listed):
    box = {"app_label": "catalogue", "model_name": "entry", "field_name": "service", "term": listed[pair[0]]["name"]}

    found = editor.get(reverse("admin:autocomplete"), box).json()["results"]

    assert f"{listed[pair[0]]['name']}（{pair[0]}）" in [row["text"] for row in found]


@pytest.mark.parametrize("query", ["kind=withdraw&service=NM-99-99", "kind=merge&service=%00&service=x"])
def test_an_unknown_service_is_not_found(editor, query):
    assert editor.get(f"{ADD}?{query}").status_code == 404


# 取消


def test_a_withdrawal_is_one_page_and_can_be_submitted_at_once(editor, pair, listed):
    ended, follows = pair

    proposal = draft_of(editor, address("withdraw", ended), successors=[key(follows)])

    entry = proposal.entries.get()
    assert (entry.service, entry.action, entry.successors) == (ended, "withdraw", [follows])
    assert (proposal.kind, proposal.reason, proposal.document_number) == ("withdraw", f"依据《{TITLE}》。", NUMBER)
    assert proposal.title == f"取消“{listed[ended]['name']}”"
    assert Source.objects.get(document_number=NUMBER).title == TITLE
    assert proposals.faults(proposal) == []
    page = editor.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk]))
    assert f"由以下项目承接：{follows} {listed[follows]['name']}" in visible_text(page)


def test_a_withdrawal_asks_for_nothing_else(editor, pair):
    page = editor.get(address("withdraw", pair[0]))

    names = {name for form in page.context["assistant"].all_forms() for name in form.fields}
    assert names == {
        "services", "successors", "without", "source", "title", "document_number", "date", "kind", "read_in",
        "department", "reason", "effective_from",
    }  # fmt: skip


def test_without_a_successor_the_reason_is_asked_for_and_kept(editor, pair):
    url = address("withdraw", pair[0])
    refused = editor.post(url, sent(editor.get(url)) | DOCUMENT | DAY)
    assert refused.status_code == 422
    assert "请选择由哪些项目承接" in visible_text(refused)
    assert not Proposal.objects.exists()

    proposal = draft_of(editor, url, without="所据规定已经废止")

    assert proposal.reason == f"依据《{TITLE}》。\n没有承接项目：所据规定已经废止"


def test_neither_reason_nor_document_is_refused(editor, pair):
    url = address("withdraw", pair[0])

    refused = editor.post(url, sent(editor.get(url)) | DAY | {"without": "废止"})

    assert "请写明理由，或者选择所依据的文件" in visible_text(refused)


def test_what_is_withdrawn_does_not_follow_itself(editor, pair):
    url = address("withdraw", pair[0])

    refused = editor.post(url, sent(editor.get(url)) | DOCUMENT | DAY | {"successors": [key(pair[0])]})

    assert f"{pair[0]} 要取消，不能承接" in visible_text(refused)


def test_a_service_of_another_department_is_refused_by_name(client, listed):
    client.force_login(make_user("qian", "编辑", departments=["finance"]))
    code = next(code for code in listed if (listed[code]["lead_department"] or {}).get("code") != "finance")
    page = client.get(address("withdraw"))
    data = {"seen": page.context["seen"], "services": [key(code)], "without": "废止"}

    refused = client.post(address("withdraw"), data | DOCUMENT | DAY)

    assert f"{listed[code]['name']}（{code}）由{listed[code]['lead_department']['name']}牵头" in visible_text(refused)
    assert not Proposal.objects.exists()


def test_the_only_department_of_an_editor_is_not_asked_for(client, listed):
    client.force_login(make_user("qian", "编辑", departments=["civil-affairs"]))
    page = client.get(address("withdraw"))
    department = page.context["head"]["department"]

    assert department.is_hidden
    assert department.value() == Department.objects.get(code="civil-affairs").pk


def test_a_merger_with_a_service_of_another_department_goes_back_to_the_choice(client, listed):
    client.force_login(make_user("qian", "编辑", departments=["finance"]))
    url = address("merge", *list(listed)[:2])

    page, refused = client.get(url), client.post(url, {"services": [key(code) for code in list(listed)[:2]]})

    assert "合并哪些项目" in visible_text(page)
    assert "不能由您提出" in visible_text(refused)


def test_the_form_of_the_head_leads_to_the_other_kinds(editor, pair):
    page = editor.get(f"{ADD}?service={pair[0]}")

    assert list(page.context["form"].fields["kind"].choices) == [("change", "调整")]
    assert f'href="?service={pair[0]}&amp;kind=withdraw"' in page.content.decode()


def test_pressing_the_button_twice_drafts_one_proposal(editor, pair):
    url = address("withdraw", pair[0])
    data = sent(editor.get(url)) | DOCUMENT | DAY | {"successors": [key(pair[1])]}

    first, second = editor.post(url, data), editor.post(url, data)

    assert first["Location"] == second["Location"]
    assert Proposal.objects.count() == 1


def test_successors_are_changed_by_name(editor, make_proposal, pair, listed):
    proposal = make_proposal(withdrawal(pair[0], pair[1]), addition("NM-05-05"), kind="split")
    url = reverse("admin:catalogue_proposal_entry", args=[proposal.pk, pair[0]])
    page = editor.get(url)
    assert f"{listed[pair[1]]['name']}（{pair[1]}）" in visible_text(page)
    assert "基本殡葬服务（NM-05-05）" in visible_text(page)

    saved = editor.post(url, {"seen": page.context["seen"], "added": ["NM-05-05"]})

    assert saved.status_code == 302
    assert proposal.entries.get(service=pair[0]).successors == ["NM-05-05"]


# 新增


def test_a_new_service_gets_the_next_code_and_one_clause_supports_what_is_filled_in(editor):
    given = codes.free_codes("NM-01")[0]
    page = editor.get(address("add"))
    assert f"代码将是 {given}" in visible_text(page)

    proposal = draft_of(editor, address("add"), **add_typed(lead_department=lead_pk(page)))

    entry = proposal.entries.get()
    data = entry.entry_data
    assert (entry.service, entry.action, data["code"]) == (given, "add", given)
    assert {citation["field"] for citation in data["citations"]} == {"name", "domain", "lead_department", "content"}
    assert data["verification"]["name"] == "verbatim"
    assert proposals.faults(proposal) == []
    shown = visible_text(editor.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk])))
    assert "7 项内容未知" in shown
    assert re.search(r"序号\s*［", shown) is None, "the edition that includes it gives it a number"


def test_a_field_that_the_clause_does_not_support_has_no_source(editor):
    page = editor.get(address("add"))

    proposal = draft_of(
        editor, address("add"),
        **add_typed(lead_department=lead_pk(page)) | {"new-0-supports": ["name", "domain", "lead_department"]},
    )  # fmt: skip

    assert {fault.field for fault in proposals.faults(proposal)} == {"content"}


@pytest.mark.parametrize("change", ["", " ", "ｗ"])
def test_a_name_that_is_listed_is_refused_by_code(editor, listed, pair, change):
    name = listed[pair[0]]["name"]
    typed = add_typed(name=f"{name}{change}".strip("ｗ"))

    refused = editor.post(address("add"), sent(editor.get(address("add"))) | DOCUMENT | DAY | typed)

    assert f"“{typed['name'].strip()}”已经在清单中：{pair[0]} {name}" in visible_text(refused)
    assert not Proposal.objects.exists()


def test_a_code_is_given_once_also_by_open_proposals_but_again_after_a_void_one(make_proposal, listed):
    first = codes.free_codes("NM-01")[0]
    proposal = make_proposal(addition(first), kind="add")

    assert first not in codes.free_codes("NM-01", 3)
    assert codes.next_codes()["NM-01"] == codes.free_codes("NM-01")[0]
    Proposal.objects.filter(pk=proposal.pk).update(state="void")
    assert codes.free_codes("NM-01")[0] == first


def test_a_code_that_was_used_in_an_earlier_edition_is_not_given(listed):
    last = max(code for code in Service.objects.values_list("code", flat=True) if code.startswith("NM-01-"))

    assert codes.free_codes("NM-01")[0] > last


def test_a_typed_code_may_be_full_width_and_lower_case_and_a_used_one_is_refused_at_once(editor, make_proposal, listed):
    proposal = make_proposal(NOTE_CHANGE)
    Proposal.objects.update(kind="split")
    url = reverse("admin:catalogue_proposal_new_entry", args=[proposal.pk])
    seen = {"seen": editor.get(url).context["seen"]}
    used = next(iter(set(listed) - {"NM-01-07"}))

    number = make_proposal(addition("NM-05-91"), kind="add").number
    other = editor.post(url, seen | {"action": "add", "new_code": "NM-05-91"})
    redirected = editor.post(url, seen | {"action": "add", "new_code": "ｎｍ－０５－９０"})
    refused = editor.post(url, seen | {"action": "add", "new_code": used.lower()})

    assert "/entries/NM-05-90/" in redirected["Location"]
    assert f"第 {number} 号建议要用 NM-05-91" in visible_text(other)
    assert f"{used} 已经用过：{listed[used]['name']}" in visible_text(refused)


# 合并


def test_services_to_merge_are_chosen_first(editor, pair):
    url = address("merge", pair[0])

    refused = editor.post(url, {"services": [key(pair[0])]})
    chosen = editor.post(url, {"services": [key(code) for code in pair]})

    assert "合并至少要选两个项目" in visible_text(refused)
    assert chosen["Location"] == address("merge", *pair)
    page = visible_text(editor.get(chosen["Location"]))
    assert all(code in page for code in pair)


def merge_typed(**changes: str) -> dict:
    return {"own_name": NEW_NAME, "new-0-quote": f"合并为{NEW_NAME}。", "new-0-locator": "第二条"} | changes


def test_a_merger_carries_contents_and_clauses_over_and_names_the_successor(editor, pair, listed):
    given = codes.free_codes("NM-01")[0]

    proposal = draft_of(editor, address("merge", *pair), **merge_typed(choice_content=pair[1]))

    entries = {entry.service: entry for entry in proposal.entries.all()}
    assert set(entries) == {*pair, given}
    assert all(entries[code].successors == [given] for code in pair)
    data = entries[given].entry_data
    assert (data["name"], data["content"]) == (NEW_NAME, listed[pair[1]]["content"])
    carried = [citation["quote"] for citation in listed[pair[1]]["citations"] if citation["field"] == "content"]
    assert [each["quote"] for each in data["citations"] if each["field"] == "content"] == carried
    assert data["verification"]["content"] == listed[pair[1]]["verification"]["content"]
    assert [each["quote"] for each in data["citations"] if each["field"] == "name"] == [f"合并为{NEW_NAME}。"]
    assert data["name_en"] is None
    assert [fault for fault in proposals.faults(proposal) if fault.field in ("kind", "code", "successors")] == []


def test_joined_texts_stand_one_after_the_other_with_all_their_clauses(editor, pair, listed):
    proposal = draft_of(editor, address("merge", *pair), **merge_typed(choice_content="joined"))

    data = proposal.entries.get(action="add").entry_data
    assert data["content"] == "\n".join(listed[code]["content"] for code in pair)
    kept = {each["quote"] for each in data["citations"] if each["field"] == "content"}
    assert kept == {each["quote"] for code in pair for each in listed[code]["citations"] if each["field"] == "content"}


def test_what_is_not_carried_is_unknown_and_told(editor, pair):
    proposal = draft_of(editor, address("merge", *pair), **merge_typed(choice_content="none", choice_standard="none"))

    data = proposal.entries.get(action="add").entry_data
    assert (data["content"], data["standard"], data["amounts"]) == (None, None, [])
    assert not {each["field"] for each in data["citations"]} & {"content", "standard"}
    shown = visible_text(editor.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk])))
    assert "项内容未知" in shown
    assert "服务内容、服务标准" in shown


def test_a_merger_goes_on_under_an_old_code(editor, pair):
    proposal = draft_of(editor, address("merge", *pair), **merge_typed(goes_on=pair[0]))

    entries = {entry.service: entry for entry in proposal.entries.all()}
    assert {code: entry.action for code, entry in entries.items()} == {pair[0]: "change", pair[1]: "withdraw"}
    assert entries[pair[1]].successors == [pair[0]]
    assert entries[pair[0]].entry_data["name"] == NEW_NAME
    assert not [fault for fault in proposals.faults(proposal) if fault.field in ("kind", "code", "successors")]


def test_an_own_text_must_be_chosen_and_a_chosen_one_written(editor, pair):
    url = address("merge", *pair)
    data = sent(editor.get(url)) | DOCUMENT | DAY

    missing = editor.post(url, data | {"choice_content": "own"})
    unchosen = editor.post(url, data | merge_typed(own_content="另写", choice_content=pair[0]))

    assert "选了自拟，请写下“服务内容”" in visible_text(missing)
    assert "写了自拟的“服务内容”" in visible_text(unchosen)


# 拆分


def test_a_split_names_its_parts_and_carries_contents_over(editor, pair, listed):
    given = codes.free_codes("NM-01", 2)
    first, second = f"{NEW_NAME}（一）", f"{NEW_NAME}（二）"

    proposal = draft_of(
        editor, address("split", pair[0]),
        **{"part-1-name": first, "part-2-name": second, "part-2-carry": ["lead_department"]},
        **{"new-0-quote": f"分为{first}和{second}。"},
    )  # fmt: skip

    entries = {entry.service: entry for entry in proposal.entries.all()}
    assert set(entries) == {pair[0], *given}
    assert entries[pair[0]].successors == given
    assert [entries[code].entry_data["name"] for code in given] == [first, second]
    assert entries[given[0]].entry_data["content"] == listed[pair[0]]["content"]
    assert entries[given[1]].entry_data["content"] is None
    assert entries[given[1]].entry_data["verification"]["name"] == "verbatim"
    assert proposals.faults(proposal) == []


def test_the_first_part_may_go_on_under_the_old_code(editor, pair):
    proposal = draft_of(
        editor, address("split", pair[0]),
        **{"part-1-name": "甲项救助", "part-2-name": "乙项救助", "goes_on": "on", "new-0-quote": "甲项救助、乙项救助"},
    )  # fmt: skip

    actions = sorted(proposal.entries.values_list("action", flat=True))
    assert actions == ["add", "change"]
    assert proposals.faults(proposal) == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"part-1-name": "甲项救助"}, "第 2 个项目的名称"),
        ({"part-1-name": "甲项救助", "part-2-name": "甲项 救助"}, "“甲项 救助”写了两次"),
    ],
)
def test_a_split_has_two_parts_of_different_names(editor, pair, typed, words):
    url = address("split", pair[0])

    refused = editor.post(url, sent(editor.get(url)) | DOCUMENT | DAY | typed)

    assert refused.status_code == 422
    assert words in visible_text(refused)


# Whatever the kind


@pytest.mark.parametrize("kind", ["add", "withdraw", "merge", "split"])
@pytest.mark.parametrize("typed", ["\0", "x", "9" * 40, "-1", "\u200b", "x" * 6000])
def test_what_no_browser_sends_is_refused_and_no_server_error(editor, pair, kind, typed):
    services = {"add": [], "withdraw": pair[:1], "merge": pair, "split": pair[:1]}[kind]
    url = address(kind, *services)
    data = sent(editor.get(url))

    refused = editor.post(url, dict.fromkeys(data, typed) | {"seen": data["seen"]})

    assert refused.status_code == 422
    assert "没有保存，请先改正" in visible_text(refused)
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("kind", ["merge", "split"])
@pytest.mark.parametrize("typed", ["\0", "x", "9" * 40, ""])
def test_what_no_browser_sends_is_refused_where_services_are_chosen(editor, kind, typed):
    assert editor.post(address(kind), {"services": [typed]}).status_code == 422


def test_a_form_of_another_edition_is_refused_and_keeps_the_input(editor, pair):
    url = address("withdraw", pair[0])

    refused = editor.post(url, sent(editor.get(url)) | DOCUMENT | DAY | {"without": "废止", "seen": "x"})

    assert refused.status_code == 409
    assert refused.context["assistant"].subject["without"].value() == "废止"


def test_both_of_two_open_proposals_on_a_service_name_the_other(editor, make_proposal, listed):
    first, second = make_proposal(NOTE_CHANGE, title="甲"), make_proposal(NOTE_CHANGE, title="乙")

    for one, other in ((first, second), (second, first)):
        shown = visible_text(editor.get(reverse("admin:catalogue_proposal_change", args=[one.pk])))
        assert f"NM-01-07 {listed['NM-01-07']['name']}：" in shown
        assert f"第 {other.number} 号" in shown
        assert f"“{other.title}”" in shown


def test_a_proposal_without_services_says_what_to_add(editor, make_proposal):
    proposal = make_proposal(NOTE_CHANGE, kind="add")

    shown = visible_text(editor.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk])))

    assert "请先加入要新增的项目" in shown
