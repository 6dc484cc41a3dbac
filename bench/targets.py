"""The requests of each target by server, and the goals for the catalogue."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, urlencode

from bench.driving import CONNECTIONS, Figures, RequestSpec
from bench.peers import datasets

QUERIES = Path(__file__).resolve().parent.parent / "tests" / "data" / "queries.json"
# The catalogue, the catalogue without its response cache, and the servers they are compared with.
PROJECT, UNCACHED, NGINX, EMPTY = "project", "project-anew", "nginx", "empty-view"
FASTAPI, DATASETTE, PLAIN = "FastAPI", "Datasette", "plain-DRF"
PEERS = (FASTAPI, DATASETTE, PLAIN)
SHORT = (PROJECT, NGINX, EMPTY)
# Measured after "entitlements", at half of the rate measured there.
HALF_LOAD = "entitlements, half load"

API = "/api/v1/services/"
CODE, LAST, DOMAIN = "NM-05-01", "NM-09-01", "NM-05"
FILTER, SEARCH = f"{API}?domain={DOMAIN}", f"{API}?q={quote('低保')}"
# nginx's files, and the URLs of the catalogue whose responses they contain.
GZIP = {"Accept-Encoding": "gzip"}
FILES = {"list.json": API, "detail.json": f"{API}{CODE}/", "filter.json": FILTER, "search.json": SEARCH}
ENTITLED = json.dumps(
    {"circumstances": {"age": 70, "residence": "rural", "months_resident": 240, "household": ["dibao"]}}
)

# Every domain in every order, so that a request is repeated only after that many others.
ORDERS = {"number": "number", "code": "service__code", "name": "name"}
LISTS = [(f"NM-{number:02}", sign, field) for number in range(1, 10) for sign in ("", "-") for field in ORDERS]
WORDS = [
    query
    for group in ("parts of names", "two and one characters")
    for query, *_ in json.loads(QUERIES.read_text())[group]
]


def _datasette(code: str, sign: str, field: str) -> str:
    order = "_sort_desc" if sign else "_sort"
    return "/catalogue/services.json?" + urlencode({"_shape": "array", "domain_code": code, order: field})


TARGETS: dict[str, dict[str, RequestSpec]] = {
    "list": {
        PROJECT: RequestSpec([API], LAST),
        NGINX: RequestSpec(["/list.json"], LAST),
        FASTAPI: RequestSpec(["/services"], LAST),
        DATASETTE: RequestSpec(["/catalogue/services.json?_shape=array"], LAST),
        PLAIN: RequestSpec(["/services/"], LAST),
    },
    "list, gzip": {
        PROJECT: RequestSpec([API], LAST, headers=GZIP),
        NGINX: RequestSpec(["/gzip/list.json"], LAST, headers=GZIP),
    },
    "not modified": {
        PROJECT: RequestSpec([f"{API}{CODE}/"], CODE, known=True),
        NGINX: RequestSpec(["/detail.json"], CODE, known=True),
    },
    "detail": {
        PROJECT: RequestSpec([f"{API}{CODE}/"], "citations"),
        NGINX: RequestSpec(["/detail.json"], "citations"),
        FASTAPI: RequestSpec([f"/services/{CODE}"], "citations"),
        DATASETTE: RequestSpec([f"/catalogue/details/{CODE}.json?_shape=array"], "citations"),
        PLAIN: RequestSpec([f"/services/{CODE}/"], "citations"),
    },
    "filter": {PROJECT: RequestSpec([FILTER], CODE, LAST), NGINX: RequestSpec(["/filter.json"], CODE, LAST)},
    "search": {PROJECT: RequestSpec([SEARCH], "matches", LAST), NGINX: RequestSpec(["/search.json"], "matches", LAST)},
    "first list": {UNCACHED: RequestSpec([API], LAST), PLAIN: RequestSpec(["/services/"], LAST)},
    "first filter": {
        UNCACHED: RequestSpec(
            [f"{API}?domain={code}&ordering={sign}{field}" for code, sign, field in LISTS], "NM-01-01", LAST
        ),
        PLAIN: RequestSpec(
            [f"/services/?domain={code}&ordering={sign}{ORDERS[field]}" for code, sign, field in LISTS],
            "NM-01-01",
            LAST,
        ),
        DATASETTE: RequestSpec([_datasette(*arguments) for arguments in LISTS], "NM-01-01", LAST),
    },
    "first search": {
        UNCACHED: RequestSpec([f"{API}?{urlencode({'q': word})}" for word in WORDS], "NM-", LAST),
        DATASETTE: RequestSpec(
            [
                "/catalogue/services.json?" + urlencode({"_shape": "array", "_search": datasets.phrase(word)})
                for word in WORDS
            ],
            "NM-",
            LAST,
        ),
    },
    "entitlements": {
        PROJECT: RequestSpec(
            ["/api/v1/entitlements/"], "next_question", headers={"Content-Type": "application/json"}, body=ENTITLED
        ),
        EMPTY: RequestSpec(["/empty"], "{}", headers={"Content-Type": "application/json"}, body=ENTITLED),
    },
    HALF_LOAD: {
        PROJECT: RequestSpec(
            ["/api/v1/entitlements/"], "next_question", headers={"Content-Type": "application/json"}, body=ENTITLED
        ),
    },
}


def at_half_load(asked: RequestSpec, capacity: float) -> RequestSpec:
    """Return a request with the pauses that make all connections ask for half of ``capacity`` requests a second."""
    return replace(asked, pause=1000 * CONNECTIONS / (capacity / 2))


@dataclass(frozen=True)
class Goal:
    """A goal for the catalogue: at least ``bound`` times the requests per second of the fastest of ``against``.

    With ``p99`` the 99th percentile of latency is compared, and is at most ``bound`` times the other server's; without
    ``against`` it is at most ``bound`` seconds.
    """

    target: str
    bound: float
    against: Sequence[str] = (NGINX,)
    p99: bool = False

    def judge(self, figures: Mapping[str, Figures]) -> dict:
        """Return the value, the server compared with, and whether the goal is met, for a target's figures."""
        own = next(own_figures for name, own_figures in figures.items() if name in (PROJECT, UNCACHED))
        other = max((name for name in self.against if name in figures), key=lambda name: figures[name].rate, default="")
        if self.p99:
            value = own.p99 / figures[other].p99 if other else own.p99
            return self._judged(value, other, value <= self.bound)
        value = own.rate / figures[other].rate
        return self._judged(value, other, value >= self.bound)

    def _judged(self, value: float, other: str, met: bool) -> dict:
        of = "p99" if self.p99 else "rate"
        return {
            "target": self.target, "of": of, "value": value, "bound": self.bound, "against": other or None, "met": met,
        }  # fmt: skip


GOALS = (
    Goal("list", 0.75),
    Goal("list, gzip", 0.60),
    Goal("not modified", 0.50),
    Goal("detail", 0.60),
    Goal("detail", 3, p99=True),
    Goal("filter", 0.60),
    Goal("search", 0.50),
    Goal("list", 5, PEERS),
    Goal("detail", 5, PEERS),
    Goal("first list", 8, (PLAIN,)),
    Goal("first filter", 8, (PLAIN,)),
    Goal("first filter", 1, (DATASETTE,)),
    Goal("first search", 1, (DATASETTE,)),
    Goal("entitlements", 0.4, (EMPTY,)),
    Goal("entitlements", 1.5, (EMPTY,), p99=True),
    Goal(HALF_LOAD, 0.010, (), p99=True),
)
# The share of a goal below which the short form fails, by the server compared with; it allows for noise.
# The ratio to an empty view varies by more than half: four threads share one core with the server's own.
NOISE_TOLERANCE = {NGINX: 0.75, EMPTY: 0.25}


def short(goal: Goal) -> bool:
    """Return whether a goal is part of the short form."""
    return not goal.p99 and goal.against in ((NGINX,), (EMPTY,))
