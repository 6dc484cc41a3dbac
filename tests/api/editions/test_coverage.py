"""Coverage and age in public: counted by field, domain and department, and told with every service."""

import datetime
import json

import pytest

from catalogue.audit.log import AuditContext
from catalogue.editions.public import coverage
from catalogue.models import Entry
from catalogue.workflow.maintenance import rechecks
from services.sources import Source
from tests.web.test_problems import assert_problem

COVERAGE, SERVICE = "/api/v1/coverage/", "/api/v1/services/NM-05-01/"


def record_check(code: str, on: str, edition: str = "2026") -> None:
    entry = Entry.objects.get(edition__slug=edition, service__code=code)
    at = datetime.datetime.fromisoformat(f"{on}T12:00:00+08:00")
    rechecks.record_check(entry, context=AuditContext(at=at, reason="内民政发〔2027〕1号"))


def test_every_field_of_an_edition_is_counted_once(client, db):
    answer = client.get(COVERAGE).json()

    services = client.get("/api/v1/services/", {"expand": "citations"}).json()["results"]
    assert answer["edition"]["slug"] == "2026"
    assert set(answer["fields"]) == set(services[0]["verification"])
    for field, counts in answer["fields"].items():
        labels = [service["verification"][field] or "unknown" for service in services]
        assert {label: counts[label] for label in ("verbatim", "secondary", "unverified", "unknown")} == {
            label: labels.count(label) for label in ("verbatim", "secondary", "unverified", "unknown")
        }
        quoted = [
            any(item["field"] == field and item["quote"] and item["locator"] for item in service["citations"])
            for service in services
        ]
        assert counts["quoted"] == sum(quoted)


@pytest.mark.parametrize("group", ["by_domain", "by_department"])
def test_the_groups_add_up_to_the_whole(client, db, group):
    answer = client.get(COVERAGE, {"valid_on": "2029-01-01"}).json()

    for field, counts in answer["fields"].items():
        for name, count in counts.items():
            assert sum(fields[field][name] for fields in answer[group].values()) == count, (field, name)


def test_the_counts_are_those_of_the_day_and_edition_asked_about(client, db):
    fresh, old = (client.get(COVERAGE, {"valid_on": on}).json() for on in ("2026-11-29", "2028-11-24"))

    assert sum(counts["outdated"] for counts in fresh["fields"].values()) == 0
    assert old["fields"]["name"]["outdated"] == 81  # checked on 2026-11-23, 24 months before
    assert old["fields"]["name_en"]["outdated"] == 0  # the editors' own, never checked
    assert client.get(COVERAGE, {"edition": "2021"}).json()["edition"]["slug"] == "2021"


def test_a_service_says_how_fresh_its_values_are(client, db):
    service = client.get(SERVICE).json()

    assert service["checked_on"]["standard"] == "2026-11-23"
    assert service["checked_on"]["name_en"] is None
    assert (service["valid_until"], service["may_be_outdated"]) == ({}, [])
    later = client.get(SERVICE, {"valid_on": "2028-11-24"}).json()
    assert "standard" in later["may_be_outdated"] and "name_en" not in later["may_be_outdated"]


def test_a_recorded_check_is_told_at_once(client, db):
    before = client.get(SERVICE, {"valid_on": "2028-12-01"})
    record_check("NM-05-01", "2028-11-30")

    after = client.get(SERVICE, {"valid_on": "2028-12-01"}, headers={"If-None-Match": before["ETag"]})

    assert set(after.json()["checked_on"].values()) == {"2028-11-30"}
    assert after.json()["may_be_outdated"] == []
    assert before.json()["may_be_outdated"]


def test_a_check_of_one_edition_says_nothing_of_an_earlier_one(client, db):
    record_check("NM-05-01", "2028-11-30")

    answer = client.get(SERVICE, {"edition": "2021"}).json()

    assert answer["checked_on"]["name"] == "2026-11-23"


def test_a_replaced_source_says_until_when_it_was_in_force_and_so_do_its_values(client, db):
    source = client.get("/api/v1/sources/law-infectious/").json()
    before = client.get("/api/v1/services/NM-04-08/", {"edition": "2021"}).json()
    Source.objects.filter(code="law-infectious").update(replaced_by=None)

    after = client.get("/api/v1/services/NM-04-08/", {"edition": "2021"}).json()

    assert (source["in_force_until"], source["replaced_by"]) == ("2025-08-31", "law-infectious-2025")
    assert before["valid_until"] == {"lead_department": "2025-08-31"}
    assert before["may_be_outdated"] == ["lead_department"]
    assert (after["valid_until"], after["may_be_outdated"]) == ({}, [])


def test_the_months_are_a_setting(client, db, settings):
    settings.OUTDATED_AFTER_MONTHS = 1

    assert client.get(SERVICE, {"valid_on": "2026-12-24"}).json()["may_be_outdated"]


def test_a_text_whose_successor_has_no_known_day_in_force_has_no_known_end(client, db):
    source = client.get("/api/v1/sources/web-nm-ulanmuqir/").json()
    service = client.get("/api/v1/services/NM-09-02/", {"edition": "2021"}).json()

    # The new text is dated 2025-05-29; the day on which it came into force was not found.
    assert (source["in_force_until"], source["replaced_by"]) == (None, "web-nm-ulanmuqir-2025")
    assert (service["valid_until"], service["may_be_outdated"]) == ({}, [])


@pytest.mark.parametrize("form", ["csv", "xlsx", "ndjson"])
def test_a_recorded_check_changes_the_validator_of_a_file(client, db, form):
    before = client.get(f"/api/v1/services.{form}")["ETag"]
    record_check("NM-05-01", "2028-11-30")

    assert client.get(f"/api/v1/services.{form}", headers={"If-None-Match": before}).status_code == 200


def test_entries_without_a_lead_department_are_counted_as_unknown():
    assert coverage.department_of({"lead_department": None}) == "unknown"


@pytest.mark.parametrize("form", ["csv", "xlsx", "ndjson"])
def test_a_file_says_how_fresh_the_values_are(client, db, form):
    def read(day: str) -> tuple[bytes, str]:
        answer = client.get(f"/api/v1/services.{form}", {"valid_on": day})
        return b"".join(answer.streaming_content), answer["ETag"]

    fresh, old = read("2026-11-29"), read("2028-11-24")

    assert fresh[1] != old[1]
    if form == "csv":
        head, first, *_ = old[0].decode("utf-8-sig").splitlines()
        assert "核对日期,有效至,可能过时" in head
        assert "2026-11-23：" in first and "没有核对过：英文名称" in first
    if form == "ndjson":
        told = [json.loads(text.splitlines()[0])["may_be_outdated"] for text, _ in (fresh, old)]
        assert told[0] == [] and "name" in told[1]


@pytest.mark.parametrize("form", ["/", ".md"])
def test_a_page_says_when_a_value_was_checked_and_what_may_be_outdated(client, db, form):
    fresh = client.get(f"/services/NM-05-01{form}").content.decode()
    old = client.get(f"/services/NM-05-01{form}", {"valid_on": "2028-11-24"}).content.decode()

    assert "核对于 2026" in fresh and "没有核对过" in fresh
    assert fresh.count("可能过时") + 3 < old.count("可能过时")


@pytest.mark.parametrize(("query", "field"), [({"editon": "2021"}, "editon"), ({"edition": "1999"}, "edition")])
def test_an_unknown_parameter_or_edition_is_named(client, db, query, field):
    (error,) = assert_problem(client.get(COVERAGE, query), 400)["errors"]

    assert error["field"] == field and error["allowed"]
