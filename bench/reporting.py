"""Formats the results of a run: a Chinese table for the terminal, and the English tables of docs/performance.md."""

import unicodedata
from collections.abc import Sequence

from bench.targets import DATASETTE, EMPTY, FASTAPI, HALF_LOAD, NGINX, NOISE_TOLERANCE, PLAIN, PROJECT, UNCACHED

CHINESE = {
    "list": "清单",
    "list, gzip": "清单（gzip）",
    "not modified": "未变更（304）",
    "detail": "一个项目",
    "filter": "筛选",
    "search": "检索",
    "first list": "初次：清单",
    "first filter": "初次：筛选",
    "first search": "初次：检索",
    "entitlements": "资格判断",
    HALF_LOAD: "资格判断（半载）",
    PROJECT: "本项目",
    UNCACHED: "本项目（不记答复）",
    NGINX: "nginx",
    EMPTY: "空的 Django 视图",
    PLAIN: "普通 DRF",
}
ENGLISH = {
    "list": "the list, 81 services",
    "list, gzip": "the list, gzip",
    "not modified": "one service, 304 to its ETag",
    "detail": "one service",
    "filter": "services of a domain",
    "search": "a search",
    "first list": "the list, the first time",
    "first filter": "services of a domain, the first time",
    "first search": "a search, the first time",
    "entitlements": "entitlements, all rules judged",
    HALF_LOAD: "entitlements, at half of that rate",
    PROJECT: "the catalogue",
    UNCACHED: "the catalogue, each answer made anew",
    NGINX: "nginx, a file of the same bytes",
    EMPTY: "an empty Django view",
    PLAIN: "a plain DRF viewset",
    FASTAPI: "a minimal FastAPI",
    DATASETTE: "Datasette",
}


def terminal(results: dict) -> str:
    """Return all results as tables for a terminal."""
    measured = [
        [
            CHINESE[target],
            CHINESE.get(server, server),
            f"{result['rate']:,.0f}",
            milliseconds(result["p50"]),
            milliseconds(result["p99"]),
        ]
        for target, servers in results["measured"].items()
        for server, result in servers.items()
    ]
    judged = [
        [CHINESE[result["target"]], *_compared(result, CHINESE, "次数", "p99"), "达到" if result["met"] else "未达到"]
        for result in results["goals"]
    ]
    servers = [
        [CHINESE.get(name, name), f"{result['start']:.2f} s", _mebibytes(result["pss"]), _mebibytes(result["worker"])]
        for name, result in results["servers"].items()
    ]
    return "\n\n".join(
        [
            _aligned([["目标", "服务", "次/秒", "p50", "p99"], *measured]),
            _aligned([["目标", "比什么", "与谁比", "结果", "应", ""], *judged]),
            _aligned([["服务", "启动", "内存 PSS", "其中一个工作进程"], *servers]),
        ]
    )


def markdown(results: dict) -> str:
    """Return the tables of docs/performance.md for a results file."""
    goals = []
    for result in results["goals"]:
        servers = results["measured"][result["target"]]
        own = servers.get(PROJECT) or servers[UNCACHED]
        goals.append(
            [
                ENGLISH[result["target"]],
                f"{own['rate']:,.0f}",
                milliseconds(own["p50"]),
                milliseconds(own["p99"]),
                *_compared(result, ENGLISH, "requests", "p99"),
                "met" if result["met"] else "missed",
            ]
        )
    servers = [
        [ENGLISH[name], f"{result['start']:.2f} s", _mebibytes(result["pss"]), _mebibytes(result["worker"])]
        for name, result in results["servers"].items()
    ]
    machine = (
        f"{results['date']}, {results['machine']['cpu']}, one core for the server and another for wrk with "
        f"{results['connections']} connections, medians of {results['rounds']} rounds of {results['seconds']} s."
    )
    if not results["machine"]["pinned"]:
        machine = machine.replace("one core for the server and another for wrk with", "server and wrk on one core,")
    head = ["request", "requests/s", "p50", "p99", "compared", "with", "ratio", "goal", ""]
    return (
        "\n\n".join([machine, _piped(head, goals), _piped(["server", "start", "PSS", "of a worker"], servers)]) + "\n"
    )


def missed(results: dict) -> list[str]:
    """Return a sentence for each missed goal."""
    return [
        f"{CHINESE[goal['target']]}：{' '.join(_compared(goal, CHINESE, '次数', 'p99'))}"
        for goal in results["goals"]
        if not goal["met"]
    ]


def too_slow(judged: Sequence[dict]) -> list[str]:
    """Return the targets that miss a goal by more than noise explains (``SLACK``)."""
    return [goal["target"] for goal in judged if goal["value"] < goal["bound"] * NOISE_TOLERANCE[goal["against"]]]


def milliseconds(seconds: float) -> str:
    """Return a duration in milliseconds with three significant digits."""
    return f"{seconds * 1000:.{2 if seconds < 0.01 else 1 if seconds < 0.1 else 0}f} ms"


def _compared(goal: dict, names: dict, rate: str, p99: str) -> list[str]:
    """Return four cells: what is compared, with which server, the value, and the goal."""
    other = goal["against"]
    if other is None:
        return [p99, "—", milliseconds(goal["value"]), f"≤ {milliseconds(goal['bound'])}"]
    measure, sign = (p99, "≤") if goal["of"] == "p99" else (rate, "≥")
    return [measure, names.get(other, other), f"{goal['value']:.2f}", f"{sign} {goal['bound']:g}"]


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.0f} MiB" if size else "—"


def _piped(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _width(text: str) -> int:
    """Return the number of terminal columns of a text: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
