"""Cases on the desk: listed as sentences, and added, changed and withdrawn as part of a proposal."""

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalogue.models import Case, DraftInput, Edition, Proposal, ProposedCase
from catalogue.workflow import cases, proposals
from services.models import Department
from services.text.json_text import canonical_json
from tests.support.admin_forms import visible_text

LIST = "admin:catalogue_case_changelist"


@pytest.fixture
def desk(client, people):
    """The desk as ``wang``, an editor of all departments."""
    people["wang"].groups.add(Group.objects.get(name="编辑"))
    client.force_login(people["wang"])
    return client


@pytest.fixture
def proposal(make_proposal) -> Proposal:
    return make_proposal(department=Department.objects.get(code="health-commission"))


def old_case(service: str = "NM-05-01", outcome: str = "eligible") -> Case:
    return Edition.objects.get(slug="2026").cases.filter(expected={service: outcome}).first()


def clause(case: Case, service: str = "NM-05-01") -> str:
    return canonical_json([case.because[service]["source"], case.because[service]["locator"]])


def sent(page, **values: object) -> dict[str, object]:
    """Return what a browser sends for the form of a case."""
    form = page.context["form"]
    data = {"seen": page.context["seen"], "typed": page.context["typed"].revision, "services": form.services}
    for box in form:
        value = box.value()
        if value not in (None, "", []):
            # A browser sends the boxes that are ticked in the order of the page.
            order = [code for code, _ in getattr(box.field, "choices", ())]
            data[box.html_name] = sorted(value, key=order.index) if isinstance(value, list) else value
    return data | {f"case-{name}": value for name, value in values.items()}


def new_url(proposal: Proposal) -> str:
    return reverse("admin:catalogue_proposal_new_case", args=[proposal.pk]) + "?service=NM-05-01"


def case_url(proposal: Proposal, code: str) -> str:
    return reverse("admin:catalogue_proposal_case", args=[proposal.pk, code])


def new_case(**values: object) -> dict[str, object]:
    typed = {"fact-age": "90", "fact-months_resident": "12", "outcome-NM-05-01": "eligible"}
    return typed | {"clause-NM-05-01": clause(old_case())} | values


def test_the_list_says_cases_as_sentences(desk):
    page = desk.get(reverse(LIST), {"edition": "2026", "service": "NM-05-01", "outcome": "not_eligible"})

    text = visible_text(page)
    assert "周岁" in text and "NM-05-01 老年人健康管理 → 不符合，因为《" in text
    assert all(case.expected["NM-05-01"] == "not_eligible" for case in page.context["cl"].result_list)


@pytest.mark.parametrize("query", [{"service": "NM-99-99"}, {"outcome": "maybe"}])
def test_an_unknown_filter_is_told(desk, query):
    page = desk.get(reverse(LIST), query, follow=True)

    assert page.status_code == 200
    assert "没有按它筛选" in page.content.decode()


def test_the_list_makes_as_many_queries_for_more_cases(desk, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        desk.get(reverse(LIST), {"edition": "2026"})
    with django_assert_max_num_queries(14):
        desk.get(reverse(LIST), {"edition": "2026", "service": "NM-05-01"})


def test_a_case_is_added_by_names(desk, proposal):
    page = desk.get(new_url(proposal))
    assert "不知道" in visible_text(page)

    answer = desk.post(new_url(proposal), sent(page, **new_case()))

    assert answer.status_code == 302
    added = ProposedCase.objects.get()
    assert (added.action, added.circumstances) == ("add", {"age": 90, "months_resident": 12})
    assert added.because["NM-05-01"] == old_case().because["NM-05-01"]
    text = visible_text(desk.get(answer["Location"]))
    assert "年龄90周岁" in text and "NM-05-01 老年人健康管理 → 符合，因为《" in text
    assert not any(fault.field == "cases" for fault in proposals.faults(proposal))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"fact-age": "900"}, "130"),
        ({"fact-age": "5", "fact-married": "yes"}, "没有这样的人"),
        ({"fact-household": ["none", "dibao"]}, "不能与其他值同时出现"),
        ({"clause-NM-05-01": ""}, "请选择使结论如此的条文"),
        ({"clause-NM-05-01": '["seed-plan","第九章"]'}, "选择一个有效的选项"),
        ({"outcome-NM-05-01": ""}, "请写明至少一个服务项目的结论"),
    ],
)
def test_a_faulty_case_is_told_above_the_form_and_what_was_typed_stays(desk, proposal, values, words):
    page = desk.get(new_url(proposal))

    answer = desk.post(new_url(proposal), sent(page, **new_case(**values)))

    assert answer.status_code == 422
    assert any(words in message for _, _, message in answer.context["errors"])
    assert not ProposedCase.objects.exists()
    assert desk.get(new_url(proposal)).context["typed"].is_restored


def test_what_is_typed_is_kept_and_gone_after_saving(desk, proposal):
    page = desk.get(new_url(proposal))

    kept = desk.post(new_url(proposal), sent(page, **new_case()) | {"_autosave": "1"})

    assert "已保存" in kept.json()["message"]
    page = desk.get(new_url(proposal))
    assert page.context["form"]["fact-age"].value() == "90"
    desk.post(new_url(proposal), sent(page))
    assert ProposedCase.objects.exists() and not DraftInput.objects.exists()


def test_another_service_is_added_to_a_case(desk, proposal):
    page = desk.get(new_url(proposal))

    answer = desk.post(new_url(proposal), sent(page, **new_case(more="NM-05-02")) | {"_more": "加上"}, follow=True)

    assert answer.context["form"].services == ["NM-05-01", "NM-05-02"]
    assert answer.context["form"]["fact-age"].value() == "90"
    assert not answer.context["errors"]


def test_a_case_is_changed(desk, proposal):
    case = old_case()
    page = desk.get(case_url(proposal, case.code))
    assert page.context["form"]["fact-age"].value() == case.circumstances["age"]

    desk.post(case_url(proposal, case.code), sent(page, **{"fact-age": "99"}))

    change = ProposedCase.objects.get()
    assert (change.code, change.action, change.circumstances["age"]) == (case.code, "change", 99)


def test_an_unchanged_case_is_no_change(desk, proposal):
    case = old_case()
    page = desk.get(case_url(proposal, case.code))

    desk.post(case_url(proposal, case.code), sent(page))

    assert not ProposedCase.objects.exists()


@pytest.mark.parametrize("slug", ["2026"])
def test_every_case_of_the_list_goes_through_the_form_unchanged(desk, proposal, slug):
    step = Edition.objects.get(slug=slug).cases.count() // 12
    for case in Edition.objects.get(slug=slug).cases.all()[::step]:
        page = desk.get(case_url(proposal, case.code))
        assert desk.post(case_url(proposal, case.code), sent(page)).status_code == 302, case.code
    assert not ProposedCase.objects.exists()


def test_a_case_is_withdrawn_and_the_withdrawal_taken_back(desk, proposal):
    case = old_case()
    page = desk.get(case_url(proposal, case.code))

    answer = desk.post(case_url(proposal, case.code), sent(page) | {"_withdraw": "撤下这个案例"}, follow=True)
    assert ProposedCase.objects.get().action == "withdraw"
    remove = reverse("admin:catalogue_proposal_remove_case", args=[proposal.pk, case.code])
    desk.post(remove, {"seen": answer.context["seen"]})

    assert not ProposedCase.objects.exists()


def test_a_change_made_meanwhile_is_not_overwritten(desk, proposal, act):
    page = desk.get(new_url(proposal))
    proposals.amend(proposal, entries=[], context=act("root"), title="另一个标题")

    answer = desk.post(new_url(proposal), sent(page, **new_case()))

    assert answer.status_code == 409
    assert not ProposedCase.objects.exists()
    assert answer.context["form"]["fact-age"].value() == "90"
    assert desk.post(new_url(proposal), sent(answer)).status_code == 302


def test_a_case_that_contradicts_its_rule_is_told_on_the_page_of_the_proposal(desk, proposal):
    page = desk.get(new_url(proposal))

    answer = desk.post(new_url(proposal), sent(page, **new_case(**{"fact-age": "64"})), follow=True)

    text = visible_text(answer)
    assert f"写的是“符合”，按享受条件是“{cases.OUTCOME_LABELS['not_eligible']}”" in text


def test_services_of_other_departments_are_not_offered(client, people):
    people["bao"].groups.add(Group.objects.get(name="编辑"))
    client.force_login(people["bao"])
    own = Proposal.objects.create(
        number=99, kind="change", region=Edition.objects.get(slug="2026").region, title="一", reason="一",
        department=Department.objects.get(code="finance"), effective_from="2027-01-01", proposer=people["bao"],
        handler=people["bao"],
    )  # fmt: skip

    page = client.get(new_url(own))

    assert page.context["form"].services == []
    assert [value for value, _ in page.context["form"].fields["more"].choices] == [""]


def test_only_a_draft_is_edited_and_only_an_existing_case(desk, proposal, make_proposal):
    submitted = make_proposal(to="assessing", department=Department.objects.get(code="health-commission"))

    assert desk.get(new_url(submitted)).status_code == 409
    assert desk.get(case_url(proposal, "NM-99-99")).status_code == 404


def test_a_case_leads_to_a_proposal(desk):
    case = old_case()
    page = desk.get(reverse("admin:catalogue_case_change", args=[case.pk]))
    assert "另提一件建议" in visible_text(page)
    head = reverse("admin:catalogue_proposal_add") + f"?case={case.code}"
    typed = {
        "seen": desk.get(head).context["seen"], "kind": "change", "title": "改案例", "reason": "条文写错", "typed": "0",
        "department": Department.objects.get(code="health-commission").pk, "effective_from": "2027-01-01",
    }  # fmt: skip

    answer = desk.post(head, typed)

    assert answer["Location"] == case_url(Proposal.objects.get(), case.code)


def test_an_auditor_reads_cases_and_cannot_change_them(client, people):
    people["li"].groups.add(Group.objects.get(name="审计"))
    client.force_login(people["li"])
    page = client.get(reverse("admin:catalogue_case_change", args=[old_case().pk]))

    assert page.status_code == 200
    assert "另提一件建议" not in visible_text(page)
    assert client.post(reverse("admin:catalogue_case_delete", args=[old_case().pk])).status_code == 403


def import_url(proposal: Proposal) -> str:
    return reverse("admin:catalogue_proposal_import_cases", args=[proposal.pk])


def uploaded(desk, proposal: Proposal, *replaced: tuple[str, str]):
    """Upload the exported cases of the newest edition with some text replaced; return the preview."""
    exported = desk.get(reverse("admin:catalogue_case_export", args=["csv"]), {"edition": "2026"})
    text = b"".join(exported.streaming_content if exported.streaming else [exported.content]).decode()
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    page = desk.get(import_url(proposal))
    file = SimpleUploadedFile("案例.csv", text.encode())
    return desk.post(import_url(proposal), {"seen": page.context["seen"], "file": file})


def test_a_table_of_cases_is_previewed_and_then_part_of_the_proposal(desk, proposal):
    preview = uploaded(
        desk, proposal, ("NM-05-01-65-local,NM-05-01,老年人健康管理,符合", ",NM-05-01,老年人健康管理,未知")
    )

    assert preview.status_code == 200
    assert "这个表格改动 1 个案例" in visible_text(preview)
    assert not ProposedCase.objects.exists()
    confirmed = {"seen": preview.context["seen"], "plan": preview.context["token"], "_confirm": "确认"}
    assert desk.post(import_url(proposal), confirmed).status_code == 302
    assert (ProposedCase.objects.get().action, ProposedCase.objects.get().expected) == ("add", {"NM-05-01": "unknown"})


def test_an_unchanged_table_changes_nothing(desk, proposal):
    assert "没有改动" in visible_text(uploaded(desk, proposal))


def test_a_faulty_table_is_told_by_its_rows(desk, proposal):
    preview = uploaded(desk, proposal, ("老年人健康管理,符合", "老年人健康管理,也许"))

    assert preview.status_code == 422
    assert "结论“也许”应是" in visible_text(preview)


@pytest.mark.parametrize("token", ["", "forged"])
def test_only_what_was_previewed_is_confirmed(desk, proposal, token):
    page = desk.get(import_url(proposal))
    confirmed = {"seen": page.context["seen"], "plan": token, "_confirm": "确认"}

    assert desk.post(import_url(proposal), confirmed).status_code == 403
    assert not ProposedCase.objects.exists()


def test_an_unknown_format_or_edition_is_told(desk):
    for kind, query in (("pdf", {}), ("csv", {"edition": "1999"})):
        page = desk.get(reverse("admin:catalogue_case_export", args=[kind]), query, follow=True)
        assert "不能导出为" in visible_text(page) or "没有这个版本" in visible_text(page)
