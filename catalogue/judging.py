"""The short way from a person's circumstances to the answer: JSON in, judged, JSON out, outside Django.

It takes what is said plainly and right, and leaves everything else to the view (``api.entitlements``), which says what
is wrong. Both answer with ``entitling.answer()``. Nothing of a request is kept or logged here: only the headers that
the view gave an answer are, and they say nothing of a person.
"""

import io
from collections.abc import Callable, Iterable

from catalogue import choosing, entitling, lasting, negotiating, tracing, wire
from catalogue.watching import Published
from services.eligibility import OUTCOMES

PATH = "/api/v1/entitlements/"
JSON = {"application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"}
# Of how many ways to ask the headers are kept.
WAYS = 256

StartResponse = Callable[..., object]


class ShortWay:
    """Answers what it can of the requests to one address, and passes on the rest."""

    def __init__(self, application: Callable):
        self._application = application
        self._headers: dict[tuple, list[tuple[str, str]]] = {}

    def answer(
        self, environ: dict, start_response: StartResponse, in_force: Published | None, said: tuple
    ) -> Iterable[bytes]:
        """Answer a POST. ``said`` is all of the request that decides on the headers of the answer."""
        if in_force is None or not _is_plain(environ):
            return self._application(environ, start_response)
        headers = self._headers.get(said)
        if headers is None:
            return self._application(environ, self._noting(said, start_response))
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        try:
            answer = _judged(body, in_force, environ.get("HTTP_ACCEPT_LANGUAGE"))
        except Exception:  # noqa: BLE001 - whatever it is, the view meets it too, and tells it without a word of the body
            answer = None
        if answer is None:
            environ["wsgi.input"] = io.BytesIO(body)
            return self._application(environ, start_response)
        number = (tracing.HEADER, tracing.number(environ.get("HTTP_X_REQUEST_ID", "")))
        start_response("200 OK", [*headers, ("Content-Length", str(len(answer))), number])
        return [answer]

    def _noting(self, said: tuple, start_response: StartResponse) -> StartResponse:
        """Keep the headers of an answer, if it is one, for whoever asks in the same way."""

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            if status == "200 OK":
                if len(self._headers) >= WAYS:
                    self._headers.clear()
                self._headers[said] = lasting.headers_of_each(headers)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return start


def _is_plain(environ: dict) -> bool:
    length = environ.get("CONTENT_LENGTH", "")
    return (
        not environ["QUERY_STRING"]
        and environ.get("CONTENT_TYPE", "").lower() in JSON
        and length.isascii()
        and length.isdigit()
        and int(length) <= wire.LONGEST
    )


def _judged(body: bytes, in_force: Published, accept_language: str | None) -> bytes | None:
    """Return the answer to a body that says circumstances and nothing else, None for any other."""
    said = wire.read(body)
    if not isinstance(said, dict) or said.keys() != {"circumstances"}:
        return None
    circumstances = said["circumstances"]
    if not isinstance(circumstances, dict) or any(entitling.faults(circumstances)):
        return None
    edition = choosing.kept(in_force.pk, in_force.digest)
    language = negotiating.language(accept_language)
    return entitling.answer(edition, circumstances, wanted=OUTCOMES, language=language)
