"""A withdrawn service is still answered, with its last entry, the reason and its successors."""

import datetime

import pytest

from catalogue.models import Edition, Entry
from tests.support.editions import SHORT_LIST
from tests.support.entries import NOTE_CHANGE, PROPOSED_AT, addition, withdrawal

pytestmark = pytest.mark.usefixtures("short_list")

GONE, HEIR = "NM-09-09", "NM-09-08"
DETAIL = f"/api/v1/services/{GONE}/"
NUMBER = "内文旅发〔2026〕9号"


@pytest.fixture
def later_edition(make_proposal, publish) -> Edition:
    return publish(
        "2027",
        make_proposal(
            withdrawal(GONE, HEIR),
            kind="withdraw",
            to="approved",
            reason="并入公共文化设施免费开放",
            document_number=NUMBER,
        ),
    )


def named(code: str) -> dict:
    return {"code": code, "name": Entry.objects.get(edition__slug="2026", service__code=code).name}


def test_a_withdrawn_service_has_its_last_entry_and_the_reason(client, later_edition):
    before = client.get(DETAIL, {"edition": "2026"}).json()

    response = client.get(DETAIL, {"edition": "2027"})

    assert response.status_code == 200
    assert response.json() == before | {
        "status": "withdrawn",
        "withdrawal": {
            "edition": "2027",
            "effective_from": "2027-01-01",
            "reason": "并入公共文化设施免费开放",
            "document_number": NUMBER,
            "successors": [named(HEIR)],
        },
    }
    assert before["status"] == "listed"
    assert before["withdrawal"] is None
    assert before["edition"]["slug"] == "2026"


STATUS = [
    ({}, "listed"),  # today the edition of 2026 is in force
    ({"valid_on": "2026-12-31"}, "listed"),
    ({"valid_on": "2027-01-01"}, "withdrawn"),
    ({"valid_on": "2027-01-01", "known_at": "2026-12-01T08:59:59Z"}, "listed"),  # a second before it was published
    ({"valid_on": "2027-01-01", "known_at": "2026-12-01T09:00:00Z"}, "withdrawn"),
    ({"edition": "2021"}, "listed"),
    ({"edition": "4"}, "withdrawn"),
]


def test_the_status_depends_on_the_selected_edition(client, later_edition, subtests):
    for query, status in STATUS:
        with subtests.test(query):
            assert client.get(DETAIL, query).json()["status"] == status


def test_a_service_stays_withdrawn_in_later_editions(client, later_edition, publish):
    publish("2028", effective_from=datetime.date(2028, 1, 1))

    answer = client.get(DETAIL, {"edition": "2028"})

    assert answer.json()["withdrawal"]["edition"] == "2027"
    assert answer.content == client.get(DETAIL, {"edition": "2027"}).content


def test_the_list_has_no_withdrawn_service(client, later_edition):
    answer = client.get("/api/v1/services/", {"edition": "2027"}).json()

    assert answer["count"] == len(SHORT_LIST) - 1
    assert GONE not in [service["code"] for service in answer["results"]]
    assert "status" not in answer["results"][0]


def test_the_fields_of_a_withdrawn_service_can_be_selected(client, later_edition):
    answer = client.get(DETAIL, {"edition": "2027", "fields": "status,code"}).json()

    assert answer == {"status": "withdrawn", "code": GONE}
    assert client.get("/api/v1/services/", {"fields": "status"}).status_code == 400


def test_the_etag_changes_with_the_selected_edition(client, later_edition):
    etag = client.get(DETAIL, {"edition": "2026"})["ETag"]

    response = client.get(DETAIL, {"edition": "2027"}, headers={"If-None-Match": etag})

    assert response.status_code == 200
    again = client.get(DETAIL, {"edition": "2027"}, headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_the_sealed_content_has_no_status(client, later_edition):
    content = client.get("/api/v1/editions/2026/content/").content

    assert b'"status"' not in content
    assert b'"withdrawal"' not in content


def test_a_service_of_a_later_edition_is_a_404_that_names_the_edition(client, make_proposal, publish):
    publish("2027", make_proposal(addition(), kind="add", to="approved"))

    response = client.get("/api/v1/services/NM-05-05/", {"edition": "2026"})

    assert response.status_code == 404
    assert response.json()["detail"] == "版本 2026 中没有服务项目 NM-05-05；它在版本 2027 中。"


def test_a_withdrawal_without_a_reason_has_null(client, make_edition):
    make_edition("small", "2026-11-02")

    answer = client.get("/api/v1/services/NM-06-01/", {"edition": "small"}).json()

    assert answer["withdrawal"] == {
        "edition": "small", "effective_from": "2026-11-02", "reason": None, "document_number": None, "successors": [],
    }  # fmt: skip


def test_a_withdrawn_service_costs_four_queries(client, later_edition, django_assert_num_queries):
    # Reads both editions into memory; a new process reads each of them once.
    for edition in ("2026", "2027"):
        client.get("/api/v1/services/", {"edition": edition})

        client.get("/api/v1/services/NM-05-01/", {"edition": edition})

    with django_assert_num_queries(4):
        client.get(DETAIL, {"edition": "2027"})


def test_the_history_has_the_withdrawal(client, later_edition):
    newest, *others = client.get(f"{DETAIL}history/").json()["results"]

    assert (newest["edition"], newest["kind"], newest["state"]) == ("2027", "withdrawn", None)
    assert newest["reason"] == "并入公共文化设施免费开放"
    assert newest["document"] == {"code": None, "title": None, "document_number": NUMBER}
    assert (newest["document_number"], newest["successors"]) == (NUMBER, [named(HEIR)])
    assert {change["document_number"] for change in others} == {None}
    assert all((change["reason"] or "汇编自《").startswith("汇编自《") for change in others)


def test_feed_history_and_comparison_agree(client, later_edition):
    (change,) = client.get("/api/v1/changes/?page_size=500").json()["results"][-1:]
    (compared,) = client.get("/api/v1/editions/2027/changes/").json()["results"]
    history = client.get(f"{DETAIL}history/").json()["results"][0]

    assert change | {"cursor": None} == compared
    assert {name: history[name] for name in compared} == compared
    assert (change["kind"], change["document"]["document_number"], change["successors"]) == (
        "withdrawn",
        NUMBER,
        [named(HEIR)],
    )


def test_the_history_of_a_change_has_its_reason(client, make_proposal, publish):
    publish("2027", make_proposal(to="approved", document_number=NUMBER))

    newest = client.get("/api/v1/services/NM-01-07/history/").json()["results"][0]

    assert (newest["kind"], newest["reason"], newest["document_number"]) == ("changed", "落实常务会议决定", NUMBER)
    assert newest["document"]["code"] == "seed-daily"  # the source of the new citation


@pytest.fixture
def two_later_editions(make_proposal, publish) -> None:
    publish("2027", make_proposal(to="approved", document_number=NUMBER))
    publish(
        "2028",
        make_proposal(NOTE_CHANGE, to="approved", reason="补充说明", document_number="内民政发〔2027〕1号"),
        effective_from=datetime.date(2028, 1, 1),
    )


REASONS = [
    ("2027", "2026", "落实常务会议决定", NUMBER),
    ("2028", "2027", "补充说明", "内民政发〔2027〕1号"),
    ("2028", "2026", "落实常务会议决定；补充说明", None),  # two steps, two documents
    ("2026", "2028", None, None),  # a comparison backwards has no reasons
]


def test_a_comparison_has_the_reasons_of_every_step(client, two_later_editions, subtests):
    for edition, since, reason, number in REASONS:
        with subtests.test(f"{since} to {edition}"):
            (change,) = client.get(f"/api/v1/editions/{edition}/changes/", {"since": since}).json()["results"]

            assert (change["reason"], change["document_number"]) == (reason, number)


def test_the_atom_feed_has_the_reason(client, later_edition):
    feed = client.get("/feeds/changes.atom").content.decode()

    assert "服务项目取消：" in feed
    assert f"理由：并入公共文化设施免费开放；文号：{NUMBER}；承接项目：{HEIR} {named(HEIR)['name']}" in feed


def test_the_lineage_of_an_edition_is_its_predecessors(later_edition):
    assert [edition.slug for edition in later_edition.lineage()] == ["2027", "2026", "2023", "2021"]
    assert later_edition.published_at == PROPOSED_AT
