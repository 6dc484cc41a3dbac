"""Which of its forms a view answers in, and that its answers last (``catalogue.lasting``)."""

from collections.abc import Sequence

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from catalogue import lasting
from catalogue.negotiating import best


class Weighed(DefaultContentNegotiation):
    """The form an Accept header asks for, by weight. DRF's own passes weights over."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        media_type = best(request.headers.get("Accept"), self.offered(renderers))
        if media_type is None:
            raise NotAcceptable(available_renderers=renderers)
        return next(each for each in renderers if each.media_type == media_type), media_type

    def offered(self, renderers: Sequence[BaseRenderer]) -> list[str]:
        """The media types the Accept header chooses from, in the order of our preference."""
        return [renderer.media_type for renderer in renderers]


class OnePage(DefaultContentNegotiation):
    """A page is a page whatever the Accept header says."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type

    def offered(self, renderers: Sequence[BaseRenderer]) -> list[str]:
        return []


class Lasting:
    """A view whose answers depend on nothing but the address, the editions and the vocabularies."""

    spoken = False

    def initial(self, request: Request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.method in {"GET", "HEAD"}:
            offered = self.get_content_negotiator().offered(self.get_renderers())
            lasting.mark(request, offered=offered, spoken=self.spoken)
