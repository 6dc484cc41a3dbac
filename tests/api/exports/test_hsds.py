"""The list as HSDS 3.1: the mapping, the values left out, and conformance to the schemas.

The schemas of the standard are beside the repository, in ``../shared/standards``; without that folder the tests that
need them are skipped.
"""

import datetime
import json
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

import jsonschema
import pytest

from catalogue.api.exports import hsds
from catalogue.editions.public.imprint import imprint
from catalogue.models import Edition, Entry
from services.eligibility import rules
from tests.support.entries import make_entry
from tests.support.paths import SHARED

STANDARD = SHARED / "standards" / "hsds-3.1"
ROOT = "http://testserver"
SERVICE = f"{ROOT}/id/services/NM-05-01"


def named(name: str) -> str:
    return str(uuid.uuid5(hsds.NAMESPACE, name))


@pytest.fixture(scope="module")
def validate() -> Callable[[str, object], None]:
    """Return a function that validates a service against a schema of the standard, with formats."""
    if not STANDARD.is_dir():
        pytest.skip("the schemas of HSDS 3.1 are not beside the repository")
    checker = jsonschema.FormatChecker()

    @checker.checks("uri", raises=ValueError)
    def is_uri(value: object) -> bool:
        return not isinstance(value, str) or bool(urlsplit(value).scheme and urlsplit(value).netloc)

    validators = {
        path.stem: jsonschema.Draft202012Validator(json.loads(path.read_text()), format_checker=checker)
        for path in STANDARD.glob("*.json")
    }
    return lambda schema, service: validators[schema].validate(service)


@pytest.fixture(scope="module")
def editions(django_db_setup, django_db_blocker) -> dict[str, tuple[Edition, list[dict]]]:
    with django_db_blocker.unblock():
        editions = {edition.slug: (edition, edition.documents()) for edition in Edition.objects.published()}
        for edition, _ in editions.values():
            assert edition.contacts  # one query, then cached
        return editions


@pytest.fixture(scope="module")
def mapped(editions) -> dict[str, list[dict]]:
    return {
        slug: [hsds.service(document, edition=edition, root=ROOT) for document in documents]
        for slug, (edition, documents) in editions.items()
    }


@pytest.mark.parametrize("slug", ["2021", "2026"])  # 2021 has many unknown values
def test_every_service_conforms_to_the_schema(validate, mapped, slug):
    assert len(mapped[slug]) == 81
    for service in mapped[slug]:
        validate("service_with_definitions", service)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda service: service.pop("name"),
        lambda service: service.pop("id"),
        lambda service: service.update(status="withdrawn"),
        lambda service: service.update(id="NM-05-01"),
        lambda service: service.update(url="NM-05-01"),
        lambda service: service.update(last_modified="2026-11-01"),
        lambda service: service.update(minimum_age="65"),
        lambda service: service.update(description=None),
        lambda service: service["organization"].pop("description"),
        lambda service: service["organization"].update(id="finance"),
        lambda service: service["attributes"][0].update(id=None),
        lambda service: service["attributes"][0]["taxonomy_term"].pop("description"),
        lambda service: service["attributes"][0]["taxonomy_term"]["taxonomy_detail"].pop("name"),
        lambda service: service["funding"][0].pop("id"),
        lambda service: service["additional_urls"][0].pop("url"),
        lambda service: service.update(metadata=[{"field_name": "description"}]),
    ],
)
def test_an_invalid_service_fails_the_schema(validate, mapped, break_it):
    service = json.loads(json.dumps(mapped["2026"][0]))
    break_it(service)

    with pytest.raises(jsonschema.ValidationError):
        validate("service_with_definitions", service)


def test_the_ids_within_a_service_are_unique(mapped):
    for service in mapped["2026"]:
        ids = [part["id"] for name in ("attributes", "funding", "additional_urls") for part in service.get(name, [])]
        assert len({*ids, service["id"]}) == len(ids) + 1


def test_the_file_has_every_service_in_one_page(editions, mapped):
    edition, documents = editions["2026"]

    pieces = list(hsds.to_hsds(iter(documents), edition=edition, root=ROOT))

    assert len(pieces) == 83
    assert json.loads("".join(pieces)) == {
        "imprint": imprint(edition),
        "contents": mapped["2026"],
        "total_items": 81,
        "total_pages": 1,
        "page_number": 1,
        "size": 81,
        "first_page": True,
        "last_page": True,
        "empty": False,
    }


@pytest.mark.parametrize("taken", [0, 1])
def test_a_file_of_few_services_is_complete(editions, taken):
    edition, documents = editions["2026"]

    page = json.loads("".join(hsds.to_hsds(documents[:taken], edition=edition, root=ROOT)))

    assert (len(page["contents"]), page["total_items"], page["empty"]) == (taken, taken, taken == 0)


def age(op: str, value: object, fact: str = "age") -> dict:
    return {"fact": fact, "op": op, "value": value}


POOR = {"fact": "household", "op": "contains", "value": "low_income"}


@pytest.mark.parametrize(
    ("groups", "bounds"),
    [
        ([[age("gte", 65)]], (65, None)),
        ([[age("gt", 64)]], (65, None)),
        ([[age("lte", 6)]], (None, 6)),
        ([[age("lt", 7)]], (None, 6)),
        ([[age("eq", 18)]], (18, 18)),
        ([[age("in", [5, 3])]], (3, 5)),
        ([[age("gte", 16), age("lte", 24)]], (16, 24)),
        ([[age("gte", 60), age("ne", 60)]], (61, None)),
        ([[age("ne", 60)]], (None, None)),
        ([[age("gte", 0)]], (None, None)),  # true of everybody
        ([[age("gt", 0)]], (1, None)),
        ([[age("lte", 130)]], (None, None)),  # the maximum of the fact
        ([[age("lt", 130)]], (None, 129)),
        ([[age("gte", 80)], [age("gte", 60), POOR]], (60, None)),  # the least bound of the groups
        ([[age("lte", 6)], [age("lte", 17), POOR]], (None, 17)),  # the greatest bound of the groups
        ([[age("gte", 16), age("lte", 24)], [age("gte", 60)]], (16, None)),
        ([[age("lte", 6)], [age("gte", 60)]], (None, None)),  # a gap between the groups is not a bound
        ([[age("gte", 65)], [POOR]], (None, None)),  # a group without an age
        ([[age("gte", 49, "wife_age")]], (None, None)),  # the age of another person
        ([[age("gte", 6, "months_resident")]], (None, None)),
    ],
)
def test_a_rule_bounds_the_age_only_if_no_age_outside_can_be_eligible(groups, bounds):
    rule = {"universal": False, "machine_readable": True, "any": [{"all": group} for group in groups], "reason": None}
    assert rules.faults(rule) == []

    assert hsds.ages(rule) == bounds


@pytest.mark.parametrize(
    "rule",
    [
        None,
        {"universal": True, "machine_readable": True, "any": [], "reason": None},
        {"universal": False, "machine_readable": False, "any": [], "reason": "由旗县认定"},
    ],
)
def test_a_rule_without_criteria_has_no_age_bounds(rule):
    assert hsds.ages(rule) == (None, None)


OLD = {"universal": False, "machine_readable": True, "any": [{"all": [age("gte", 65)]}], "reason": None}
EVERYBODY = {"universal": True, "machine_readable": True, "any": [], "reason": None}


@pytest.mark.parametrize(
    ("text", "rule", "description"),
    [
        ("辖区内老年人", OLD, "辖区内老年人"),
        (None, OLD, "年龄不小于65周岁"),
        (None, EVERYBODY, "面向所有人"),
        (None, None, None),  # unknown values are left out
    ],
)
def test_the_eligibility_description_is_the_text_of_the_list_or_of_the_rule(editions, text, rule, description):
    edition, documents = editions["2026"]

    service = hsds.service(documents[0] | {"target_group_text": text, "eligibility": rule}, edition=edition, root=ROOT)

    assert service.get("eligibility_description") == description


def test_unknown_values_are_left_out(empty_catalogue, make_edition, validate):
    edition = make_edition("only", entries=[make_entry()])

    (document,) = edition.documents()

    service = hsds.service(document, edition=edition, root=ROOT)

    validate("service_with_definitions", service)
    taxonomy = {"id": named("domains"), "name": "领域", "description": "本清单的领域词表"}
    assert service == {
        "id": named("services/NM-05-01"),
        "name": "老年人健康管理",
        "url": SERVICE,
        "status": "active",
        "last_modified": "2026-11-01T16:00:00.000+08:00",
        "attributes": [
            {
                "id": named("services/NM-05-01#domains/NM-05"),
                "link_id": named("services/NM-05-01"),
                "link_entity": "service",
                "link_type": "domain",
                "label": "领域",
                "taxonomy_term_id": named("domains/NM-05"),
                "taxonomy_term": {
                    "id": named("domains/NM-05"),
                    "code": "NM-05",
                    "name": "老有所养",
                    "description": "领域：老有所养（Old-age care）",
                    "language": "zh",
                    "taxonomy_id": taxonomy["id"],
                    "taxonomy_detail": taxonomy,
                    "term_uri": f"{ROOT}/id/domains/NM-05",
                },
            }
        ],
        "additional_urls": [
            {
                "id": named("services/NM-05-01#source/seed-plan"),
                "service_id": named("services/NM-05-01"),
                "label": "来源：内蒙古自治区“十四五”保障和改善公共服务规划（内政办发〔2021〕70号）",
                "url": f"{ROOT}/id/sources/seed-plan",
            }
        ],
        "verification": dict.fromkeys(Entry.SOURCED_FIELDS) | {"name": "verbatim", "domain": "verbatim"},
        "citations": document["citations"],
    }


def test_known_values_are_mapped(editions):
    edition, documents = editions["2026"]
    health = next(document for document in documents if document["code"] == "NM-01-06")

    service = hsds.service(health, edition=edition, root=ROOT)

    lead = f"{ROOT}/id/departments/health-commission"
    identifier = named("departments/health-commission")
    assert service["organization"] == {
        "id": identifier,
        "name": "内蒙古自治区卫生健康委员会",
        "alternate_name": "Health Commission of Inner Mongolia Autonomous Region",
        "description": "内蒙古自治区卫生健康委员会，简称自治区卫生健康委。",
        "uri": lead,
    }
    assert (service["organization_id"], service["alternate_name"]) == (identifier, "Child health management")
    assert (service["description"], service.get("minimum_age"), service["maximum_age"]) == (health["content"], None, 6)
    assert [item["source"] for item in service["funding"]] == [health["expenditure_responsibility"]]
    assert [(item["link_type"], item["label"], item.get("value")) for item in service["attributes"]] == [
        ("domain", "领域", None),
        ("intended_audience", "服务对象", None),
        ("standard", f"服务标准（{health['standard_as_of']}）", health["standard"]),
        ("co_department", "配合单位", "内蒙古自治区教育厅"),
        ("co_department", "配合单位", "内蒙古自治区财政厅"),
    ]
    assert "法律法规依据：中华人民共和国母婴保健法" in [item["label"] for item in service["additional_urls"]]


def test_a_hotline_and_the_day_of_the_last_check_are_there_where_they_are_known(editions, validate):
    edition, documents = editions["2026"]
    document = next(document for document in documents if document["lead_department"]["code"] == "hrss")
    days = {"name": datetime.date(2026, 11, 23), "content": datetime.date(2026, 11, 2)}

    service = hsds.service(document | {"checked_on": days}, edition=edition, root=ROOT)
    unchecked = hsds.service(document | {"checked_on": days | {"note": None}}, edition=edition, root=ROOT)

    validate("service_with_definitions", service)
    assert [phone["number"] for phone in service["phones"]] == ["12333"]
    assert service["assured_date"] == "2026-11-02"  # every value was checked since
    assert "assured_date" not in unchecked


def test_ids_do_not_depend_on_the_host(editions):
    edition, documents = editions["2026"]

    ours, theirs = [hsds.service(documents[0], edition=edition, root=f"https://{host}") for host in ("a.cn", "b.cn")]

    assert (ours["id"], ours["organization_id"]) == (theirs["id"], theirs["organization_id"])
    assert [item["id"] for item in ours["attributes"]] == [item["id"] for item in theirs["attributes"]]


@pytest.mark.parametrize(
    ("title", "number", "legal", "label"),
    [
        ("某办法", None, False, "来源：某办法"),
        ("某办法", "内民政发〔2027〕1号", False, "来源：某办法（内民政发〔2027〕1号）"),
        ("某办法（内民政发〔2027〕1号）", "内民政发〔2027〕1号", False, "来源：某办法（内民政发〔2027〕1号）"),
        ("某办法", "内民政发〔2027〕1号", True, "法律法规依据：某办法"),  # both cited and legal basis: listed once
    ],
)
def test_a_cited_document_is_listed_once(editions, title, number, legal, label):
    edition, documents = editions["2026"]
    source = {"code": "some", "title": title, "document_number": number}
    citations = [citation | {"source": source} for citation in documents[0]["citations"][:2]]
    document = documents[0] | {"legal_basis": [source] if legal else [], "citations": citations}

    service = hsds.service(document, edition=edition, root=ROOT)

    assert [(link["label"], link["url"]) for link in service["additional_urls"]] == [(label, f"{ROOT}/id/sources/some")]


def test_alternative_lead_departments_are_attributes(editions):
    edition, documents = editions["2026"]
    document = next(document for document in documents if document["lead_department_alternatives"])

    service = hsds.service(document, edition=edition, root=ROOT)

    alternatives = [
        attribute["value"]
        for attribute in service["attributes"]
        if attribute["link_type"] == "lead_department_alternative"
    ]
    assert alternatives == [department["name"] for department in document["lead_department_alternatives"]]
