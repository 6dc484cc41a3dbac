"""Lasting answers: those that depend on nothing but the address, the editions and the vocabularies.

A view that reads nothing else says so with ``mark()``; ``catalogue.answers``, in front of Django, then remembers what
it answered. What is not marked is asked of Django each time: whoever forgets the mark loses speed and nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.http import HttpRequest

from catalogue import tracing

_MARK, _IN_FRONT = "catalogue.lasting", "catalogue.answers"


class Lasting(NamedTuple):
    """By what else than its address an answer is chosen.

    ``offered`` are the media types the Accept header chooses from, none if it chooses nothing; ``spoken`` says whether
    Accept-Language chooses; ``root`` is the scheme and host that the links of the answer begin with.
    """

    offered: tuple[str, ...]
    spoken: bool
    root: str


def mark(request: HttpRequest, *, offered: Sequence[str] = (), spoken: bool = False) -> None:
    """Say that the answer to a request is a lasting one."""
    root = f"{request.scheme}://{request.get_host()}"
    request.META[_MARK] = Lasting(tuple(offered), spoken, root)


def marked(environ: Mapping) -> Lasting | None:
    """Return the mark of a request, by its WSGI environment."""
    return environ.get(_MARK)


def headers_of_each(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers that every answer of the same sort has: not its own number, nor its length."""
    own = {tracing.HEADER.lower(), "content-length"}
    return [(name, value) for name, value in headers if name.lower() not in own]


def stand_in_front(environ: dict) -> None:
    """Say that whoever passes a request on compares validators and codes the body itself."""
    environ[_IN_FRONT] = True


def is_passed_on(environ: Mapping) -> bool:
    """Whether a request comes from whoever stands in front, with its parameters as ``catalogue.asked`` writes them."""
    return _IN_FRONT in environ


def is_finished_in_front(environ: Mapping) -> bool:
    """Whether the answer to a request is coded, and compared with what the client has, in front of Django."""
    return _IN_FRONT in environ and _MARK in environ
