"""The language of answers: what ``lang`` says, else what ``Accept-Language`` prefers, else Simplified Chinese.

``en`` takes the English names of terms and services where they are known; texts stay as they were written. ``zh-Hant``
is converted by OpenCC. Codes never change, nor what is compared with a document by the character: quotes and numbers of
documents.
"""

from django.http import HttpRequest, QueryDict
from django.utils.cache import patch_vary_headers
from rest_framework.response import Response

from catalogue import parameters
from catalogue.negotiating import LANGUAGES, language
from services import hanzi

PARAMETER = {"lang": False}
# What is never converted.
KEPT = {"quote", "document_number", "digest", "term"}


def chosen(request: HttpRequest, query: QueryDict) -> str:
    """Return one of ``LANGUAGES``. Raises InvalidParameters for a ``lang`` that is none of them."""
    return parameters.one_of(query, "lang", LANGUAGES) or language(request.headers.get("Accept-Language"))


def told(value: object, into: str) -> object:
    """Return an answer, or any part of one, as it is told in a language. What is given is not changed."""
    if into == "zh-Hans":
        return value
    return _in_english(value) if into == "en" else _in_traditional(value)


def _in_english(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_in_english(each) for each in value]
    if not isinstance(value, dict):
        return value
    answer = {key: _in_english(each) for key, each in value.items()}
    if value.get("name_en") and "name" in value:
        answer["name"] = value["name_en"]
        if "short_name" in value:
            # Nobody has shortened the English name.
            answer["short_name"] = None
    return answer


def _in_traditional(value: object) -> object:
    if isinstance(value, str):
        return value if value.isascii() else hanzi.traditional(value)
    if isinstance(value, list | tuple):
        return [_in_traditional(each) for each in value]
    if isinstance(value, dict):
        return {key: each if key in KEPT else _in_traditional(each) for key, each in value.items()}
    return value


class Spoken:
    """A view that is answered in the language asked for. Comes before ``Lasting`` and ``StrictParameters``."""

    spoken = True

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        self.language = chosen(request, request.query_params)

    def get_parameters(self):
        return super().get_parameters() | PARAMETER

    def finalize_response(self, request, response, *args, **kwargs):
        # There is none where the request was refused before it was chosen: errors are told in Chinese.
        if (spoken := getattr(self, "language", None)) and response.status_code < 400:
            if isinstance(response, Response):
                response.data = told(response.data, spoken)
            response.headers.setdefault("Content-Language", spoken)
            patch_vary_headers(response, ["Accept-Language"])
        return super().finalize_response(request, response, *args, **kwargs)
