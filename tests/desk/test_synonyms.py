"""Synonyms on the desk: a word, the ordered services that it stands for, and the audit log of both."""

import json

import pytest
from django.urls import reverse

from catalogue.models import Edition, Event
from services.models import Service, Synonym
from services.sources import Source
from tests.conftest import make_user
from tests.support.admin_forms import column_texts, form_data, visible_text, with_inline_row

LIST, ADD = "/admin/services/synonym/", "/admin/services/synonym/add/"


@pytest.fixture
def publisher(client, db):
    client.force_login(make_user("sun", "发布"))
    return client


def page_of(word: str, view: str = "change") -> str:
    return reverse(f"admin:services_synonym_{view}", args=[Synonym.objects.get(word=word).pk])


def meant(word: str) -> list[str]:
    return [code for _, code in Synonym.objects.filter(word=word).pairs()]


def service(code: str) -> int:
    return Service.objects.get(code=code).pk


def typed(client, word: str, *codes: str, **values: object) -> dict:
    """Return the form data for a new word that stands for these services."""
    data = form_data(client.get(ADD)) | {"word": word, "source": str(Source.objects.get(code="editors").pk)}
    data |= {"verification": "unverified", "targets-TOTAL_FORMS": "0"}
    for code in codes:
        data = with_inline_row(data, "targets", position="1", service=service(code))
    return data | values


def last_events(word: str) -> list[tuple]:
    events = Event.objects.filter(term=f"synonym/{word}").order_by("number")
    return [(event.verb, event.field, event.actor) for event in events]


def test_adding_a_word_is_logged(publisher):
    publisher.post(ADD, typed(publisher, " 孩子打针 ", "NM-01-05", "NM-01-06"))

    (event,) = Event.objects.filter(term="synonym/孩子打针")
    after = json.loads(event.after)
    assert meant("孩子打针") == ["NM-01-05", "NM-01-06"]
    assert (event.verb, event.actor) == ("created", "sun")
    assert [target["service"] for target in after["meanings"]] == ["NM-01-05", "NM-01-06"]
    assert after["note"] is None


@pytest.mark.parametrize(
    ("word", "codes", "told"),
    [
        ("新词", [], "请至少选一项服务"),
        ("新词", ["NM-01-05", "NM-01-05"], "同一项服务写了两次"),
        ("低保", ["NM-07-01"], "已有这个词语（字母不分大小写）"),
        ("tb", ["NM-04-08"], "已有这个词语（字母不分大小写）"),
        ("ＡＢ", ["NM-04-08"], "请用半角的字母和数字，写作“AB”"),
        ("、", ["NM-04-08"], "至少要有一个汉字、字母或数字"),
        ("长" * 31, ["NM-04-08"], "30"),
        ("", ["NM-04-08"], "“词语”必须填写。"),
    ],
)
def test_an_invalid_word_is_refused_with_a_message(publisher, word, codes, told):
    before = Synonym.objects.count()

    page = publisher.post(ADD, typed(publisher, word, *codes))

    assert told in visible_text(page)
    assert Synonym.objects.count() == before


def test_reordering_the_services_is_logged(publisher):
    assert meant("农民工")[:2] == ["NM-03-10", "NM-03-07"]

    data = form_data(publisher.get(page_of("农民工")))
    publisher.post(page_of("农民工"), data | {"targets-0-position": "3", "targets-1-position": "1"})

    history = visible_text(publisher.get(page_of("农民工", "history")))
    assert meant("农民工") == ["NM-03-07", "NM-03-10", "NM-06-01"]
    assert last_events("农民工") == [("revised", "meanings", "sun")]
    assert "所指服务" in history
    assert "次序：3" in history


def test_services_of_a_word_can_be_added_and_removed(publisher):
    data = with_inline_row(
        form_data(publisher.get(page_of("农民工"))), "targets", position="9", service=service("NM-03-02")
    )

    publisher.post(page_of("农民工"), data | {"targets-0-DELETE": "on"})

    assert meant("农民工") == ["NM-03-07", "NM-06-01", "NM-03-02"]


def test_the_last_service_of_a_word_cannot_be_removed(publisher):
    page = publisher.post(page_of("低保"), form_data(publisher.get(page_of("低保"))) | {"targets-0-DELETE": "on"})

    assert "请至少选一项服务" in visible_text(page)
    assert meant("低保") == ["NM-07-01"]


def test_a_word_and_the_services_of_saved_rows_are_permanent(publisher):
    data = form_data(publisher.get(page_of("低保"))) | {"word": "低低保", "targets-0-service": service("NM-09-01")}

    publisher.post(page_of("低保"), data | {"note": "新的说明"})

    assert meant("低保") == ["NM-07-01"]
    assert Synonym.objects.get(word="低保").note == "新的说明"


def test_deleting_a_word_logs_its_content(publisher):
    publisher.post(page_of("低保户", "delete"), {"post": "yes"})

    (event,) = Event.objects.filter(term="synonym/低保户")
    assert not Synonym.objects.filter(word="低保户").exists()
    assert (event.verb, json.loads(event.before)["meanings"]) == (
        "deleted",
        [{"service": "NM-07-01", "position": 1}],
    )


def test_a_service_with_a_synonym_cannot_be_deleted(admin_client, publisher):
    service = Service.objects.create(code="NM-09-99")
    Synonym.objects.get(word="低保").targets.create(service=service)

    page = admin_client.get(reverse("admin:services_service_delete", args=[service.pk]))

    assert "所指服务：低保 → NM-09-99" in visible_text(page)


def test_the_list_shows_the_services_and_is_searched_by_word_code_and_name(publisher):
    assert column_texts(publisher.get(LIST, {"q": "新农合"}), "services") == ["城乡居民基本医疗保险"]
    assert {"五保", "敬老院"} <= set(column_texts(publisher.get(LIST, {"q": "NM-07-02"}), "word"))
    assert {"五保", "敬老院"} <= set(column_texts(publisher.get(LIST, {"q": "特困人员救助供养"}), "word"))


def test_the_list_has_a_constant_number_of_queries(publisher, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as few_queries:
        publisher.get(LIST, {"q": "新农合"})
    with django_assert_max_num_queries(20) as many_queries:
        publisher.get(LIST)

    assert len(many_queries) <= len(few_queries)


def test_synonyms_are_not_part_of_editions_or_the_api(publisher):
    digests = list(Edition.objects.values_list("slug", "digest"))
    before = publisher.get("/api/v1/services/NM-07-01/").json()

    publisher.post(page_of("低保", "delete"), {"post": "yes"})

    assert publisher.get("/api/v1/services/NM-07-01/").json() == before
    assert list(Edition.objects.values_list("slug", "digest")) == digests
    assert "synonym" not in json.dumps(publisher.get("/api/v1/").json())
