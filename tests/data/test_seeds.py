"""The fixtures agree with the seed documents and with the rules of sourcing.

The first half compares the committed vocabularies and editions with the five seed documents in `../shared/seeds`,
beside the repository; if that folder is absent, those tests are skipped with a reason. The second half needs no seeds:
it checks the rules that make a value traceable (a source for every value, no label above its citations, no source later
than the edition that cites it).
"""

import calendar
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.core.management import call_command

from tests.support.paths import FIXTURES, ROOT, SHARED

SEEDS = SHARED / "seeds"
SEED_PREFIXES = {
    "seed-research": "000",
    "seed-plan-wiki": "001",
    "seed-plan": "002",
    "seed-daily": "003",
    "seed-civil": "004",
}
EDITIONS = ["2021", "2023", "2026"]
# The vocabularies whose terms have citations: all but `sources`, which are cited, and `services`, which are only codes.
CITED_VOCABULARIES = ["departments", "domains", "indicators", "projects", "regions", "synonyms", "target_groups"]
EFFECTIVE_FROM = {"2021": "2021-11-05", "2023": "2023-12-25", "2026": "2026-11-01"}
FILES = sorted(str(path.relative_to(FIXTURES)) for path in FIXTURES.glob("*/*.json"))
SERVICES_PER_DOMAIN = {
    "幼有所育": 9,
    "学有所教": 9,
    "劳有所得": 12,
    "病有所医": 16,
    "老有所养": 4,
    "住有所居": 3,
    "弱有所扶": 15,
    "优军服务保障": 4,
    "文体服务保障": 9,
}
SOURCED_FIELDS = [
    "name",
    "name_en",
    "domain",
    "target_groups",
    "eligibility",
    "content",
    "standard",
    "lead_department",
    "co_departments",
    "expenditure_responsibility",
    "legal_basis",
]
COMPANIONS = [
    ("target_groups", "target_group_text"),
    ("standard", "standard_as_of"),
    ("lead_department", "lead_department_alternatives"),
]
RANKS = {"unverified": 0, "secondary": 1, "verbatim": 2}
# A source without a date is no evidence for the years before the list was compiled.
UNDATED_COUNTS_FROM = "2026-01-01"

needs_seeds = pytest.mark.skipif(
    not SEEDS.is_dir(), reason=f"The seed documents are not here ({SEEDS}), so nothing could be held against them."
)


@cache
def fixture(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def edition(slug: str) -> dict[str, Any]:
    return fixture(f"editions/{slug}.json")


def terms(name: str) -> list[dict[str, Any]]:
    return fixture(f"vocabularies/{name}.json")["terms"]


def fold(text: str) -> str:
    """Remove all whitespace: the seeds break lines and words at the ends of pages."""
    return re.sub(r"\s+", "", text)


@cache
def seed(code: str) -> str:
    (path,) = SEEDS.glob(f"{SEED_PREFIXES[code]}_*")
    return path.read_text(encoding="utf-8")


@cache
def folded_seed(code: str) -> str:
    return fold(seed(code))


def dicts_within(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from dicts_within(item)


def strings_within(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_within(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_within(item)


def citations_within(value: Any) -> list[dict[str, Any]]:
    return [item for item in dicts_within(value) if {"source", "quote", "verification"} <= item.keys()]


def table_rows(title: str, end: str) -> list[list[str]]:
    """The cells of a table of the plan, without repeated headings and separator rows."""
    text = seed("seed-plan")
    start = text.index(title) + len(title)
    rows = [line.split("\t") for line in text[start : text.index(end, start)].splitlines() if "\t" in line]
    return [row for row in rows if "领域" not in row[0] and not row[0].startswith("---")]


def table_1() -> list[tuple[str, str, str]]:
    """The name with unit, the target and the nature of each indicator."""
    rows = table_rows("表 1 “十四五”时期自治区公共服务重点领域主要发展指标", "第三章 健全完善公共服务体系")
    return [(fold(name), fold(target), fold(nature)) for _, name, target, nature in rows]


def table_2() -> list[tuple[str, str, list[str], int]]:
    """The name, goal, services and stated count of each domain; rows split by a page break are joined."""
    rows: list[list[str]] = []
    for name, goal, services in table_rows("表 2 自治区基本公共服务项目清单", "第四节 制定基本公共服务实施标准"):
        if name.strip():
            rows.append([fold(name), fold(goal), fold(services)])
        else:
            rows[-1][1] += fold(goal)
            rows[-1][2] += fold(services)
    domains = []
    for name, goal, services in rows:
        service_names, stated_count = re.fullmatch(r"(.+)。（共计(\d+)项）", services).groups()
        domains.append((name, goal, service_names.split("，"), int(stated_count)))
    return domains


@cache
def citable_from(code: str) -> str:
    """The first day on which a source may be cited: `in_force_from`, else the last possible day of its date."""
    (source,) = (term for term in terms("sources") if term["code"] == code)
    if source["in_force_from"]:
        return source["in_force_from"]
    match (source["date"] or "").split("-"):
        case [""]:
            return UNDATED_COUNTS_FROM
        case [year]:
            return f"{year}-12-31"
        case [year, month]:
            return f"{year}-{month}-{calendar.monthrange(int(year), int(month))[1]:02d}"
    return source["date"]


def service(slug: str, code: str) -> dict[str, Any]:
    (entry,) = (entry for entry in edition(slug)["services"] if entry["code"] == code)
    return entry


def citations_of(entry: dict[str, Any], field: str) -> list[dict[str, Any]]:
    return [citation for citation in entry["citations"] if citation["field"] == field]


# Compared with the seeds


@needs_seeds
def test_the_counts_of_table_2_equal_those_of_the_list() -> None:
    assert {name: len(services) for name, _, services, _ in table_2()} == SERVICES_PER_DOMAIN
    assert {name: stated for name, _, _, stated in table_2()} == SERVICES_PER_DOMAIN


@needs_seeds
@pytest.mark.parametrize("slug", EDITIONS)
def test_an_edition_lists_the_services_of_table_2_in_order(slug: str) -> None:
    domains = {term["code"]: term["name"] for term in terms("domains")}
    listed = [(domains[entry["domain"]], fold(entry["name"])) for entry in edition(slug)["services"]]
    assert listed == [(name, service_name) for name, _, services, _ in table_2() for service_name in services]


@needs_seeds
def test_the_nine_goals_equal_those_of_table_2() -> None:
    assert [(term["name"], fold(term["goal"])) for term in terms("domains")] == [row[:2] for row in table_2()]


@needs_seeds
def test_the_24_indicators_equal_table_1() -> None:
    natures = {"binding": "约束性", "anticipated": "预期性"}
    indicators = [
        (
            fold(term["name"] + (f"（{term['unit']}）" if term["unit"] else "")),
            fold(term["target_text"]),
            natures[term["nature"]],
        )
        for term in terms("indicators")
    ]
    assert len(indicators) == 24
    assert indicators == table_1()


@needs_seeds
@pytest.mark.parametrize("name", FILES)
def test_every_quote_from_a_seed_occurs_in_it(name: str) -> None:
    quoted = [item for item in citations_within(fixture(name)) if item["source"] in SEED_PREFIXES and item["quote"]]
    assert [item for item in quoted if fold(item["quote"]) not in folded_seed(item["source"])] == []


@needs_seeds
def test_every_task_occurs_in_the_plan() -> None:
    tasks = [task for domain in terms("domains") for task in domain["tasks"]]
    assert tasks
    for task in tasks:
        assert fold(task["heading"]) in folded_seed("seed-plan"), task["code"]
        assert fold(task["text"]) in folded_seed("seed-plan"), task["code"]


@needs_seeds
def test_the_eight_boxes_and_26_projects_occur_in_the_plan() -> None:
    boxes = terms("projects")
    projects = [project for box in boxes for project in box["projects"]]
    assert (len(boxes), len(projects)) == (8, 26)
    for text in [box["title"] for box in boxes] + [project[key] for project in projects for key in ("name", "text")]:
        assert fold(text) in folded_seed("seed-plan"), text


# Without the seeds


@pytest.mark.parametrize("slug", EDITIONS)
def test_the_coverage_command_counts_the_labels_of_the_files(slug: str, capsys: pytest.CaptureFixture) -> None:
    call_command("coverage", str(FIXTURES / "editions" / f"{slug}.json"))

    services = edition(slug)["services"]
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| 合计"))
    *counts, quoted = [int(cell) for cell in re.findall(r"\d+", row)]
    labels = [list(entry["verification"].values()) for entry in services]
    label_counts = [
        sum(entry_labels.count(label) for entry_labels in labels) for label in ("verbatim", "secondary", "unverified")
    ]
    assert counts == [*label_counts, 81 * len(SOURCED_FIELDS) - sum(label_counts)]
    assert 0 < quoted <= sum(label_counts)


def test_the_counts_in_the_documentation_are_those_of_the_command(capsys: pytest.CaptureFixture) -> None:
    call_command("coverage", str(FIXTURES / "editions" / "2026.json"))

    rows = capsys.readouterr().out.split("| 数据")[1].splitlines()[2:]
    documentation = (ROOT / "docs" / "data.md").read_text()
    assert len(rows) == 5
    assert all(row in documentation for row in rows)


def test_there_are_three_editions_and_all_the_vocabularies() -> None:
    assert [name for name in FILES if name.startswith("editions/")] == [f"editions/{slug}.json" for slug in EDITIONS]
    assert {f"vocabularies/{name}.json" for name in [*CITED_VOCABULARIES, "sources"]} <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_no_text_is_empty(name: str) -> None:
    assert [text for text in strings_within(fixture(name)) if not text.strip()] == []


@pytest.mark.parametrize("name", FILES)
def test_every_cited_source_is_in_the_vocabulary(name: str) -> None:
    assert {item["source"] for item in citations_within(fixture(name))} <= {term["code"] for term in terms("sources")}


@pytest.mark.parametrize("name", FILES)
def test_every_verbatim_citation_has_a_quote(name: str) -> None:
    assert [
        citation
        for citation in citations_within(fixture(name))
        if citation["verification"] == "verbatim" and not citation["quote"]
    ] == []


@pytest.mark.parametrize("name", CITED_VOCABULARIES)
def test_every_term_of_a_vocabulary_has_a_citation(name: str) -> None:
    nested = ("tasks", "projects")
    for term in terms(name):
        for item in [term, *(inner for key in nested for inner in term.get(key, []))]:
            assert item["citation"]["source"], item
        if term.get("baseline"):
            assert term["baseline"]["citation"]["quote"], term["code"]


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("vocabularies/") and "facts" not in name])
def test_no_code_is_used_twice(name: str) -> None:
    codes = [item["code"] for item in dicts_within(fixture(name)["terms"]) if "code" in item]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("sign", "operator"), [("≥", "gte"), (">", "gt"), ("<", "lt"), ("左右", "about"), (None, "eq")]
)
def test_the_operator_and_value_of_an_indicator_match_its_target_text(sign: str | None, operator: str) -> None:
    signs = ("≥", ">", "<", "左右")
    indicators = [
        term
        for term in terms("indicators")
        if (sign in term["target_text"] if sign else not any(other in term["target_text"] for other in signs))
    ]
    assert indicators
    for term in indicators:
        assert term["operator"] == operator, term["code"]
        assert term["target_value"] == re.search(r"[\d.]+", term["target_text"]).group(), term["code"]


@pytest.mark.parametrize("slug", EDITIONS)
def test_a_verbatim_department_is_named_in_a_quote(slug: str) -> None:
    departments = {term["code"]: term for term in terms("departments")}
    for entry in edition(slug)["services"]:
        quoted = "".join(citation["quote"] or "" for citation in citations_of(entry, "co_departments"))
        for code in entry["co_departments"] if entry["verification"].get("co_departments") == "verbatim" else ():
            names = (departments[code]["name"], departments[code]["short_name"])
            # Laws use a generic name: 民政部门 for 内蒙古自治区民政厅.
            stems = [re.sub("^(内蒙古自治区|自治区)|(委员会|联合会|厅|局|委)$", "", name) for name in names if name]
            assert any(stem in quoted for stem in stems), (entry["code"], code)


def test_links_lead_to_official_hosts_only_and_copies_are_marked_as_copies() -> None:
    for source in terms("sources"):
        if source["url"]:
            assert re.match(r"https?://([a-z0-9-]+\.)*gov\.cn/", source["url"]), source["code"]
        if source["kind"] in ("recalled", "editorial") or source["extent_read"] == "none":
            assert source["read_in"] == "none", source["code"]
        elif not source["url"]:
            assert source["read_in"] == "copy", source["code"]


@pytest.mark.parametrize("slug", EDITIONS)
def test_an_edition_numbers_its_services_from_1_to_81(slug: str) -> None:
    services = edition(slug)["services"]
    assert [entry["number"] for entry in services] == list(range(1, 82))
    assert [entry["code"] for entry in services] == [entry["code"] for entry in edition("2021")["services"]]
    counts = [sum(entry["domain"] == term["code"] for entry in services) for term in terms("domains")]
    assert counts == list(SERVICES_PER_DOMAIN.values())


@pytest.mark.parametrize("slug", EDITIONS)
def test_an_edition_uses_only_codes_of_the_vocabularies(slug: str) -> None:
    codes = {
        name: {term["code"] for term in terms(name)} for name in ("domains", "departments", "target_groups", "sources")
    }
    for entry in edition(slug)["services"]:
        departments = {entry["lead_department"], *entry["lead_department_alternatives"], *entry["co_departments"]}
        assert entry["domain"] in codes["domains"], entry["code"]
        assert departments - {None} <= codes["departments"], entry["code"]
        assert set(entry["target_groups"]) <= codes["target_groups"], entry["code"]
        assert set(entry["legal_basis"]) <= codes["sources"], entry["code"]


@pytest.mark.parametrize("slug", EDITIONS)
def test_an_edition_has_its_effective_date(slug: str) -> None:
    assert edition(slug)["edition"]["effective_from"] == EFFECTIVE_FROM[slug]


@pytest.mark.parametrize("slug", EDITIONS)
def test_no_edition_cites_a_source_later_than_itself(slug: str) -> None:
    effective_from = edition(slug)["edition"]["effective_from"]
    later_sources = [
        (entry["code"], code, citable_from(code))
        for entry in edition(slug)["services"]
        for code in {citation["source"] for citation in entry["citations"]} | set(entry["legal_basis"])
        if citable_from(code) > effective_from
    ]
    assert later_sources == []


@pytest.mark.parametrize("slug", EDITIONS)
def test_every_sourced_value_has_a_citation_and_every_citation_a_value(slug: str) -> None:
    for entry in edition(slug)["services"]:
        stated_fields = {field for field in SOURCED_FIELDS if entry[field]}
        assert {citation["field"] for citation in entry["citations"]} - {"mention"} == stated_fields, entry["code"]
        assert entry["verification"].keys() == entry["basis"].keys() == stated_fields, entry["code"]
        assert {citation["source"] for citation in citations_of(entry, "legal_basis")} == set(entry["legal_basis"])


@pytest.mark.parametrize("slug", EDITIONS)
@pytest.mark.parametrize(("field", "companion"), COMPANIONS)
def test_an_unknown_value_has_no_companion_value(slug: str, field: str, companion: str) -> None:
    assert [entry["code"] for entry in edition(slug)["services"] if entry[companion] and not entry[field]] == []


@pytest.mark.parametrize("slug", EDITIONS)
def test_no_label_is_above_the_best_citation(slug: str) -> None:
    for entry in edition(slug)["services"]:
        for field, label in entry["verification"].items():
            best_rank = max(RANKS[citation["verification"]] for citation in citations_of(entry, field))
            assert RANKS[label] <= best_rank, (entry["code"], field)


@pytest.mark.parametrize("slug", EDITIONS)
def test_values_assigned_by_the_editors_are_unverified(slug: str) -> None:
    for entry in edition(slug)["services"]:
        assert entry["verification"].get("name_en", "unverified") == "unverified", entry["code"]
        if entry["basis"].get("lead_department") == "editorial":
            assert entry["verification"]["lead_department"] == "unverified", entry["code"]


@pytest.mark.parametrize(("slug", "count"), [("2021", 22), ("2023", 30), ("2026", 40)])
def test_a_lead_of_statute_has_a_clause_that_names_a_department(slug: str, count: int) -> None:
    """No label is raised without a quote; a clause of "县级以上地方人民政府…部门" makes it secondary, not verbatim."""
    leads = [entry for entry in edition(slug)["services"] if entry["basis"].get("lead_department") == "regulation"]

    assert len(leads) == count
    for entry in leads:
        quotes = [citation["quote"] for citation in citations_of(entry, "lead_department") if citation["quote"]]
        assert entry["verification"]["lead_department"] == "secondary"
        assert any(re.search("部门|民政牵头|主管体育工作", quote) for quote in quotes), entry["code"]


@pytest.mark.parametrize("slug", EDITIONS)
def test_the_label_of_a_legal_basis_is_not_above_that_of_its_weakest_law(slug: str) -> None:
    for entry in edition(slug)["services"]:
        citations = citations_of(entry, "legal_basis")
        best_ranks = [
            max(RANKS[citation["verification"]] for citation in citations if citation["source"] == law)
            for law in entry["legal_basis"]
        ]
        assert RANKS[entry["verification"].get("legal_basis", "unverified")] <= min(best_ranks, default=0), entry[
            "code"
        ]


@pytest.mark.parametrize(
    ("code", "figures"), [("NM-07-01", ["840", "670"]), ("NM-01-07", ["2210", "1920"])], ids=["dibao", "orphans"]
)
def test_the_figures_of_2023_are_in_the_edition_of_2023_and_not_of_2021(code: str, figures: list[str]) -> None:
    everything_of_2021 = "\n".join(strings_within(edition("2021")))
    for figure in figures:
        assert figure in service("2023", code)["standard"]
        assert service("2023", code)["standard_as_of"] == "2023"
        assert not re.search(rf"(?<!\d){figure}(?!\d)", everything_of_2021.replace(",", ""))


@pytest.mark.parametrize(("slug", "last"), [("2021", 2021), ("2023", 2023)])
def test_no_text_of_an_earlier_edition_mentions_a_later_year(slug: str, last: int) -> None:
    keys = ("target_group_text", "content", "standard", "standard_as_of", "expenditure_responsibility", "note")
    for entry in edition(slug)["services"]:
        text = "\n".join(entry[key] for key in keys if entry[key])
        # 2025 is the target year of the plan of 2021, so it may occur as a target.
        without_targets = re.sub(r"规划期（至2025年）|2025(目标|年目标)", "", text)
        assert [year for year in re.findall(r"20\d\d", without_targets) if int(year) > last] == [], entry["code"]


def test_a_department_set_up_in_2023_is_not_in_the_edition_of_2021() -> None:
    for entry in edition("2021")["services"]:
        departments = [entry["lead_department"], *entry["lead_department_alternatives"], *entry["co_departments"]]
        assert "disease-control" not in departments, entry["code"]


@pytest.mark.parametrize("slug", EDITIONS)
def test_an_edition_states_that_it_is_not_endorsed_and_how_many_values_are_unknown(slug: str) -> None:
    services = edition(slug)["services"]
    unverified = sum(list(entry["verification"].values()).count("unverified") for entry in services)
    unknown = sum(not entry[field] for entry in services for field in SOURCED_FIELDS)
    note = edition(slug)["edition"]["note"]
    assert "未经自治区人民政府及其任何部门审定、认可或背书" in note
    assert f"{unverified}个标为未核实，{unknown}个未知" in note
