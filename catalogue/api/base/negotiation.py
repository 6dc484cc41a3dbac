"""Content negotiation for DRF views: the renderer that the Accept header selects."""

from collections.abc import Sequence

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from catalogue.web.negotiation import media_type


class AcceptNegotiation(DefaultContentNegotiation):
    """Selects the renderer by the weights of the Accept header, which DRF's own negotiation ignores."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        selected = media_type(request.headers.get("Accept"), [renderer.media_type for renderer in renderers])
        if selected is None:
            raise NotAcceptable(available_renderers=renderers)
        return next(renderer for renderer in renderers if renderer.media_type == selected), selected


class SingleRendererNegotiation(DefaultContentNegotiation):
    """Ignores the Accept header: the view has one media type."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
