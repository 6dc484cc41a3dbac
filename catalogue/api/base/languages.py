"""The language of a response: from ``lang``, else from ``Accept-Language``, else Simplified Chinese."""

from collections.abc import Mapping, Sequence

from django.http import HttpRequest
from django.utils.cache import patch_vary_headers
from rest_framework.response import Response

from catalogue.editions.translation import translate
from catalogue.web.negotiation import LANGUAGES, language
from catalogue.web.query.parameters import Parameter

LANG = Parameter(
    "lang",
    "标签的语言；zh-Hant 连同文字由 OpenCC 转换。也可用 Accept-Language；代码、原文引文和文号不变",
    allowed=LANGUAGES,
)


def chosen(request: HttpRequest, query: Mapping[str, object]) -> str:
    """Return one of ``LANGUAGES`` for a request with the parsed parameters ``query``."""
    return query.get("lang") or language(request.headers.get("Accept-Language"))


class LocalizedMixin:
    """Mixin that translates responses into the negotiated language. Comes before ``StrictParameters`` in the bases."""

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if hasattr(self, "query"):
            self.language = chosen(request, self.query)

    def get_parameters(self) -> Sequence[Parameter]:
        return [*super().get_parameters(), LANG]

    def finalize_response(self, request, response, *args, **kwargs):
        # Problems are in a language already, also those of a request refused before negotiation.
        if (language := getattr(self, "language", None)) and response.status_code < 400:
            if isinstance(response, Response):
                response.data = translate(response.data, language)
            response.headers.setdefault("Content-Language", language)
            patch_vary_headers(response, ["Accept-Language"])
        return super().finalize_response(request, response, *args, **kwargs)
