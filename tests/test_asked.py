"""One way to ask each question, and the codings and conditions of its answer."""

import gzip
from urllib.parse import parse_qsl, urlencode

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from catalogue import coding, conditions
from catalogue.asked import normalised
from catalogue.parameters import MAX_LENGTH


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("", ""),
        ("page=2&domain=NM-05", "domain=NM-05&page=2"),
        ("domain=NM-05&domain=NM-01", "domain=NM-01&domain=NM-05"),
        ("domain=NM-05,%20NM-01,NM-05", "domain=NM-01&domain=NM-05"),
        ("fields=name,code,name", "fields=name&fields=code"),  # in the order asked: columns of a table stand in it
        ("page=007", "page=7"),
        ("page=７", "page=%EF%BC%97"),  # a digit, but none we take
        ("q=%E9%A4%8A%E8%80%81", "q=%E5%85%BB%E8%80%81"),
        ("q=%EF%BC%A8ealth++CARE", "q=health+care"),
        ("%71=a", "q=a"),
        ("q=%21%3F", "q=%21%3F"),  # what folds to nothing
        # Whatever is malformed stays so: the views name it.
        ("domain=", "domain="),
        ("domain=NM-01,,NM-05", "domain=NM-01%2C%2CNM-05"),
        ("page=1&page=2", "page=1&page=2"),
        ("q=%00", "q=%00"),
        ("q=a%00", "q=a%00"),
        ("q=%FF", "q=%FF"),
        ("page=-1", "page=-1"),
        ("nonsense=B&nonsense=A", "nonsense=B&nonsense=A"),
        ("q=" + "a" * 1001, "q=" + "a" * 1001),
        ("a=" + "b" * 9000, "a=" + "b" * 9000),
        ("&".join("a=1" for _ in range(101)), "&".join("a=1" for _ in range(101))),
        ("valid_on=2026-11-23&edition=2026", "edition=2026&valid_on=2026-11-23"),
    ],
)
def test_parameters_in_one_form(query, form):
    assert normalised(query.encode().decode("latin-1")) == form


def test_values_that_are_short_enough_stay_so():
    """Every code there is may be asked for, each in a parameter of its own."""
    codes = [f"code-{number}" for number in range(90)]
    assert len("".join(codes)) < MAX_LENGTH < 2 * len("".join(codes))

    for name in ("target_group", "fields"):
        form = parse_qsl(normalised(urlencode([(name, f"{code},{code}-other") for code in codes])))
        assert sorted(value for _, value in form) == sorted([*codes, *(f"{code}-other" for code in codes)])


@given(st.lists(st.tuples(st.sampled_from(["q", "domain", "fields", "page", "x"]), st.text(max_size=20))))
def test_the_one_form_of_a_form_is_itself(pairs):

    once = normalised(urlencode(pairs))

    assert normalised(once) == once


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("", "identity"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),  # the smallest of equals
        ("GZIP, BR;q=0.9", "gzip"),
        ("zstd;q=0.5, gzip;q=0.4", "zstd"),
        ("br;q=0, gzip;q=0.000, *;q=0.001", "zstd"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("identity, gzip;q=0.5", "identity"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0", "identity"),  # rather than nothing
        ("deflate, compress", "identity"),
        ("br;q=2", "identity"),  # no weight there is
        (",;q=1,=", "identity"),
    ],
)
def test_the_coding_that_is_asked_for(header, name):
    assert coding.chosen(header) == name


@pytest.mark.parametrize(
    ("name", "decoded"),
    [
        ("identity", bytes),
        ("gzip", gzip.decompress),
        ("br", brotli.decompress),
        ("zstd", lambda body: zstandard.ZstdDecompressor().decompress(body)),
    ],
)
def test_every_coding_holds_the_same_and_comes_out_alike(name, decoded):
    body = "养老".encode() * 1000

    assert decoded(coding.coded(body, name)) == body
    assert coding.coded(body, name) == coding.coded(body, name)


@pytest.mark.parametrize(
    ("header", "has"),
    [
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", W/"abc" ,"y"', True),
        ('"x,\\"abc\\""', False),
        ("*", True),
        ("abc", False),
        ('"abc-gzip"', False),
        ('"ABC"', False),
        ("", False),
        ('"', False),
        ('"' * 10_000, False),
    ],
)
def test_whether_a_client_has_it(header, has):
    assert conditions.has(header, '"abc"') is has
