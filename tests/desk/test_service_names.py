"""A service is chosen and listed by name on the desk, with its code after it."""

import pytest
from django.urls import reverse

from catalogue.feedback import answers
from services.models import Indicator, Service, Synonym, TopicService
from tests.support.admin_forms import column_texts, visible_text
from tests.support.entries import PROPOSED_AT

NAME = "特殊儿童群体基本生活保障（NM-01-07）"


@pytest.fixture
def service(db) -> Service:
    return Service.objects.get(code="NM-01-07")


def test_a_service_of_a_word_is_selected_by_name(admin_client, service):
    word = Synonym.objects.filter(targets__service=service).first()

    page = admin_client.get(reverse("admin:services_synonym_change", args=[word.pk]))

    assert f"selected>{NAME}</option>" in page.content.decode()


def test_a_service_of_a_life_event_is_selected_by_name(admin_client, service):
    topic = TopicService.objects.filter(service=service).first().topic

    page = admin_client.get(reverse("admin:services_topic_change", args=[topic.pk]))

    assert f"selected>{NAME}</option>" in page.content.decode()


def test_one_of_several_services_is_selected_by_name(admin_client, service):
    indicator = Indicator.objects.first()
    indicator.services.set([service])

    page = admin_client.get(reverse("admin:services_indicator_change", args=[indicator.pk]))

    assert f"selected>{NAME}</option>" in page.content.decode()


def test_a_search_box_answers_by_name(admin_client, service):
    field = {"app_label": "services", "model_name": "synonymtarget", "field_name": "service"}

    found = admin_client.get(reverse("admin:autocomplete"), field | {"term": "NM-01-07"}).json()

    assert [result["text"] for result in found["results"]] == [NAME]


def test_a_service_to_add_to_a_proposal_is_chosen_by_name(admin_client, make_proposal, service):
    proposal = make_proposal()
    choose = admin_client.get(reverse("admin:catalogue_proposal_new_entry", args=[proposal.pk]))
    filtered = admin_client.get(reverse("admin:catalogue_case_changelist"))

    assert "孕产妇健康管理（NM-01-02）" in visible_text(choose)
    assert "孕产妇健康管理（NM-01-02）" in visible_text(filtered)


def test_feedback_is_listed_by_the_name_of_its_service(admin_client, service):
    answers.receive_feedback(service, message="标准偏低。", at=PROPOSED_AT)

    listed = admin_client.get(reverse("admin:catalogue_feedback_changelist"))

    assert column_texts(listed, "named_service") == [NAME]
    assert f"{NAME}：标准偏低。" in visible_text(admin_client.get(reverse("admin:index")))
