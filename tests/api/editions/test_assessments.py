"""What the treasury was found to bear is public with the edition, without names of persons."""

import pytest

from catalogue.models import Assessment
from tests.support.entries import standard_change
from tests.web.test_problems import assert_problem

PATH = "/api/v1/editions/2027/assessments/"


@pytest.fixture
def assessed(short_list, make_proposal, publish) -> Assessment:
    proposal = make_proposal(standard_change(), to="approved")
    publish("2027", proposal)
    return proposal.assessment


def test_an_edition_says_what_was_assessed(client, assessed):
    body = client.get(PATH).json()

    line = assessed.lines.get()
    (result,) = body["results"]
    assert (body["count"], result["proposal"], result["services"]) == (1, assessed.proposal.number, ["NM-01-07"])
    assert result["lines"] == [
        {
            "label": line.label,
            "beneficiaries": line.beneficiaries,
            "old_standard": f"{line.old_standard:.2f}",
            "new_standard": f"{line.new_standard:.2f}",
            "periods": line.periods,
            "period": line.period,
            "total": f"{line.beneficiaries * line.new_standard * line.periods:.2f}",
            "increment": f"{line.beneficiaries * (line.new_standard - line.old_standard) * line.periods:.2f}",
        }
    ]
    assert (result["total"], result["increment"]) == (result["lines"][0]["total"], result["lines"][0]["increment"])
    assert sum(float(part) for part in result["borne"].values()) == pytest.approx(float(result["total"]))
    assert result["conclusion"] == assessed.conclusion


def test_no_person_and_no_attachment_is_named(client, assessed):
    (result,) = client.get(PATH).json()["results"]

    assert set(result) == {
        "proposal", "title", "services", "conclusion", "lines", "total", "increment", "borne", "funding_source",
        "assessed_at",
    }  # fmt: skip


def test_an_edition_without_an_assessment_has_none(client, db):
    assert client.get("/api/v1/editions/2026/assessments/").json()["results"] == []


def test_an_unpublished_edition_is_not_found(client, next_edition):
    assert_problem(client.get(PATH), 404)


def test_the_queries_do_not_grow_with_the_assessments(
    client, short_list, make_proposal, publish, django_assert_max_num_queries
):
    publish(
        "2027", make_proposal(standard_change(), to="approved"),
        make_proposal(standard_change() | {"service": "NM-01-05"}, to="approved"),
    )  # fmt: skip
    client.get(PATH)

    with django_assert_max_num_queries(8):
        assert client.get(PATH, {"page_size": 50}).json()["count"] == 2
