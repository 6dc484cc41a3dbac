"""The language of answers: what ``lang`` says, else what ``Accept-Language`` prefers, else Simplified Chinese.

``en`` takes the English names of terms and services where they are known; texts stay as they were written. ``zh-Hant``
is converted by OpenCC. Codes never change, nor what is compared with a document by the character: quotes and numbers of
documents.
"""

from django.http import HttpRequest, QueryDict
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header
from rest_framework.response import Response

from catalogue import parameters
from services import hanzi

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
PARAMETER = {"lang": False}
# Where Traditional characters are written, by the tags that say so.
TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")
# What is never converted.
KEPT = {"quote", "document_number", "digest", "term"}


def chosen(request: HttpRequest, query: QueryDict) -> str:
    """Return one of ``LANGUAGES``. Raises InvalidParameters for a ``lang`` that is none of them."""
    return parameters.one_of(query, "lang", LANGUAGES) or preferred(request)


def preferred(request: HttpRequest) -> str:
    """Return the first of ``LANGUAGES`` that a request's ``Accept-Language`` names, by weight."""
    for tag, weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")[:500]):
        if weight > 0 and tag.partition("-")[0] in {"zh", "en"}:
            return "en" if tag.startswith("en") else "zh-Hant" if tag.startswith(TRADITIONAL) else "zh-Hans"
    return LANGUAGES[0]


def told(value: object, language: str) -> object:
    """Return an answer, or any part of one, as it is told in a language. What is given is not changed."""
    if language == "zh-Hans":
        return value
    return _in_english(value) if language == "en" else _in_traditional(value)


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
    """A view that is answered in the language asked for. Comes before ``StrictParameters``."""

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        self.language = chosen(request, request.query_params)

    def get_parameters(self):
        return super().get_parameters() | PARAMETER

    def finalize_response(self, request, response, *args, **kwargs):
        # There is none where the request was refused before it was chosen: errors are told in Chinese.
        if (language := getattr(self, "language", None)) and response.status_code < 400:
            if isinstance(response, Response):
                response.data = told(response.data, language)
            response.headers.setdefault("Content-Language", language)
            patch_vary_headers(response, ["Accept-Language"])
        return super().finalize_response(request, response, *args, **kwargs)
