"""The life events on the desk: the editors' grouping of services, with its order."""

from django.urls import reverse

from catalogue.models import Event
from services.models import Topic
from tests.support.admin_forms import form_data, visible_text


def page_of(topic: Topic) -> str:
    return reverse("admin:services_topic_change", args=[topic.pk])


def test_the_order_of_a_topic_is_changed_and_logged(admin_client, client, db):
    topic = Topic.objects.get(code="housing")
    data = form_data(admin_client.get(page_of(topic)))

    data = data | {"links-0-position": "2", "links-1-position": "1"}
    assert admin_client.post(page_of(topic), data).status_code == 302

    codes = client.get("/api/v1/topics/housing/").json()["services"]
    assert codes[:2] == ["NM-06-03", "NM-06-01"]
    event = Event.objects.order_by("number").last()
    assert (event.verb, event.term, event.field) == ("revised", "topic/housing", "links")


def test_a_service_is_in_a_topic_once(admin_client, db):
    topic = Topic.objects.get(code="housing")
    data = form_data(admin_client.get(page_of(topic)))
    service = topic.links.first().service_id
    count = int(
        data["links-TOTAL_FORMS"][0] if isinstance(data["links-TOTAL_FORMS"], list) else data["links-TOTAL_FORMS"]
    )
    new = {"id": "", "topic": topic.pk, "service": service, "position": "9"}
    data = data | {f"links-{count}-{name}": value for name, value in new.items()} | {"links-TOTAL_FORMS": count + 1}

    refused = admin_client.post(page_of(topic), data)

    assert "同一项服务写了两次" in visible_text(refused)
    assert topic.links.count() == 5
