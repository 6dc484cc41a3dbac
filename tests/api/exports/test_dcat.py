"""The DCAT catalog: every edition in every form, with the size and checksum of what the host serves."""

import hashlib

import pytest
from rdflib import Graph
from rdflib.plugins.parsers.jsonld import to_rdf

from catalogue.api.exports.files import FILE_FORMATS
from catalogue.models import Edition
from tests.web.test_problems import assert_problem

PATH = "/dcat.jsonld"
QUERY = """
SELECT ?url ?size ?sum WHERE {
  ?dataset a dcat:Dataset ; dcat:distribution ?file .
  ?file dcat:downloadURL ?url ; dcat:byteSize ?size ; spdx:checksum/spdx:checksumValue ?sum .
}"""


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_the_catalog_has_every_edition_in_every_form_as_the_asking_host_serves_it(client, db, settings):
    settings.ALLOWED_HOSTS = ["fw.example.cn"]
    host = {"Host": "fw.example.cn"}
    response = client.get(PATH, headers=host | {"Accept-Language": "en"})

    assert response["Content-Type"] == "application/ld+json"
    # Graph.parse uses a class that rdflib 7.6 deprecates.
    graph = to_rdf(response.json(), Graph())
    found = {str(url): (int(size), str(total)) for url, size, total in graph.query(QUERY)}
    assert len(found) == Edition.objects.published().count() * (len(FILE_FORMATS) + 1)
    for url, (size, total) in found.items():
        if "2026" in url:  # one edition suffices: the files take some seconds
            served = body(client.get(url.removeprefix("http://fw.example.cn"), headers=host))
            assert (len(served), hashlib.sha256(served).hexdigest()) == (size, total)


@pytest.mark.parametrize("path", [f"{PATH}?edition=2026", f"{PATH}?x="])
def test_a_parameter_is_refused(client, db, path):
    assert_problem(client.get(path), 400)
