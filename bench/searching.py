"""CPU time of a search: ``python -m bench.searching``. Prints medians and maxima, in milliseconds.

Searches the edition in force, with synonyms, in the database of ``DATABASE_URL``: the queries of
``tests/data/queries.json``, and long and strange ones. Reading the synonyms, one database query of every search, is
measured separately too.
"""

import json
import os
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import django

QUERIES = Path(__file__).resolve().parent.parent / "tests" / "data" / "queries.json"
ROUNDS = 5
MAX_QUERY_CHARS = 1000
CHARACTERS = "残疾人老年保障生活健康管理服务补贴儿童就业abcdefgynlz 05-，"


def strange() -> list[str]:
    """Return unusual queries: very long, of one repeated character, of many distinct ones, of the list's own words."""
    rng = random.Random(81)  # noqa: S311 - the same every time
    lengths = (2, 5, 20, 100, MAX_QUERY_CHARS)
    mixed = ["".join(rng.choices(CHARACTERS, k=rng.choice(lengths))) for _ in range(300)]
    characters = "".join(map(chr, range(0x4E00, 0x4E00 + MAX_QUERY_CHARS)))
    return [
        *mixed,
        characters,
        " ".join(characters[:500]),
        "的" * MAX_QUERY_CHARS,
        "a" * MAX_QUERY_CHARS,
        "1 " * 500,
        "\U0001f600" * 500,
    ]


def measured(search: Callable[[str], object], queries: list[str]) -> list[float]:
    times = []
    for query in queries * ROUNDS:
        start = time.process_time_ns()
        search(query)
        times.append((time.process_time_ns() - start) / 1e6)
    return times


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from catalogue.editions.public import published
    from catalogue.models import Edition
    from catalogue.web.query import edition_query
    from services.models import Synonym

    edition = Edition.objects.in_force(edition_query.today()).get()
    kept = [query for rows in json.loads(QUERIES.read_text()).values() for query, *_ in rows]
    published.get_published(edition).search("x")
    for name, times in {
        "kept queries": measured(lambda query: published.get_published(edition).search(query), kept),
        "long and strange ones": measured(lambda query: published.get_published(edition).search(query), strange()),
        "the synonyms alone": measured(lambda query: tuple(Synonym.objects.pairs()), kept[:50]),
    }.items():
        print(f"{name}: median {statistics.median(times):.2f} ms of CPU, longest {max(times):.1f} ms")


if __name__ == "__main__":
    main()
