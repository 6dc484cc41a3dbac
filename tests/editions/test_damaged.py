"""An edition whose sealed texts do not match its digest is not served; other editions are."""

import pytest
from django.core.management import call_command

from catalogue.editions.public import published
from catalogue.integrity import checks
from catalogue.models import DamagedEditionError, Edition
from catalogue.web import revision
from tests.api.test_mcp import asked
from tests.conftest import make_user
from tests.support.triggers import without_seal_triggers

DETAIL = "版本 2023 的内容与其摘要不符，暂停提供；请联系管理员运行 manage.py verify。"
SERVICES = "/api/v1/services/"


@pytest.fixture
def damaged(db) -> Edition:
    """The edition 2023 with another digest: this process cached its content under the old one."""
    with without_seal_triggers():
        Edition.objects.filter(slug="2023").update(digest="0" * 64)
    return Edition.objects.get(slug="2023")


ADDRESSES_OF_DAMAGED = [
    f"{SERVICES}?edition=2023",
    f"{SERVICES}?edition=2023&q=低保",
    f"{SERVICES}?valid_on=2024-01-01",
    f"{SERVICES}NM-05-01/?edition=2023",
    f"{SERVICES}NM-05-01/history/",
    *(f"{SERVICES[:-1]}.{kind}?edition=2023" for kind in ("csv", "xlsx", "ndjson", "jsonld", "ttl", "hsds.json")),
    f"{SERVICES}NM-05-01.ttl?edition=2023",
    "/api/v1/editions/2023/content/",
    "/api/v1/editions/2023/changes/",
    "/api/v1/editions/2026/changes/",
    "/api/v1/editions/2026/changes/?since=2023",
    "/services/NM-05-01.md?edition=2023",
]


@pytest.mark.parametrize("address", ADDRESSES_OF_DAMAGED)
def test_an_address_that_needs_a_damaged_edition_answers_a_problem(client, damaged, address):
    response = client.get(address)

    assert (response.status_code, response["Content-Type"]) == (503, "application/problem+json")
    assert response.json()["detail"] == DETAIL
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "address",
    [
        SERVICES,
        f"{SERVICES}NM-05-01/",
        f"{SERVICES}NM-05-01/?edition=2021",
        "/api/v1/editions/",
        "/api/v1/editions/2023/",
        "/api/v1/editions/2021/content/",
        "/api/v1/changes/",
        "/services/NM-05-01/",
        "/healthz",
    ],
)
def test_an_address_that_does_not_need_a_damaged_edition_is_served(client, damaged, address):
    assert client.get(address).status_code == 200


def test_a_page_answers_a_page_with_the_detail(client, damaged):
    response = client.get("/services/NM-05-01/?edition=2023")

    assert (response.status_code, response["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert DETAIL in response.text


def test_entitlements_and_mcp_answer_the_detail(client, damaged):
    body = {"circumstances": {"age": 70}, "edition": "2023"}
    answer = client.post("/api/v1/entitlements/", body, content_type="application/json")

    assert (answer.status_code, answer.json()["detail"]) == (503, DETAIL)
    assert asked("get_service", code="NM-05-01", edition="2023")[1].endswith(DETAIL)


def test_the_desk_answers_the_detail(client, damaged):
    client.force_login(make_user("root", "审计"))

    response = client.get("/admin/catalogue/entry/export.csv?edition=2023")

    assert response.status_code == 503
    assert DETAIL in response.text


def test_readiness_names_damaged_editions_and_fails_only_for_the_one_in_force(client, damaged):
    assert client.get("/readyz").json() == {"status": "ok", "edition": "2026", "damaged": ["2023"]}
    with without_seal_triggers():
        Edition.objects.filter(slug="2026").update(digest="1" * 64)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["detail"].startswith("版本 2026 的内容与其摘要不符")


def test_prepare_warns_and_continues(damaged, capsys):
    call_command("prepare")

    assert f"警告：{DETAIL}" in capsys.readouterr().out


DAMAGE = {
    "a word of a text": lambda edition: edition.entries.update(canonical_json="{}"),
    "a text taken away": lambda edition: edition.entries.update(canonical_json=None),
    "an entry gone": lambda edition: edition.entries.all().delete(),
    "an entry moved": lambda edition: edition.entries.update(number=7, canonical_json='{"number":7}'),
    "what it says of itself": lambda edition: Edition.objects.filter(pk=edition.pk).update(canonical_json="{}"),
}


READERS = [
    lambda edition: published.get_published(edition).documents,
    lambda edition: published.get_published(edition).header,
    lambda edition: published.get_published(edition).content(),
    Edition.documents,
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_any_damage_is_detected_at_the_first_read(make_edition, damage):
    # A slug of its own for each test: content is cached by digest.
    slug = f"any-{list(DAMAGE).index(damage)}"
    edition = make_edition(slug)
    with without_seal_triggers():
        DAMAGE[damage](edition)

    for read in READERS:
        with pytest.raises(DamagedEditionError, match=f"版本 {slug}"):
            read(edition)
    assert checks.damaged_editions(revision.current().editions) == [slug]


def test_damage_found_by_a_reader_is_not_hidden_by_an_earlier_check(make_edition):
    edition = make_edition("met")
    assert checks.damaged_editions(revision.current().editions) == []
    with without_seal_triggers():
        edition.entries.update(canonical_json="{}")
    with pytest.raises(DamagedEditionError):
        list(published.get_published(edition).documents)

    assert checks.damaged_editions(revision.current().editions) == ["met"]


def test_a_repaired_edition_is_served_again(make_edition):
    edition = make_edition("mended")
    text = edition.entries.get().canonical_json
    with without_seal_triggers():
        edition.entries.update(canonical_json="{}")
        with pytest.raises(DamagedEditionError):
            list(published.get_published(edition).documents)
        edition.entries.update(canonical_json=text)

    assert list(published.get_published(edition).documents) == ["NM-05-01"]
    assert checks.damaged_editions(revision.current().editions) == []


def test_checking_and_reading_take_one_query(make_edition, django_assert_num_queries):
    edition = make_edition("asked-once")
    checks.damaged_editions(editions := revision.current().editions)
    with django_assert_num_queries(1):
        list(published.get_published(edition).documents)

    with django_assert_num_queries(0):
        list(published.get_published(edition).documents)
        assert checks.damaged_editions(editions) == []
