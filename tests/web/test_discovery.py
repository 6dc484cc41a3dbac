"""What a client finds without being told: the description of the API from root, home page and well-known URIs."""

import datetime

import pytest
from django.utils import timezone
from werkzeug.http import parse_options_header

CATALOG = "/.well-known/api-catalog"
SECURITY = "/.well-known/security.txt"
FOUND = ["/api/v1/openapi.json", CATALOG, SECURITY, "/robots.txt"]


def links(response) -> dict[str, str]:
    """Return the targets of a Link header by relation."""
    parsed = (part.partition(">") for part in response["Link"].split(", "))
    return {parse_options_header(f"x{rest}")[1]["rel"]: target.lstrip("<") for target, _, rest in parsed}


@pytest.mark.parametrize("path", ["/", "/api/v1/"])
def test_the_root_and_the_home_page_link_to_the_description_of_the_api(client, db, path):
    found = links(client.get(path))

    assert found == {
        "service-desc": "/api/v1/openapi.json",
        "service-doc": "/api/docs/",
        "api-catalog": CATALOG,
    }
    assert all(client.get(target).status_code == 200 for target in found.values())


def test_the_home_page_without_an_edition_links_to_it_too(client, empty_catalogue):
    assert "service-desc" in links(client.get("/"))


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html"])
def test_the_openapi_document_has_an_address_of_its_own(client, db, accept):
    response = client.get("/api/v1/openapi.json", headers={"Accept": accept})

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    document = response.json()
    assert document == client.get("/api/v1/schema/", headers={"Accept": "application/json"}).json()
    assert "/api/v1/openapi.json" not in document["paths"]


def test_the_api_catalog_is_a_linkset(client, db):
    response = client.get(CATALOG)

    kind, options = parse_options_header(response["Content-Type"])
    assert (kind, options["profile"]) == ("application/linkset+json", "https://www.rfc-editor.org/info/rfc9727")
    (context,) = response.json()["linkset"]
    assert context["anchor"] == "http://testserver/api/v1/"
    for relation in ("service-desc", "service-doc", "status"):
        for target in context[relation]:
            answer = client.get(target["href"].removeprefix("http://testserver"))
            assert answer.status_code == 200
            assert answer["Content-Type"].startswith(target["type"])
    assert links(client.head(CATALOG))["api-catalog"] == CATALOG  # RFC 9727, 2


def test_the_api_catalog_names_the_public_address(client, settings):
    settings.PUBLIC_URL = "https://fw.example.cn"

    assert client.get(CATALOG).json()["linkset"][0]["anchor"] == "https://fw.example.cn/api/v1/"


def test_security_txt_has_the_contact_of_the_setting(client, settings):
    settings.SECURITY_CONTACT, settings.PUBLIC_URL = "mailto:security@fw.example.cn", "https://fw.example.cn"

    response = client.get(SECURITY)

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in response.content.decode().splitlines())
    assert fields["Contact"] == "mailto:security@fw.example.cn"
    assert fields["Canonical"] == f"https://fw.example.cn{SECURITY}"
    expires = datetime.datetime.fromisoformat(fields["Expires"])
    # RFC 9116, 2.5.5: less than a year ahead.
    assert datetime.timedelta(days=90) < expires - timezone.now() < datetime.timedelta(days=365)


def test_security_txt_without_the_setting_names_the_feedback(client, settings):
    settings.SECURITY_CONTACT = ""

    assert "Contact: http://testserver/api/docs/#/feedback\n" in client.get(SECURITY).content.decode()


def test_robots_may_read_everything_but_the_desk(client):
    response = client.get("/robots.txt")

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode() == "User-agent: *\nDisallow: /admin/\n"


@pytest.mark.parametrize("path", FOUND)
def test_it_is_read_like_everything_else(client, db, path):
    response = client.get(path)

    assert response["Access-Control-Allow-Origin"] == "*"
    assert client.get(path, headers={"If-None-Match": response["ETag"]}).status_code == 304
    assert client.head(path).status_code == 200
    assert client.post(path)["Content-Type"] == "application/problem+json"
    refused = client.get(path, {"nonsense": "1"})
    assert (refused.status_code, refused["Content-Type"]) == (400, "application/problem+json")
