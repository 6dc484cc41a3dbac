"""The list of services, or one service, as a file: the formats, their parameters, and the streamed response."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from rest_framework.renderers import BaseRenderer

from catalogue.api.exports import cpsv, hsds
from catalogue.editions.public.imprint import imprint
from catalogue.editions.translation import translate
from catalogue.models import Edition
from catalogue.spreadsheets import writer
from catalogue.spreadsheets.names import source_names
from catalogue.web.permalinks import base_url
from catalogue.web.problems import Problem, ProblemError
from services.faults import Fault, InvalidError, ProblemCode
from services.values.amounts import with_current


class WriterContext(NamedTuple):
    """The arguments of a writer besides the documents."""

    edition: Edition
    root: str
    # The selected fields; None for all.
    fields: list[str] | None
    # Returns the JSON form of a service.
    represented: Callable[[Mapping], Mapping]
    # The names of the sources in a workbook, by code; {} for all other files.
    sources: Mapping[str, str]


class FileFormat(NamedTuple):
    """A file format: its media types, its writer, and the parameters of the list that it refuses, with the reason."""

    # The media type in Accept, and the Content-Type of the response.
    media_type: str
    sent_as: str
    write: Callable[[list[dict], WriterContext], Iterator[str | bytes]]
    refused: Mapping[str, str] = {}
    # Whether the file is in one language; otherwise it has the texts of all languages.
    spoken: bool = True


def _csv(documents: list[dict], about: WriterContext) -> Iterator[bytes]:
    return writer.to_csv(documents, edition=about.edition, columns=_columns(about))


def _xlsx(documents: list[dict], about: WriterContext) -> Iterator[bytes]:
    return writer.to_xlsx(documents, edition=about.edition, columns=_columns(about), sources=about.sources)


def _columns(about: WriterContext) -> list[str] | None:
    return None if about.fields is None else [*{"code": None} | dict.fromkeys(about.fields)]


def _ndjson(documents: list[dict], about: WriterContext) -> Iterator[str]:
    source_fields = {
        key: value for key, value in imprint(about.edition).items() if key in {"source", "licence", "licence_url"}
    }
    for document in documents:
        yield f"{json.dumps({**about.represented(document), **source_fields}, ensure_ascii=False, default=str)}\n"


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NO_FACETS = {"facets": "文件里没有各项的数目；请用 /api/v1/services/?facets=true。"}
WHOLE = "这种文件里的记录总是完整的。"
GRAPH = NO_FACETS | {"fields": WHOLE, "expand": WHOLE, "lang": "文字都标明语言，中英文名称都在其中。"}
FILE_FORMATS = {
    "csv": FileFormat(
        "text/csv",
        "text/csv; charset=utf-8",
        _csv,
        NO_FACETS | {"expand": "CSV 只有一张表；来源请看 services.xlsx 的工作表“字段来源”，或用 services.ndjson。"},
    ),
    "xlsx": FileFormat(
        XLSX,
        XLSX,
        _xlsx,
        NO_FACETS | {"expand": "工作簿里总有来源，在工作表“字段来源”。"},
    ),
    "ndjson": FileFormat("application/x-ndjson", "application/x-ndjson", _ndjson, NO_FACETS),
    "jsonld": FileFormat(
        "application/ld+json",
        "application/ld+json",
        lambda documents, about: cpsv.to_jsonld(documents, edition=about.edition, root=about.root),
        GRAPH,
        spoken=False,
    ),
    "ttl": FileFormat(
        "text/turtle",
        "text/turtle; charset=utf-8",
        lambda documents, about: cpsv.to_turtle(documents, edition=about.edition, root=about.root),
        GRAPH,
        spoken=False,
    ),
    "hsds.json": FileFormat(
        # Sent as plain JSON; the media type only selects the format.
        "application/vnd.hsds+json",
        "application/json",
        lambda documents, about: hsds.to_hsds(documents, edition=about.edition, root=about.root),
        NO_FACETS | {"fields": WHOLE, "expand": WHOLE},
    ),
}
# The formats of one service besides JSON.
SERVICE_FORMATS = {name: FILE_FORMATS[name] for name in ("jsonld", "ttl")}
# Django REST framework negotiates the format with these; they never render.
RENDERERS = {
    name: type(f"{name}Renderer", (BaseRenderer,), {"media_type": kind.media_type, "format": name})
    for name, kind in FILE_FORMATS.items()
}
PATTERN = "|".join(re.escape(name) for name in FILE_FORMATS)
PATTERN_OF_ONE = "|".join(SERVICE_FORMATS)


def respond(kind: FileFormat, documents: list[dict], view) -> StreamingHttpResponse:
    """Return documents of an edition as a streamed file.

    ``view`` is a ``ServiceViewSet`` that has read its parameters. Raises InvalidError for parameters that the format
    refuses, and ProblemError (406) for a text that is too long for it. The database is not read after
    streaming has begun.
    """
    request = view.request
    if faults := [
        Fault(name, ProblemCode.UNSUPPORTED_PARAMETER, reason)
        for name, reason in kind.refused.items()
        if name in view.query
    ]:
        raise InvalidError(*faults)
    context = view.get_serializer_context()
    fields = view.query.get("fields")
    language = view.language if kind.spoken else None
    serializer = view.get_serializer_class()(context=context)
    # A withdrawn service is answered from the last edition that had it.
    edition = documents[0].get("edition", view.edition) if documents else view.edition
    translated = translate(documents, language) if language else documents
    sources = source_names(translated) if kind.write is _xlsx else {}
    about = WriterContext(edition, base_url(request), fields, serializer.to_representation, sources)
    try:
        pieces = kind.write(translated, about)
    except writer.TextTooLongError as error:
        raise ProblemError(Problem(ProblemCode.NOT_ACCEPTABLE, str(error))) from None
    response = StreamingHttpResponse(pieces, content_type=kind.sent_as)
    name = next(name for name, candidate in FILE_FORMATS.items() if candidate is kind)
    code = view.kwargs.get("code")
    stem, title = (code, code) if code else ("services", "基本公共服务清单")
    disposition = "attachment" if name in {"csv", "xlsx", "ndjson"} else "inline"
    response["Content-Disposition"] = (
        f"{disposition}; filename={stem}-{edition.slug}.{name}; "
        f"filename*=UTF-8''{quote(f'{title}-{edition.slug}.{name}')}"
    )
    response["Content-Language"] = language or "zh-Hans, en"
    # What is no part of a sealed edition: the synonyms that a search used, official codes, contacts, freshness,
    # which figures are current on the day asked about, and what marks a source.
    contents = [
        {key: document.get(key) for key in ("code", "matches", "checked_on", "valid_until", "may_be_outdated")}
        | {"current": [amount["current"] for amount in with_current(document.get("amounts", []), view.day)]}
        for document in documents
    ]
    codes = sorted(
        f"{owner} {code.scheme} {code.value}" for owner, rows in edition.official_codes.items() for code in rows
    )
    inputs = [view.edition.digest, edition.digest, contents, codes, edition.contacts, about.sources]
    response["ETag"] = f'"{_validator(request, inputs, name, language)}"'
    return response


def _validator(request: HttpRequest, content: list, name: str, language: str | None) -> str:
    """Return a digest of everything that a file depends on, so that its ETag is known before it is written."""
    parameters = sorted((key, values) for key, values in request.query_params.lists())
    inputs = [content, name, request.path, parameters, language, base_url(request), _release()]
    return hashlib.sha256(json.dumps(inputs, default=str).encode()).hexdigest()


@cache
def _release() -> str:
    """Return a digest of our code and requirements: another release may write the same edition differently."""
    base = Path(settings.BASE_DIR)
    paths: Iterable[Path] = [
        base / "requirements.txt",
        *base.glob("catalogue/**/*.py"),
        *base.glob("services/**/*.py"),
    ]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()
