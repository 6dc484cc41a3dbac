"""Which of its forms a view answers in."""

from collections.abc import Sequence

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from catalogue.web.negotiation import media_type


class AcceptNegotiation(DefaultContentNegotiation):
    """The form an Accept header asks for, by weight. DRF's own passes weights over."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        chosen = media_type(request.headers.get("Accept"), [renderer.media_type for renderer in renderers])
        if chosen is None:
            raise NotAcceptable(available_renderers=renderers)
        return next(renderer for renderer in renderers if renderer.media_type == chosen), chosen


class OnePage(DefaultContentNegotiation):
    """A page is a page whatever the Accept header says."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
