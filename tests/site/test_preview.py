"""Previews of draft entries and of proposals: the public page, for those who may see them on the desk."""

from urllib.parse import quote

import pytest
from django.urls import reverse

from catalogue.models import Entry
from tests.conftest import make_user
from tests.support.entries import STANDARD, addition, standard_change

pytestmark = pytest.mark.usefixtures("short_list")


@pytest.fixture
def draft_entry(next_edition) -> Entry:
    return next_edition.entries.get(service__code="NM-01-07")


def address(entry: Entry) -> str:
    return reverse("preview", args=[entry.pk])


def test_a_draft_entry_is_shown_as_readers_will_see_it_and_marked(client, draft_entry):
    client.force_login(make_user("sun", "发布"))

    response = client.get(address(draft_entry))

    html = response.content.decode()
    assert "预览·未发布" in html and draft_entry.name in html and "版本 2027 是草稿" in html
    assert draft_entry.standard.splitlines()[0] in html
    assert "no-store" in response["Cache-Control"] and "ETag" not in response
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert (
        f'href="{address(draft_entry)}"'
        in client.get(reverse("admin:catalogue_entry_change", args=[draft_entry.pk])).content.decode()
    )


def test_an_editor_of_another_department_sees_no_preview(client, draft_entry):
    client.force_login(make_user("ding", "编辑", departments=["finance"]))
    assert client.get(address(draft_entry)).status_code == 403


def test_the_public_is_sent_to_the_login(client, draft_entry):
    response = client.get(address(draft_entry))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))
    assert client.get("/services/NM-01-07/", {"edition": "2027"}).status_code == 400


def test_a_published_entry_links_to_its_public_page(client, published_entry):
    client.force_login(make_user("sun", "发布"))

    page = client.get(reverse("admin:catalogue_entry_change", args=[published_entry.pk])).content.decode()

    public = "/services/NM-01-05/?edition=2026"
    assert f'href="{public}"' in page
    assert client.get(public).status_code == 200
    assert client.get(address(published_entry)).status_code == 404


def test_a_published_edition_links_to_its_public_list(client, published_entry):
    client.force_login(make_user("sun", "发布"))

    page = client.get(reverse("admin:catalogue_edition_change", args=[published_entry.edition_id])).content.decode()

    assert 'href="/services/?edition=2026"' in page
    assert client.get("/services/?edition=2026").status_code == 200


def proposed(proposal, code: str = "NM-01-07") -> str:
    return reverse("preview-proposed", args=[proposal.pk, code])


@pytest.mark.parametrize(
    ("entry", "kind", "code", "words"),
    [(standard_change(), "change", "NM-01-07", STANDARD), (addition(), "add", "NM-05-05", "基本殡葬服务")],
)
@pytest.mark.parametrize("to", ["draft", "approving"])
def test_what_a_proposal_wants_is_shown_as_readers_will_see_it(client, make_proposal, entry, kind, code, words, to):
    proposal = make_proposal(entry, kind=kind, to=to)
    client.force_login(make_user("sun", "发布"))

    html = client.get(proposed(proposal, code)).content.decode()

    assert "预览·未发布" in html and words in html and "按第 1 号建议改动之后的样子" in html
    page = client.get(reverse("admin:catalogue_proposal_change", args=[proposal.pk])).content.decode()
    assert f'href="{proposed(proposal, code)}"' in page


def test_a_proposal_with_faults_says_what_to_mend_before_its_preview(client, make_proposal):
    proposal = make_proposal(standard_change(citations=[]))
    client.force_login(make_user("sun", "发布"))

    response = client.get(proposed(proposal), follow=True)

    assert "处理了下列问题才能预览" in response.content.decode()


@pytest.mark.parametrize("code", ["NM-09-09", "no\0code"])
def test_a_service_that_a_proposal_leaves_alone_has_no_preview(client, make_proposal, code):
    client.force_login(make_user("sun", "发布"))
    assert client.get(f"/admin/preview/proposals/{make_proposal().pk}/{quote(code)}/").status_code == 404


def test_a_proposal_of_another_department_has_no_preview(client, make_proposal):
    client.force_login(make_user("ding", "编辑", departments=["finance"]))
    assert client.get(proposed(make_proposal())).status_code == 403
