"""The language of answers: what ``lang`` says, else what ``Accept-Language`` prefers, else Simplified Chinese."""

from django.http import HttpRequest, QueryDict
from django.utils.cache import patch_vary_headers
from rest_framework.response import Response

from catalogue import parameters
from catalogue.translating import told
from catalogue.web.negotiation import LANGUAGES, language

PARAMETER = {"lang": False}


def chosen(request: HttpRequest, query: QueryDict) -> str:
    """Return one of ``LANGUAGES``. Raises InvalidParameters for a ``lang`` that is none of them."""
    return parameters.one_of(query, "lang", LANGUAGES) or language(request.headers.get("Accept-Language"))


class Spoken:
    """A view that is answered in the language asked for. Comes before ``StrictParameters``."""

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
