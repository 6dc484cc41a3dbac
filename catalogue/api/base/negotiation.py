"""Content negotiation for DRF views: the renderer that the Accept header selects."""

from collections.abc import Sequence

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from catalogue.web.negotiation import media_type
from catalogue.web.permalinks import base_url
from catalogue.web.problems import NotAcceptableError


class AcceptNegotiation(DefaultContentNegotiation):
    """Selects the renderer by the weights of the Accept header, which DRF's own negotiation ignores."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        if request.method == "OPTIONS":
            # The methods of an address are answered whatever form is asked for.
            return renderers[0], renderers[0].media_type
        offered = [renderer.media_type for renderer in renderers]
        selected = media_type(request.headers.get("Accept"), offered)
        if selected is None:
            page = getattr(request.parser_context["view"], "page", None)
            raise NotAcceptableError(offered, page=page and f"{base_url(request)}{page}")
        return next(renderer for renderer in renderers if renderer.media_type == selected), selected


class SingleRendererNegotiation(DefaultContentNegotiation):
    """Ignores the Accept header: the view has one media type."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
