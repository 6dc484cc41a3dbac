"""Which form an Accept header asks for."""

import pytest

from catalogue.negotiating import best

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
        ("text/turtle, */*", "text/turtle"),  # named, at the same weight as the rest
        ("text/turtle;q=0.5, */*;q=0.6", "application/json"),
        ("application/json;q=0.1, text/markdown;q=0.2", "text/markdown"),
        ("application/json;q=0.899,text/turtle;q=0.9", "text/turtle"),
        ("text/*", "text/html"),  # the first of ours
        ("text/*, text/html;q=0", "text/turtle"),  # the range that names it most exactly decides
        ("text/html;q=0, */*", "application/json"),
        ("*/*;q=0, text/markdown", "text/markdown"),
        ("*/*;q=0", None),
        ("application/json;q=0", None),
        ("application/json;q=0.000", None),
        ("image/png", None),
        ("nonsense", None),
        ("text/html;q=2", None),  # no weight there is
        ("text/html;q=0.5;q=0.6", "text/html"),
        ("*", None),
        ("*/html", None),
        (",,text/turtle,", "text/turtle"),
        ('"' * 5000 + "," * 5000, None),
    ],
)
def test_the_form_that_fits_best(accept, media):
    assert best(accept, OFFERED) == media
