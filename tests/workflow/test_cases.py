"""Cases: the rules give the expected outcomes, and an edition that fails a case is not published."""

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from django.urls import reverse

from catalogue.audit.log import AuditContext
from catalogue.editions import drafts
from catalogue.models import Case, Edition
from catalogue.workflow import cases, proposals, publishing
from catalogue.workflow.fixtures.load import load_catalogue
from services.eligibility.facts import INTEGER, VOCABULARY
from services.eligibility.rules import OUTCOMES, Rule
from services.fixtures.files import FixtureError
from services.models import Department
from tests.conftest import FIXTURES, PUBLISHED_AT
from tests.support.entries import NEXT_YEAR, PROPOSED_AT, make_citation, withdrawal

SLUGS = ["2021", "2023", "2026"]
MIN_PAIRS = 250


def read(slug: str) -> list[dict]:
    return json.loads((FIXTURES / "cases" / f"{slug}.json").read_text())["cases"]


def entries(slug: str) -> dict[str, dict]:
    services = json.loads((FIXTURES / "editions" / f"{slug}.json").read_text())["services"]
    return {entry["code"]: entry for entry in services}


def pairs(slug: str) -> dict[str, list[tuple[dict, str]]]:
    """Return, by service, the circumstances and the expected outcome of each case."""
    cases_by_service = defaultdict(list)
    for case in read(slug):
        for service, outcome in case["expected"].items():
            cases_by_service[service].append((case["circumstances"], outcome))
    return cases_by_service


@pytest.mark.parametrize("slug", SLUGS)
def test_every_case_holds_and_cites_a_citation_of_its_entry(slug):
    entries_by_code = entries(slug)
    for case in read(slug):
        assert cases.faults(case, entries_by_code) == [], case["id"]
        circumstances = VOCABULARY.with_implications(case["circumstances"])
        for service, expected in case["expected"].items():
            assert Rule(entries_by_code[service]["eligibility"]).judge(circumstances).outcome == expected, (
                case["id"],
                service,
            )


@pytest.mark.parametrize("slug", SLUGS)
def test_every_possible_outcome_of_every_service_has_a_case(slug):
    cases_by_service = pairs(slug)
    for code, entry in entries(slug).items():
        rule = entry["eligibility"]
        outcomes = {outcome for _, outcome in cases_by_service[code]}
        if rule["universal"]:
            assert outcomes == {"eligible"}, code
        elif not rule["machine_readable"]:
            assert outcomes == {"unknown"}, code
        else:
            groups = [["fact" in criterion for criterion in group["all"]] for group in rule["any"]]
            possible = {"eligible"} if any(map(all, groups)) else set()
            possible |= {"not_eligible"} if all(map(any, groups)) else set()
            possible |= set() if all(map(all, groups)) else {"unknown"}
            assert possible <= outcomes, code


def test_the_newest_edition_has_cases_on_both_sides_of_every_limit():
    cases_by_service = pairs("2026")
    assert sum(map(len, cases_by_service.values())) >= MIN_PAIRS
    for code, entry in entries("2026").items():
        for criterion in Rule(entry["eligibility"]).criteria:
            if VOCABULARY[criterion.fact].type != INTEGER or criterion.op == "in":
                continue
            holds = criterion.test(INTEGER)
            stated_values = {circumstances.get(criterion.fact) for circumstances, _ in cases_by_service[code]} - {None}
            near_values = [criterion.value + step for step in (-1, 0, 1)]
            possible = {holds(value) for value in near_values if VOCABULARY[criterion.fact].fault(value) is None}
            assert {holds(value) for value in near_values if value in stated_values} == possible, (code, criterion)


def test_the_codes_of_cases_are_unique():
    for slug in SLUGS:
        ids = Counter(case["id"] for case in read(slug))
        assert max(ids.values()) == 1


def test_an_edition_that_fails_a_case_is_not_published(next_edition, act):
    case = next_edition.cases.filter(expected__has_key="NM-05-01").first()
    case.expected["NM-05-01"] = {"eligible": "not_eligible"}.get(case.expected["NM-05-01"], "eligible")
    case.save()

    with pytest.raises(publishing.NotPublishableError) as refused:
        publishing.publish(next_edition, context=act("root"))

    (fault,) = refused.value.faults
    assert (fault.service, fault.field) == ("NM-05-01", "eligibility")
    assert case.code in fault.reason


def test_a_draft_copies_the_cases_of_the_previous_edition(next_edition):
    def case_values(edition):
        return list(edition.cases.values_list("code", "circumstances", "expected", "because"))

    assert case_values(next_edition) == case_values(Edition.objects.get(slug="2026")) != []


def older(age: int) -> dict:
    """Return a change of the minimum age of the health care for older people, with its citation."""
    criteria = [{"fact": "age", "op": "gte", "value": age}]
    rule = {"universal": False, "machine_readable": True, "any": [{"all": criteria}], "reason": None}
    clause = make_citation("eligibility", source="seed-daily", locator="第1条", quote=f"{age}岁及以上", criterion=1)
    data = {
        "eligibility": rule,
        "verification": {"eligibility": "verbatim"},
        "basis": {"eligibility": "regulation"},
        "citations": [clause],
    }
    return {"service": "NM-05-01", "action": "change", "entry_data": data, "successors": []}


def test_changed_outcomes_are_stored_with_the_approval_and_taken_up_with_their_citation(
    make_proposal, next_edition, act
):
    proposal = make_proposal(older(60), to="approved", department=health())
    (approval,) = proposal.approvals.all()

    proposals.include_in_edition(proposal, next_edition, context=act("root"))

    outcomes = {outcome["case"]: outcome for outcome in approval.outcomes}
    assert any(outcome["before"] != outcome["after"] for outcome in outcomes.values())
    for case in next_edition.cases.filter(expected__has_key="NM-05-01"):
        assert case.expected["NM-05-01"] == outcomes[case.code]["after"]
        if outcomes[case.code]["before"] != outcomes[case.code]["after"]:
            assert case.because["NM-05-01"] == {"source": "seed-daily", "locator": "第1条"}
    assert cases.failures(next_edition) == []


def test_of_two_proposals_that_change_one_rule_the_later_wins(make_proposal, next_edition, act):
    first, second = (make_proposal(older(age), to="approved", department=health()) for age in (60, 66))

    for proposal in (first, second):
        proposals.include_in_edition(proposal, next_edition, context=act("root"))

    assert publishing.publish(next_edition, context=act("root")).is_published


def test_a_rule_change_approved_before_another_edition_can_be_published(make_proposal, publish):
    overtaken = make_proposal(older(66), to="approved", department=health())
    publish("2027", make_proposal(older(60), to="approved", department=health()))

    edition = publish("2028", overtaken, effective_from=NEXT_YEAR.replace(year=2028))

    assert cases.failures(edition) == []


def test_the_page_of_an_approved_proposal_shows_the_approved_outcomes(make_proposal, publish, admin_client):
    overtaken = make_proposal(older(66), to="approved", department=health())
    page = reverse("admin:catalogue_proposal_change", args=[overtaken.pk])
    before = admin_client.get(page).context["entries"][0].outcomes
    publish("2027", make_proposal(older(60), to="approved", department=health()))

    answer = admin_client.get(page)

    assert answer.context["entries"][0].outcomes == before != []
    assert "已随建议批准" in answer.content.decode()


def test_a_withdrawn_service_is_removed_from_the_cases(make_proposal, next_edition, act):
    proposal = make_proposal(withdrawal("NM-01-07"), kind="withdraw", to="approved")

    proposals.include_in_edition(proposal, next_edition, context=act("root"))

    assert not next_edition.cases.filter(expected__has_key="NM-01-07").exists()
    assert cases.failures(next_edition) == []
    assert {outcome["after"] for outcome in proposal.approvals.get().outcomes} == {None}


def test_a_proposal_without_a_rule_change_stores_no_outcomes(make_proposal):
    assert make_proposal(to="approved").approvals.get().outcomes is None


def health() -> Department:
    return Department.objects.get(code="health-commission")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"circumstances": {"height": 180}}, "没有事实"),
        ({"circumstances": {"age": -1}}, "应是 0 到 130"),
        ({"circumstances": {"age": 5, "married": True}}, "没有这样的人"),
        ({"expected": {"NM-05-01": "yes"}}, "结论应是"),
        ({"expected": {"NM-99-01": "eligible"}, "because": {"NM-99-01": {}}}, "没有服务项目"),
        ({"because": {"NM-05-01": {"source": "seed-plan", "locator": "第九章"}}}, "不在该条目的来源之中"),
        ({"because": {}}, "相同的服务项目"),
        ({"expected": [], "because": []}, "应是对象"),
    ],
)
def test_a_faulty_case_is_refused_with_a_reason(changes, words):
    entries_by_code = entries("2026")
    case = next(case for case in read("2026") if list(case["expected"]) == ["NM-05-01"])

    assert any(words in fault for fault in cases.faults(case | changes, entries_by_code))


def copied(folder: Path) -> Path:
    for path in FIXTURES.rglob("*.json"):
        target = folder / path.relative_to(FIXTURES)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder


def test_a_changed_file_of_cases_is_loaded_again(db, tmp_path):
    folder = copied(tmp_path)
    path = folder / "cases" / "2026.json"
    file = json.loads(path.read_text())
    removed = file["cases"].pop()
    path.write_text(json.dumps(file, ensure_ascii=False))
    messages = []

    load_catalogue(folder, report=messages.append)

    assert not Case.objects.filter(edition__slug="2026", code=removed["id"]).exists()
    assert "版本 2026 的案例：已装入。" in messages


def test_a_file_with_a_failing_case_stops_the_load(db, tmp_path):
    folder = copied(tmp_path)
    path = folder / "cases" / "2026.json"
    file = json.loads(path.read_text())
    service, outcome = next(iter(file["cases"][0]["expected"].items()))
    file["cases"][0]["expected"][service] = OUTCOMES[OUTCOMES.index(outcome) - 1]
    path.write_text(json.dumps(file, ensure_ascii=False))
    before = list(Case.objects.order_by("pk").values())

    with pytest.raises(FixtureError, match=file["cases"][0]["id"]):
        load_catalogue(folder, report=lambda sentence: None)

    assert list(Case.objects.order_by("pk").values()) == before


def test_the_cases_of_an_edition_are_published(client, db):
    answer = client.get("/api/v1/editions/2026/cases/?page_size=500").json()

    assert answer["count"] == len(read("2026"))
    assert [case["id"] for case in answer["results"]] == [case["id"] for case in read("2026")][:500]
    first = answer["results"][0]
    assert first == read("2026")[0] | {"valid_on": "2026-11-01"}


def test_the_cases_of_a_draft_are_not_public(client, next_edition):
    assert client.get(f"/api/v1/editions/{next_edition.slug}/cases/").status_code == 404


def test_the_api_gives_the_outcomes_of_the_cases(client, db):
    for case in client.get("/api/v1/editions/2026/cases/?page_size=20").json()["results"]:
        body = {"circumstances": case["circumstances"], "edition": "2026"}
        results = client.post("/api/v1/entitlements/", body, content_type="application/json").json()["results"]
        outcomes = {result["service"]["code"]: result["outcome"] for result in results}
        assert {service: outcomes[service] for service in case["expected"]} == case["expected"]


def test_deleting_a_draft_deletes_its_cases(next_edition):
    drafts.delete_draft(next_edition, context=AuditContext(at=PROPOSED_AT))

    assert not Case.objects.exclude(edition__slug__in=SLUGS).exists()


def test_an_edition_without_cases_can_be_published(empty_catalogue, make_edition):
    assert make_edition("bare", at=PUBLISHED_AT).is_published
