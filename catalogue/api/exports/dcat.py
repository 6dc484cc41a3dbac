"""The data sets as DCAT 3 (JSON-LD): the editions, each with its files, their sizes and checksums.

A file is what the asking host serves without ``lang``: links in it contain the host. To know its size and checksum it
is written once, which takes a second for a workbook; both are cached by its ETag, which names all it depends on.
"""

import hashlib
from io import BytesIO
from typing import NamedTuple

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone

from catalogue.api.exports.files import FILE_FORMATS
from catalogue.api.services import ServiceFileViewSet
from catalogue.editions.public import imprint, published
from catalogue.models import Edition
from catalogue.web import permalinks
from catalogue.web.middleware.read_only import read_only
from catalogue.web.query import parameters

CONTEXT = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dct:issued": {"@type": "xsd:dateTime"},
    "dcat:startDate": {"@type": "xsd:date"},
    "dcat:byteSize": {"@type": "xsd:nonNegativeInteger"},
    "spdx:checksumValue": {"@type": "xsd:hexBinary"},
}
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
SHA256 = "spdx:checksumAlgorithm_sha256"
# Sizes and checksums of files: some hosts times editions times formats.
SUMS_CACHE_SIZE = 512


class Sum(NamedTuple):
    """The size of a file in bytes and its SHA-256."""

    size: int
    sha256: str


FILES = ServiceFileViewSet.as_view({"get": "list"})
_sums: dict[str, Sum] = {}


@read_only()
def catalog(request: HttpRequest) -> HttpResponse:
    """The catalog of this host: a data set an edition, the newest first, and a distribution a format."""
    parameters.read(request.GET, [])
    root = permalinks.base_url(request)
    editions = Edition.objects.published().order_by("-number")
    return JsonResponse(
        {
            "@context": CONTEXT,
            "@id": f"{root}/dcat.jsonld",
            "@type": "dcat:Catalog",
            "dct:title": _both(imprint.TITLE, imprint.TITLE_EN),
            "dct:description": _both(f"{imprint.DISCLAIMER}出处：{imprint.SOURCE}。"),
            "dct:publisher": {
                "@id": f"{root}/#editors",
                "@type": "foaf:Agent",
                "foaf:name": _both("本清单编者", "The editors of this list"),
            },
            "dct:license": {"@id": imprint.LICENCE_URL},
            "dct:language": ["zh", "en"],
            "dcat:service": {
                "@id": f"{root}{reverse('root')}",
                "@type": "dcat:DataService",
                "dct:title": _both(f"{imprint.TITLE} API"),
                "dcat:endpointURL": {"@id": f"{root}{reverse('root')}"},
                "dcat:endpointDescription": {"@id": f"{root}{reverse('openapi')}"},
            },
            "dcat:dataset": [_dataset(edition, request, root) for edition in editions],
        },
        content_type="application/ld+json",
        json_dumps_params={"ensure_ascii": False},
    )


def _dataset(edition: Edition, request: HttpRequest, root: str) -> dict:
    address = permalinks.permalink(root, permalinks.EDITIONS, edition.slug)
    content = f"{root}{reverse('edition-content', kwargs={'slug': edition.slug})}"
    size = len(published.get_published(edition).content())
    files = [("application/json", content, Sum(size, edition.digest))]
    for name, kind in FILE_FORMATS.items():
        path = reverse("service-files", kwargs={"kind": name})
        total = _sum_of(_respond(request, path, name, edition.slug))
        files.append((kind.sent_as.partition(";")[0], f"{root}{path}?edition={edition.slug}", total))
    return {
        "@id": address,
        "@type": "dcat:Dataset",
        "dct:identifier": edition.slug,
        "dct:title": _both(edition.title, f"{imprint.TITLE_EN} ({edition.slug})"),
        "dct:description": _both(f"{edition.note or ''}{imprint.DISCLAIMER}出处：{imprint.SOURCE}。"),
        "dct:issued": timezone.localtime(edition.published_at).isoformat(timespec="seconds"),
        "dct:temporal": {"@type": "dct:PeriodOfTime", "dcat:startDate": edition.effective_from.isoformat()},
        "dct:license": {"@id": imprint.LICENCE_URL},
        "dct:publisher": {"@id": f"{root}/#editors"},
        "dcat:version": str(edition.number),
        "dcat:distribution": [_distribution(media_type, url, total) for media_type, url, total in files],
    }


def _distribution(media_type: str, url: str, total: Sum) -> dict:
    return {
        "@id": f"{url}#distribution",
        "@type": "dcat:Distribution",
        "dct:title": url.rpartition("/")[2].partition("?")[0] or "content",
        "dcat:accessURL": {"@id": url},
        "dcat:downloadURL": {"@id": url},
        "dcat:mediaType": {"@id": f"{MEDIA_TYPES}{media_type}"},
        "dct:license": {"@id": imprint.LICENCE_URL},
        "dcat:byteSize": str(total.size),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": SHA256},
            "spdx:checksumValue": total.sha256,
        },
    }


def _both(chinese: str, english: str | None = None) -> list[dict]:
    texts = {"zh-Hans": chinese, "en": english}
    return [{"@value": text, "@language": language} for language, text in texts.items() if text]


def _respond(request: HttpRequest, path: str, name: str, slug: str) -> StreamingHttpResponse:
    """Return the file as this host serves it to a client that asks for no language and no encoding."""
    environ = {key: value for key, value in request.META.items() if not key.startswith(("HTTP_ACCEPT", "HTTP_IF"))}
    environ |= {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": f"edition={slug}"}
    environ["wsgi.input"] = BytesIO()
    return FILES(WSGIRequest(environ), kind=name)


def _sum_of(response: StreamingHttpResponse) -> Sum:
    """Return the size and checksum of a file; it is written only if they are not cached."""
    etag = response["ETag"]
    if etag not in _sums:
        if len(_sums) >= SUMS_CACHE_SIZE:
            _sums.clear()
        digest, size = hashlib.sha256(), 0
        for piece in response.streaming_content:
            digest.update(piece)
            size += len(piece)
        _sums[etag] = Sum(size, digest.hexdigest())
    return _sums[etag]
