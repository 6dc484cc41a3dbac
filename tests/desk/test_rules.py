"""The rule editor: parsing and validation of rows in Chinese, the preview for a person, and changed outcomes."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from catalogue.desk.rule_forms import OUTCOMES, RuleFormField, RuleInput, input_from_rule, rule_from_input
from catalogue.models import Case, Entry, Proposal
from catalogue.workflow import proposals
from services.eligibility import sentences
from services.eligibility.facts import VOCABULARY
from services.eligibility.open_criteria import open_criteria
from services.eligibility.persons import affected_persons
from services.eligibility.rules import Rule, faults
from services.models import Department
from services.sources import Source
from tests.conftest import make_user
from tests.support.admin_forms import proposal_form_data, rule_form_data, visible_text
from tests.support.entries import NOTE_CHANGE, make_citation

RULE = {
    "universal": False,
    "machine_readable": True,
    "any": [
        {"all": [{"fact": "age", "op": "gte", "value": 65}, {"fact": "months_resident", "op": "gte", "value": 6}]},
        {"all": [{"fact": "household", "op": "in", "value": ["dibao", "tekun"]}]},
    ],
    "reason": None,
}
SENTENCE = "年龄不小于65周岁，且在本地连续居住不少于6个月；或者家庭类别包括“低保家庭”或“特困人员”"


def row(group: object = 1, fact: str = "age", op: str = "gte", value: str = "65") -> dict[str, str]:
    return {"group": str(group), "fact": fact, "op": op, "value": value}


def typed(*rows: dict, mode: str = "criteria", reason: str = "") -> RuleInput:
    return RuleInput(mode, reason, list(rows))


OPEN = {
    "open": "家庭财产低于规定标准",
    "decided_by": "住房保障主管部门",
    "citation": {
        "source": "web-publicrental-11",
        "locator": "第七条",
        "quote": "收入、财产低于规定标准",
        "verification": "secondary",
        "jurisdiction": "national",
    },
}
WITH_OPEN = RULE | {"any": [RULE["any"][0], {"all": [*RULE["any"][1]["all"], OPEN]}, {"all": [OPEN]}]}


@pytest.mark.parametrize("rule", [None, RULE, WITH_OPEN], ids=["unknown", "groups", "open criteria"])
def test_written_is_the_inverse_of_shown(db, rule):
    assert rule_from_input(input_from_rule(rule)) == rule


def test_the_form_preserves_every_rule_of_the_edition_in_force(db):
    for entry in Entry.objects.filter(edition__slug="2026"):
        assert rule_from_input(input_from_rule(entry.eligibility)) == entry.eligibility


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (row(value="65"), 65),
        (row(fact="migrant", op="eq", value="是"), True),
        (row(fact="migrant", op="eq", value="否"), False),
        (row(fact="residence", op="eq", value="农村牧区"), "rural"),
        (row(fact="residence", op="eq", value="rural"), "rural"),
        (row(fact="household", op="in", value="低保家庭、特困人员"), ["dibao", "tekun"]),
        (row(fact="household", op="in", value="低保家庭，tekun;"), ["dibao", "tekun"]),
    ],
)
def test_labels_and_codes_are_accepted(given, value):
    assert rule_from_input(typed(given))["any"][0]["all"][0]["value"] == value


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (typed(row(value="六十五")), "第 1 行：“年龄（周岁）”不能是“六十五”；可填：整数，0到130"),
        (typed(row(value="")), "“年龄（周岁）”不能是“”"),
        (typed(row(fact="")), "请选择一个事实"),
        (typed(row(fact="shoe_size")), "请选择一个事实"),
        (typed(row(op="contains")), "请选择比较方式：等于"),
        (typed(row(group="0")), "组应是 1 到 20 的整数"),
        (typed(row(group="x")), "组应是 1 到 20 的整数"),
        (
            typed(row(), row(fact="residence", op="eq", value="山上")),
            "第 2 行：“居住地类型”不能是“山上”；可填：城镇",
        ),
        (typed(row(fact="household", op="in", value="、")), "至少填一个值"),
        (typed(row(), mode="universal"), "就不能再写条件"),
        (typed(row(), mode="unstated"), "就不能再写条件"),
        (typed(row(), reason="没有界定"), "时才写为什么"),
        (typed(mode="other"), "请选择"),
        (typed(mode="unreadable"), "请写明为什么"),
        (typed(row(op="lt", value="6"), row(op="gt", value="60")), "互相矛盾"),
        (typed(row(value="131")), "0 到 130"),
    ],
)
def test_an_invalid_row_is_named_in_the_error(given, says):
    with pytest.raises(Exception, match=".") as error:
        RuleFormField(required=False).clean(given)

    assert says in "；".join(error.value.messages)


@pytest.fixture
def proposal(client, act, make_proposal) -> Proposal:
    """A proposal of ``wang``, the logged-in user, to which the tests add an entry for NM-05-01."""
    act().user.groups.add(Group.objects.get(name="编辑"))
    client.force_login(act().user)
    return make_proposal(NOTE_CHANGE)


def page_of(proposal: Proposal) -> str:
    return reverse("admin:catalogue_proposal_entry", args=[proposal.pk, "NM-05-01"])


def with_rule(data: dict, rule: dict | None = RULE) -> dict:
    number = next(i for i in range(99) if data.get(f"citations-{i}-field") == ["eligibility"])
    return (
        data
        | rule_form_data("eligibility", rule)
        | {f"citations-{number}-locator": "新的出处", f"citations-{number}-criterion": "1"}
    )


def proposed(proposal: Proposal) -> dict:
    return {entry.service: entry.entry_data for entry in proposal.entries.all()}.get("NM-05-01")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"open-group": "21"}, "待认定的条件第 1 行：组应是 1 到 20 的整数"),
        ({"open-text": ""}, "应写明是什么"),
        ({"open-quote": ""}, "照录的原文"),
        ({"open-source": ""}, "source"),
        ({"open-verification": ""}, "verification 可用"),
        ({"open-jurisdiction": "mars"}, "jurisdiction"),
    ],
)
def test_an_invalid_open_criterion_is_named_in_the_error(db, changes, says):
    given = input_from_rule(WITH_OPEN)

    with pytest.raises(Exception, match=".") as error:
        RuleFormField(required=False).clean(given._replace(open_rows=[given.open_rows[0] | changes]))

    assert says in "；".join(error.value.messages)


def test_an_open_criterion_is_stored_without_radicals_and_with_plain_line_ends(db):
    given = input_from_rule(WITH_OPEN)
    changes = {"open-text": "由⺠政部门认定", "open-quote": "由⺠政部门\r\n认定"}

    rule = RuleFormField(required=False).clean(given._replace(open_rows=[given.open_rows[0] | changes]))

    (criterion,) = open_criteria(rule)
    assert (criterion["open"], criterion["citation"]["quote"]) == ("由民政部门认定", "由民政部门\n认定")


def test_an_open_criterion_needs_the_mode_of_criteria():
    given = input_from_rule(WITH_OPEN)._replace(mode="universal", rows=[])

    with pytest.raises(Exception, match="就不能再写条件"):
        RuleFormField(required=False).clean(given)


def test_a_proposed_open_criterion_is_shown_with_its_clause_and_saved_again(client, proposal):
    client.post(page_of(proposal), with_rule(proposal_form_data(client.get(page_of(proposal))), WITH_OPEN))

    shown = client.get(page_of(proposal))

    assert proposed(proposal)["eligibility"] == WITH_OPEN
    assert "且家庭财产低于规定标准（由住房保障主管部门认定）" in visible_text(shown)
    assert "收入、财产低于规定标准" in shown.content.decode()
    page = client.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk]))
    assert "家庭财产低于规定标准（由住房保障主管部门认定）" in visible_text(page)


def test_the_document_of_an_open_criterion_is_shown_and_read_by_its_name(client, proposal):
    rule = RULE | {"any": [{"all": [*RULE["any"][0]["all"], OPEN]}]}
    title = Source.objects.get(code="web-publicrental-11").title
    given = input_from_rule(rule)
    named = given._replace(open_rows=[given.open_rows[0] | {"open-source": title}])

    client.post(page_of(proposal), with_rule(proposal_form_data(client.get(page_of(proposal))), named))

    assert proposed(proposal)["eligibility"] == rule
    assert f'name="eligibility-open-source" value="{title}（' in client.get(page_of(proposal)).content.decode()


def test_an_unknown_document_of_an_open_criterion_is_an_error_of_its_row(client, proposal):
    criterion = OPEN | {"citation": OPEN["citation"] | {"source": "没有的文件"}}
    rule = RULE | {"any": [{"all": [*RULE["any"][0]["all"], criterion]}]}

    page = client.post(page_of(proposal), with_rule(proposal_form_data(client.get(page_of(proposal))), rule))

    assert "待认定的条件第 1 行：依据文件中没有代码“没有的文件”，也没有这个名称" in visible_text(page)


def test_a_rule_is_saved_in_a_proposal_and_shown_again(client, proposal):
    response = client.post(page_of(proposal), with_rule(proposal_form_data(client.get(page_of(proposal)))))

    assert response.status_code == 302, visible_text(response)
    data = proposed(proposal)
    assert data["eligibility"] == RULE
    assert 1 in [citation.get("criterion") for citation in data["citations"]]
    page = client.get(page_of(proposal))
    assert SENTENCE in visible_text(page)
    for label in ("年龄（周岁）", "在本地连续居住月数", "家庭类别", "不小于（≥）", "是其中之一"):
        assert f" selected>{label}</option>" in page.content.decode()


def test_a_changed_rule_without_a_new_citation_is_a_fault(client, proposal):
    data = proposal_form_data(client.get(page_of(proposal))) | rule_form_data("eligibility", RULE)

    client.post(page_of(proposal), data)

    assert "NM-05-01：“享受条件”改动了，请同时为它新增或更改一条来源。" in map(str, proposals.faults(proposal))


def test_a_contradictory_rule_is_refused(client, proposal):
    contradiction = {
        **RULE,
        "any": [{"all": [{"fact": "age", "op": op, "value": value} for op, value in (("lt", 6), ("gt", 60))]}],
    }
    assert faults(contradiction)

    response = client.post(
        page_of(proposal), with_rule(proposal_form_data(client.get(page_of(proposal))), contradiction)
    )

    assert response.status_code == 422
    assert "互相矛盾，没有人能同时满足" in visible_text(response)
    assert proposed(proposal) is None


@pytest.mark.parametrize("rule", [RULE, WITH_OPEN, None], ids=["rule", "open criteria", "unknown"])
def test_a_stale_save_keeps_the_submitted_rule(client, proposal, rule):
    first, second = proposal_form_data(client.get(page_of(proposal))), proposal_form_data(client.get(page_of(proposal)))
    client.post(page_of(proposal), first | {"note": "先保存的说明"})

    refused = client.post(page_of(proposal), with_rule(second, rule))

    assert refused.status_code == 409
    assert proposed(proposal) == {"note": "先保存的说明"}
    data = proposal_form_data(refused)
    # Merged by field, so the form shows the rule itself and not its rows.
    assert refused.context["form"]["eligibility"].value() == rule
    assert (
        client.post(
            page_of(proposal), data | {"note": "先保存的说明"} | rule_form_data("eligibility", rule)
        ).status_code
        == 302
    )
    assert proposed(proposal)["eligibility"] == rule


def test_the_preview_evaluates_a_rule_without_saving_it(admin_client, db):
    person_data = {
        "eligibility-try-person": "六十五岁的城镇老人",
        "eligibility-try-fact": ["age"],
        "eligibility-try-value": ["64"],
    }

    page = admin_client.post(reverse("admin:rule"), rule_form_data("eligibility", RULE) | person_data)

    text = visible_text(page)
    assert page.status_code == 200
    assert SENTENCE in text
    assert "不符合" in text
    assert "年龄（周岁）：64" in page.content.decode()
    assert "四十个示例人物" in text
    assert not Entry.objects.filter(eligibility=RULE).exists()


def test_the_preview_says_which_cases_and_persons_a_changed_rule_changes(admin_client, db):
    before = Entry.objects.get(edition__slug="2026", service__code="NM-05-01").eligibility

    page = admin_client.post(
        reverse("admin:rule"), rule_form_data("eligibility", STRICTER) | {"eligibility-service": "NM-05-01"}
    )

    text = visible_text(page)
    affected = affected_persons(before, STRICTER)
    cases_changed = page.context["changed_cases"]
    assert f"改变 {len(cases_changed)} 个案例和 {len(affected)} 位示例人物的结论" in text
    assert cases_changed and "年龄65周岁，是流动人口，在本地连续居住6个月：符合 → 不符合" in text.splitlines()
    assert all(f"{person}：{was} → {now}" in text.splitlines() for _, person, was, now in cases_changed)


def test_the_preview_says_that_an_unchanged_rule_changes_nothing(admin_client, db):
    rule = Entry.objects.get(edition__slug="2026", service__code="NM-05-01").eligibility

    page = admin_client.post(
        reverse("admin:rule"), rule_form_data("eligibility", rule) | {"eligibility-service": "NM-05-01"}
    )

    assert "不改变任何案例和示例人物的结论" in visible_text(page)


@pytest.mark.parametrize("service", ["", "NM-99-99", "\0", "x" * 500])
def test_the_preview_of_a_new_service_compares_with_nothing(admin_client, db, service):
    page = admin_client.post(
        reverse("admin:rule"), rule_form_data("eligibility", RULE) | {"eligibility-service": service}
    )

    assert page.status_code == 200
    assert "的结论" not in visible_text(page)


def test_the_form_of_an_entry_names_its_service_for_the_preview(admin_client, make_proposal):
    proposal = make_proposal()
    url = reverse("admin:catalogue_proposal_entry", args=[proposal.pk, "NM-01-07"])

    for page in (admin_client.get(url), admin_client.get(url, {"field": "eligibility"})):
        assert 'name="eligibility-service" value="NM-01-07"' in page.content.decode()


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ({"age": "64"}, "另须认定：家庭财产低于规定标准（由住房保障主管部门认定）"),
        ({"age": "64", "household": "低保家庭"}, "经认定成立即符合：家庭财产低于规定标准（由住房保障主管部门认定）"),
    ],
)
def test_the_preview_says_what_is_still_to_be_decided(admin_client, db, known, says):
    rule = WITH_OPEN | {"any": WITH_OPEN["any"][:2]}
    answers = {"eligibility-try-fact": list(known), "eligibility-try-value": list(known.values())}

    page = admin_client.post(reverse("admin:rule"), rule_form_data("eligibility", rule) | answers)

    assert says in visible_text(page)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"eligibility-value": ["六十五", "6", "低保家庭", ""]}, "第 1 行"),
        ({"eligibility-try-fact": ["age"], "eligibility-try-value": ["很老"]}, "所试的人：“年龄（周岁）”不能是“很老”"),
        ({"eligibility-try-fact": ["nothing"], "eligibility-try-value": ["1"]}, "所试的人：请选择一个事实"),
        (
            {"eligibility-try-fact": ["household"], "eligibility-try-value": ["低保家庭、以上都不是"]},
            "不能与其他值同时出现",
        ),
    ],
)
def test_invalid_input_of_the_preview_is_reported(admin_client, db, changes, says):
    page = admin_client.post(reverse("admin:rule"), rule_form_data("eligibility", RULE) | changes)

    assert says in visible_text(page)


# Outcomes that a changed rule changes

STRICTER = {**RULE, "any": [{"all": [{"fact": "age", "op": "gte", "value": 66}, RULE["any"][0]["all"][1]]}]}
CHANGE = {
    "service": "NM-05-01",
    "action": "change",
    "entry_data": {
        "eligibility": STRICTER,
        "verification": {"eligibility": "secondary"},
        "basis": {"eligibility": "plan"},
        "citations": [make_citation("eligibility", quote=None, verification="secondary")],
    },
    "successors": [],
}
TABLE = "案例\n情况\n原结论\n新结论"


@pytest.fixture
def make_stricter(make_proposal) -> Callable[..., Proposal]:
    """Return a function that makes a proposal of ``wang`` with a stricter rule for NM-05-01, up to the state ``to``."""
    department = Department.objects.get(code="health-commission")
    return lambda **changes: make_proposal(CHANGE, department=department, **changes)


@pytest.fixture
def changed(db) -> list[str]:
    """The table rows of the cases of the edition in force with a different outcome under the stricter rule."""
    rows = []
    for case in Case.objects.filter(edition__slug="2026", expected__has_key="NM-05-01"):
        before = case.expected["NM-05-01"]
        after = Rule(STRICTER).judge(VOCABULARY.with_implications(case.circumstances)).outcome
        if after != before:
            text = sentences.person_text(case.circumstances)
            rows.append(f"{case.code}\n{text}\n{OUTCOMES[before]}\n{OUTCOMES[after]}")
    return rows


def test_the_page_of_a_proposal_lists_the_affected_persons(admin_client, make_stricter):
    proposal = make_stricter()
    before = Entry.objects.get(edition__slug="2026", service__code="NM-05-01").eligibility

    text = visible_text(admin_client.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk])))

    person_lines = [line for line in text.splitlines() if line.endswith("：符合 → 不符合")]
    assert [line.removesuffix("：符合 → 不符合") for line in person_lines] == [
        affected.person.name for affected in affected_persons(before, STRICTER)
    ]
    assert f"享受条件的改动会改变 {len(person_lines)} 位示例人物的结论" in text
    # A person generated from the bounds of the rules, and a fixed example.
    assert "年龄65周岁，是流动人口，在本地连续居住6个月：符合 → 不符合" in person_lines
    assert "六十五岁的城镇老人：符合 → 不符合" in person_lines
    assert "须评估" in text


def test_the_page_of_a_proposal_lists_the_changed_cases(client, act, make_stricter, changed):
    act().user.groups.add(Group.objects.get(name="编辑"))
    client.force_login(act().user)

    text = visible_text(client.get(reverse("admin:catalogue_proposal_change", args=[make_stricter().pk])))

    assert changed
    assert "\n".join([TABLE, *changed]) in text
    assert f"案例中有 {len(changed)} 个结论改变\n，批准后以新的结论为准" in text
    unchanged = Case.objects.filter(edition__slug="2026").exclude(code__in=[row.split("\n")[0] for row in changed])
    assert [code for code in unchanged.values_list("code", flat=True) if code in text.splitlines()] == []


def test_a_proposal_without_a_changed_rule_shows_no_cases(admin_client, make_proposal):
    page = admin_client.get(reverse("admin:catalogue_proposal_change", args=[make_proposal(NOTE_CHANGE).pk]))

    assert TABLE not in visible_text(page)
    assert "案例中有" not in visible_text(page)


def test_the_confirmation_page_shows_the_approved_outcomes(client, act, make_stricter, next_edition, changed):
    client.force_login(make_user("sun", "发布"))
    url = reverse("admin:catalogue_edition_publish", args=[next_edition.pk])
    text_before = visible_text(client.get(url))

    proposals.include_in_edition(make_stricter(to="approved"), next_edition, context=act("root"))

    text = visible_text(client.get(url))
    assert TABLE not in text_before
    assert "\n".join([TABLE, *changed]) in text
    assert f"案例中有 {len(changed)} 个结论改变\n，已随建议批准" in text
