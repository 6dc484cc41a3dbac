"""Observations on the desk: one that an editor enters is public once another person approves it."""

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalogue.models import Event
from services.models import Domain, Observation
from services.sources import Source
from tests.conftest import make_user
from tests.support.admin_forms import form_data, visible_text

API = "/api/v1/observations/OBS-901/"
PUBLIC, DRAFT = 200, 404


@pytest.fixture
def log_in(db):
    """Return a function that logs in a new user with roles and returns the client."""

    def log_in(name: str, *roles: str) -> Client:
        client = Client()
        client.force_login(make_user(name, *roles))
        return client

    return log_in


@pytest.fixture
def editor(log_in) -> Client:
    return log_in("editor", "编辑")


@pytest.fixture
def draft(editor) -> Observation:
    """A figure of the next year that an editor has entered on the desk."""
    add = reverse("admin:services_observation_add")
    values = {
        "code": "OBS-901", "name": "养老机构护理型床位占比", "domain": Domain.objects.get(code="NM-05").pk,
        "operator": "eq", "value": "67.5", "unit": "%", "on": "2027", "source": Source.objects.get(code="seed-plan").pk,
        "quote": "护理型床位占比达到67.5%", "verification": "verbatim",
    }  # fmt: skip
    response = editor.post(add, form_data(editor.get(add)) | values)
    assert response.status_code == 302
    return Observation.objects.get(code="OBS-901")


def page(observation: Observation, view: str = "change") -> str:
    return reverse(f"admin:services_observation_{view}", args=[observation.pk])


def decide(client: Client, observation: Observation, verb: str, **options: object):
    """Press the button of an observation's page, as that page shows it now."""
    shown = client.get(page(observation))
    seen = shown.context["decided_on"] if shown.status_code == 200 else ""
    return client.post(page(observation, verb), {"seen": seen}, **options)


def test_what_changed_after_the_page_was_opened_is_not_approved(client, draft, editor, log_in):
    approver = log_in("approver", "审批")
    seen = approver.get(page(draft)).context["decided_on"]
    editor.post(page(draft), form_data(editor.get(page(draft))) | {"value": "99"})

    response = approver.post(page(draft, "approve"), {"seen": seen}, follow=True)

    assert "打开页面之后又有改动" in visible_text(response)
    assert client.get(API).status_code == DRAFT


def test_a_draft_is_public_once_another_person_approves_it(client, draft, log_in):
    listed = "/api/v1/observations/"
    assert draft.proposed_by.username == "editor"
    assert client.get(API).status_code == client.get("/id/observations/OBS-901").status_code == DRAFT
    assert client.get(listed).json()["count"] == 30

    decide(log_in("approver", "审批"), draft, "approve")

    assert client.get(API).json()["value"] == 67.5
    assert client.get(listed).json()["count"] == 31
    assert client.get("/id/observations/OBS-901").status_code == 303
    event = Event.objects.filter(term="observation/OBS-901").order_by("number").last()
    assert (event.verb, event.actor) == ("approved", "approver")


def test_a_draft_of_an_indicator_is_not_in_its_observations(client, draft, log_in):
    url = "/api/v1/indicators/IND-03/"
    before = client.get(url).json()["observations"]
    draft.indicator_id = type(draft).indicator.field.related_model.objects.get(code="IND-03").pk
    draft.save()

    assert client.get(url).json()["observations"] == before
    decide(log_in("approver", "审批"), draft, "approve")
    assert "OBS-901" in [item["code"] for item in client.get(url).json()["observations"]]


def test_who_proposed_a_figure_cannot_approve_it(client, log_in):
    both = log_in("both", "编辑", "审批")
    observation = Observation.objects.create(
        code="OBS-901", domain=Domain.objects.first(), name="数", value=1, verification="unverified",
        source=Source.objects.get(code="seed-plan"), proposed_by=make_user("other"),
    )  # fmt: skip
    # Whoever saves a draft becomes its proposer.
    both.post(page(observation), form_data(both.get(page(observation))) | {"value": "2"})

    response = decide(both, observation, "approve", follow=True)

    assert "提出人不能批准自己的监测值" in visible_text(response)
    assert client.get(API).status_code == DRAFT


@pytest.mark.parametrize("role", ["编辑", "评估", "审计"])
def test_only_approvers_and_publishers_approve(client, draft, log_in, role):
    assert decide(log_in("another", role), draft, "approve").status_code == 403
    assert client.get(API).status_code == DRAFT


def test_an_approved_figure_is_changed_only_after_its_approval_is_withdrawn(client, draft, editor, log_in):
    publisher = log_in("publisher", "发布")
    data = form_data(editor.get(page(draft))) | {"value": "70"}
    decide(publisher, draft, "approve")
    assert editor.post(page(draft), data).status_code == 403

    decide(publisher, draft, "withdraw")

    assert client.get(API).status_code == DRAFT
    editor.post(page(draft), form_data(editor.get(page(draft))) | {"value": "70"})
    decide(publisher, draft, "approve")
    assert client.get(API).json()["value"] == 70


def test_a_loaded_figure_is_public_and_read_only_until_it_is_withdrawn(client, log_in):
    publisher, loaded = log_in("publisher", "发布"), Observation.objects.get(code="OBS-001")
    assert (loaded.proposed_by, loaded.approved_by) == (None, None)
    assert publisher.post(page(loaded), {"value": "1"}).status_code == 403

    decide(publisher, loaded, "withdraw")

    assert client.get("/api/v1/observations/OBS-001/").status_code == DRAFT
    assert "提出人不能批准" in visible_text(decide(publisher, loaded, "approve", follow=True))
    decide(log_in("approver", "审批"), loaded, "approve")
    assert client.get("/api/v1/observations/OBS-001/").status_code == PUBLIC


@pytest.mark.parametrize(
    ("proposed", "approved", "is_timed", "constraint"),
    [
        ("sun", "sun", True, "observation_approved_by_another"),
        (None, "sun", True, "observation_approval_is_complete"),
        ("sun", "moon", False, "observation_approval_is_complete"),
        ("sun", None, True, "observation_approval_is_complete"),
    ],
)
def test_the_database_refuses_an_approval_by_the_proposer_or_in_part(db, proposed, approved, is_timed, constraint):
    users = {name: make_user(name) for name in ("sun", "moon")}

    with pytest.raises(IntegrityError, match=constraint):
        Observation.objects.filter(code="OBS-001").update(
            proposed_by=users.get(proposed), approved_by=users.get(approved),
            approved_at=timezone.now() if is_timed else None,
        )  # fmt: skip
