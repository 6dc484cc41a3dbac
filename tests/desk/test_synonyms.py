"""Synonyms on the editors' desk: a word, what it stands for in order, and all of it in the record."""

import json

import pytest
from django.urls import reverse

from catalogue.models import Edition, Event
from services.models import Service, Source, Synonym
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


def typed(client, word: str, *codes: str, **boxes: object) -> dict:
    """Return what a browser sends for a new word that stands for these services."""
    sent = form_data(client.get(ADD)) | {"word": word, "source": str(Source.objects.get(code="editors").pk)}
    sent |= {"verification": "unverified", "targets-TOTAL_FORMS": "0"}
    for code in codes:
        sent = with_inline_row(sent, "targets", position="1", service=service(code))
    return sent | boxes


def last_events(word: str) -> list[tuple]:
    events = Event.objects.filter(term=f"synonym/{word}").order_by("number")
    return [(event.verb, event.field, event.actor) for event in events]


def test_a_publisher_adds_a_word_and_it_is_in_the_record(publisher):
    publisher.post(ADD, typed(publisher, " 孩子打针 ", "NM-01-05", "NM-01-06"))

    (event,) = Event.objects.filter(term="synonym/孩子打针")
    after = json.loads(event.after)
    assert meant("孩子打针") == ["NM-01-05", "NM-01-06"]
    assert (event.verb, event.actor) == ("created", "sun")
    assert [meaning["service"] for meaning in after["meanings"]] == ["NM-01-05", "NM-01-06"]
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
        ("", ["NM-04-08"], "该字段是必填项"),
    ],
)
def test_a_word_that_cannot_be_is_told_why(publisher, word, codes, told):
    before = Synonym.objects.count()

    page = publisher.post(ADD, typed(publisher, word, *codes))

    assert told in visible_text(page)
    assert Synonym.objects.count() == before


def test_the_likeliest_service_is_put_first_and_the_record_says_so(publisher):
    assert meant("农民工")[:2] == ["NM-03-10", "NM-03-07"]

    sent = form_data(publisher.get(page_of("农民工")))
    publisher.post(page_of("农民工"), sent | {"targets-0-position": "3", "targets-1-position": "1"})

    history = visible_text(publisher.get(page_of("农民工", "history")))
    assert meant("农民工") == ["NM-03-07", "NM-03-10", "NM-06-01"]
    assert last_events("农民工") == [("revised", "meanings", "sun")]
    assert "所指服务" in history
    assert "次序：3" in history


def test_a_service_is_added_to_a_word_and_another_taken_off(publisher):
    sent = with_inline_row(
        form_data(publisher.get(page_of("农民工"))), "targets", position="9", service=service("NM-03-02")
    )

    publisher.post(page_of("农民工"), sent | {"targets-0-DELETE": "on"})

    assert meant("农民工") == ["NM-03-07", "NM-06-01", "NM-03-02"]


def test_a_word_does_not_lose_its_last_service(publisher):
    page = publisher.post(page_of("低保"), form_data(publisher.get(page_of("低保"))) | {"targets-0-DELETE": "on"})

    assert "请至少选一项服务" in visible_text(page)
    assert meant("低保") == ["NM-07-01"]


def test_a_word_and_the_service_of_a_row_are_given_once(publisher):
    sent = form_data(publisher.get(page_of("低保"))) | {"word": "低低保", "targets-0-service": service("NM-09-01")}

    publisher.post(page_of("低保"), sent | {"note": "新的说明"})

    assert meant("低保") == ["NM-07-01"]
    assert Synonym.objects.get(word="低保").note == "新的说明"


def test_a_word_that_misleads_is_deleted_and_the_record_keeps_what_it_said(publisher):
    publisher.post(page_of("低保户", "delete"), {"post": "yes"})

    (event,) = Event.objects.filter(term="synonym/低保户")
    assert not Synonym.objects.filter(word="低保户").exists()
    assert (event.verb, json.loads(event.before)["meanings"]) == (
        "deleted",
        [{"service": "NM-07-01", "position": 1}],
    )


def test_a_service_that_a_word_stands_for_is_not_deleted(admin_client, publisher):
    service = Service.objects.create(code="NM-09-99")
    Synonym.objects.get(word="低保").targets.create(service=service)

    page = admin_client.get(reverse("admin:services_service_delete", args=[service.pk]))

    assert "所指服务：低保 → NM-09-99" in visible_text(page)


def test_the_list_names_the_services_and_is_searched_by_word_code_and_name(publisher):
    assert column_texts(publisher.get(LIST, {"q": "新农合"}), "services") == ["城乡居民基本医疗保险"]
    assert {"五保", "敬老院"} <= set(column_texts(publisher.get(LIST, {"q": "NM-07-02"}), "word"))
    assert {"五保", "敬老院"} <= set(column_texts(publisher.get(LIST, {"q": "特困人员救助供养"}), "word"))


def test_the_list_asks_as_often_for_one_word_as_for_a_hundred(publisher, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as few:
        publisher.get(LIST, {"q": "新农合"})
    with django_assert_max_num_queries(20) as many:
        publisher.get(LIST)

    assert len(many) <= len(few)


def test_words_are_nothing_an_edition_or_the_api_says(publisher):
    digests = list(Edition.objects.values_list("slug", "digest"))
    before = publisher.get("/api/v1/services/NM-07-01/").json()

    publisher.post(page_of("低保", "delete"), {"post": "yes"})

    assert publisher.get("/api/v1/services/NM-07-01/").json() == before
    assert list(Edition.objects.values_list("slug", "digest")) == digests
    assert "synonym" not in json.dumps(publisher.get("/api/v1/").json())
