"""The pages of errors: in the language of the reader, with the code that programs get."""

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from catalogue.site import responses
from catalogue.web.middleware.read_only import read_only
from config.urls import handler500

ERRORS = [
    ("/nothing/", 404, "not_found"),
    ("/services/NM-99-99/", 404, "unknown_service"),
    ("/services/?domian=x", 400, "unknown_parameter"),
    ("/services/?edition=1999", 400, "invalid_request"),
]


@pytest.mark.parametrize(("address", "status", "code"), ERRORS)
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_page_of_an_error_is_in_the_language_of_the_reader(client, db, address, status, code, language):
    response = client.get(address, headers={"accept-language": language})
    body = response.content.decode()

    assert response.status_code == status and f'<html lang="{language}">' in body
    assert 'href="/services/"' in body and f'href="/problems/{code}/"' in body
    assert response.headers["Content-Language"] == language and "Accept-Language" in response.headers["Vary"]
    assert ("All services" in body) == (language == "en")


def test_a_method_that_is_not_allowed_is_said_in_english_too(client, db):
    response = client.post("/services/", headers={"accept-language": "en"})

    assert response.status_code == 405 and "Method not allowed" in response.content.decode()


def test_the_language_of_an_error_may_stand_in_its_address(client, db):
    assert "No such address" in client.get("/nothing/?lang=en").content.decode()


@pytest.mark.parametrize(("language", "title"), [("en", "Internal error"), ("zh-CN", "服务器出错")])
def test_an_internal_error_is_told_in_the_language_of_the_reader(rf, language, title):
    response = handler500(rf.get("/services/", headers={"accept-language": language}))

    assert response.status_code == 500 and title in response.content.decode()


@pytest.mark.parametrize(("language", "title"), [("en", "Unavailable"), ("zh-CN", "暂时不能答复")])
def test_a_lost_database_is_told_in_the_language_of_the_reader(rf, language, title):
    @read_only(responses.refusal)
    def view(request):
        raise OperationalError

    response = view(rf.get("/services/", headers={"accept-language": language}))

    assert response.status_code == 503 and title in response.content.decode() and "Retry-After" in response.headers


def test_the_desk_stays_chinese(client, db):
    client.force_login(User.objects.create_superuser("root"))
    body = client.get("/admin/nothing/", headers={"accept-language": "en"}).content.decode()

    assert "没有这一页" in body
