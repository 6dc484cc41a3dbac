"""Content negotiation with header values as real clients send them."""

import gzip

import brotli
import pytest
import zstandard

from catalogue.web import compression
from catalogue.web.negotiation import encoding, language, media_type

OFFERED = ["application/json", "text/html", "text/turtle", "application/ld+json", "text/markdown"]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),  # a browser
        ("application/json", "application/json"),
        ("Text/HTML", "text/html"),
        ("application/json; charset=utf-8", "application/json"),
        ('application/ld+json;profile="http://a/b,c;d"', "application/ld+json"),
        ("text/turtle, */*", "text/turtle"),  # named explicitly, with the same weight as the rest
        ("text/turtle;q=0.5, */*;q=0.6", "application/json"),
        ("application/json;q=0.1, text/markdown;q=0.2", "text/markdown"),
        ("application/json;q=0.899,text/turtle;q=0.9", "text/turtle"),
        ("text/*", "text/html"),  # the first of ours
        ("text/*, text/html;q=0", "text/turtle"),  # the most specific range decides
        ("text/html;q=0, */*", "application/json"),
        ("*/*;q=0, text/markdown", "text/markdown"),
        ("*/*;q=0", None),
        ("application/json;q=0", None),
        ("application/json;q=0.000", None),
        ("image/png", None),
        ("nonsense", None),
        ("text/html;q=2", None),  # not a valid weight
        ("text/html;q=0.5;q=0.6", "text/html"),
        ("*", "application/json"),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "text/html"),  # Java's HttpURLConnection
        ("image/gif, *; q=.2", "application/json"),
        ("application/json;q=.9", "application/json"),
        ("text/html ; q = .5 , text/turtle ; q=.6", "text/turtle"),
        ("text/html;q=x, text/turtle;q=0.1", "text/turtle"),  # an invalid part does not affect the others
        ("text/h*, text/turtle;q=0.1", "text/turtle"),
        ("*/html", None),
        (",,text/turtle,", "text/turtle"),
        ('"x, text/turtle', "text/turtle"),  # a quote without an end
        ('image/png;a="x, text/turtle;q=.5, text/markdown;q=.4', "text/turtle"),
        ('image/png;a="x\\", text/html", text/turtle', "text/turtle"),
        ("text/html;q=0., text/turtle;q=1.", "text/turtle"),
        ("text/html;Q=.1, text/turtle;q=.2", "text/turtle"),
        ("/, ;, =, text/turtle", "text/turtle"),
        ('"' * 5000 + "," * 5000, None),
    ],
)
def test_the_accept_header_selects_a_media_type(accept, media):
    assert media_type(accept, OFFERED) == media


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, "zh-Hans"),
        ("", "zh-Hans"),
        ("*", "zh-Hans"),
        ("mn", "zh-Hans"),
        ("en", "en"),
        ("EN-us", "en"),
        ("en_US", "en"),
        ("zh_TW", "zh-Hant"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK, zh;q=0.9", "zh-Hant"),
        ("zh-MO", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("zh-Hans-TW", "zh-Hans"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("fr, en;q=.5", "en"),
        ("en;q=.8, zh-CN;q=.9", "zh-Hans"),
        ("en;q=.9, zh-CN;q=.8", "en"),
        ("en ; q = .9 , zh-CN ; q = .8", "en"),
        ("zh-CN;q=x, en;q=0.1", "en"),
        ("en;q=0, zh-TW;q=0.1", "zh-Hant"),
        ("english", "zh-Hans"),
        ("zh_HK", "zh-Hant"),
        ("zh-Hant_HK, en", "zh-Hant"),
        ("zh-CHT", "zh-Hant"),
        ("yue-HK", "zh-Hant"),
        ("yue-Hans-CN", "zh-Hans"),
        ("en;q=x, zh_TW;q=.1", "zh-Hant"),
        ('"fr, en', "en"),
        ("*;q=.1, en;q=.5", "en"),
    ],
)
def test_the_accept_language_header_selects_a_language(header, name):
    assert language(header) == name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzipped", "identity"),
        ("gzip, deflate, br, zstd", "br"),  # of equal weights the smallest encoding
        ("GZIP, BR;q=0.9", "gzip"),
        ("gzip;q=.5", "gzip"),
        ("gzip ; q = 0.001", "gzip"),
        ("zstd;q=0.5, gzip;q=0.4", "zstd"),
        ("br;q=0, gzip;q=0.000, *;q=0.001", "zstd"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("*;q=0, gzip", "gzip"),
        ("identity, gzip;q=0.5", "identity"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0", "identity"),  # rather than nothing
        ("deflate, compress", "identity"),
        ("br;q=2", "identity"),  # not a valid weight
        (",;q=1,=", "identity"),
        ('"br, gzip', "gzip"),
        ("br;q=x, gzip;q=.5", "gzip"),
    ],
)
def test_the_accept_encoding_header_selects_an_encoding(header, name):
    assert encoding(header) == name


@pytest.mark.parametrize(
    ("header", "name"), [("br, gzip;q=0.1", "gzip"), ("br", "identity"), ("*, gzip;q=0", "identity")]
)
def test_a_streamed_response_is_offered_as_gzip_only(header, name):
    assert encoding(header, ["gzip"]) == name


@pytest.mark.parametrize(
    ("name", "decoded"),
    [
        ("identity", bytes),
        ("gzip", gzip.decompress),
        ("br", brotli.decompress),
        ("zstd", lambda body: zstandard.ZstdDecompressor().decompress(body)),
    ],
)
def test_every_encoding_is_reversible_and_deterministic(monkeypatch, name, decoded):
    body = "养老".encode() * 1000
    compressed = compression.compress(body, name)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)

    assert decoded(compressed) == body
    assert compression.compress(body, name) == compressed
