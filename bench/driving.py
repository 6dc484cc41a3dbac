"""Drives servers with wrk, in turn and on another core than theirs, and parses its report."""

import gzip
import json
import re
import statistics
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from bench.starting import Failed, Server, pinned

CONNECTIONS = 32
# Seconds; a request that takes longer is an error. The slowest peer answers 32 concurrent requests in less than two.
TIMEOUT = 30
# Seconds of load before the measurement: threads start, database connections open, caches fill.
WARMING = 2
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
STAT = Path("/proc/stat")
# A core is quiet if it is idle for the share IDLE of LOOK seconds; quiet() waits at most PATIENCE seconds.
IDLE, LOOK, PATIENCE = 0.95, 0.2, 30


@dataclass(frozen=True)
class RequestSpec:
    """The request to one server: one path, or several in turn.

    The response to the first path contains ``marker`` and not ``missing``, which only an unfiltered response contains.
    """

    paths: Sequence[str]
    marker: str = ""
    missing: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    # Sent with the ETag of the server's own response as If-None-Match, so that the response is 304.
    known: bool = False
    # Mean milliseconds between a response and the next request of a connection, evenly spread from none to twice it.
    pause: float = 0


@dataclass(frozen=True)
class Figures:
    """One round, or the median of several: requests per second, and percentiles 50 and 99 of latency in seconds."""

    rate: float
    p50: float
    p99: float


def parse(report: str) -> Figures:
    """Return the figures of wrk's report. Raises Failed if it has errors, no responses, or cannot be parsed."""
    if failed := re.search(r"Non-2xx or 3xx responses: (\d+)", report):
        raise Failed(f"有 {failed[1]} 个答复不是 2xx 或 3xx")
    if broken := re.search(r"Socket errors: (.+)", report):
        raise Failed(f"连接出错：{broken[1]}")
    rate = re.search(r"^Requests/sec:\s+([\d.]+)", report, re.MULTILINE)
    latencies = {
        percentile: re.search(rf"^\s+{percentile}%\s+([\d.]+)(us|ms|s|m) *$", report, re.MULTILINE)
        for percentile in (50, 99)
    }
    if not rate or not float(rate[1]) or not all(latencies.values()):
        raise Failed(f"没有量到：{report.strip()[-500:]}")
    p50, p99 = (float(match[1]) * UNITS[match[2]] for match in latencies.values())
    return Figures(float(rate[1]), p50, p99)


def median(rounds: Sequence[Figures]) -> Figures:
    columns = zip(*(asdict(figures).values() for figures in rounds), strict=True)
    return Figures(*map(statistics.median, columns))


def measure(
    target: str,
    asked: Mapping[str, RequestSpec],
    servers: Mapping[str, Server],
    *,
    rounds: int,
    seconds: int,
    core: int | None,
    folder: Path,
) -> dict[str, list[Figures]]:
    """Drive the servers in turn, round by round; return the figures of each. Raises Failed, naming the target."""
    measured = {name: [] for name in asked}
    try:
        requests = {name: checked(servers[name], request) for name, request in asked.items()}
        for number in range(rounds + 1):
            for name, request in requests.items():
                # The first round warms up: only its errors count.
                figures = drive(
                    servers[name], request, seconds=seconds if number else WARMING, core=core, folder=folder
                )
                if number:
                    measured[name].append(figures)
                rested(servers[name])
    except Failed as error:
        raise Failed(f"目标“{target}”：{error}") from None
    return measured


def checked(server: Server, asked: RequestSpec) -> RequestSpec:
    """Send the request once and return it, with its ETag if it is conditional. Raises Failed for a wrong response."""
    status, headers, body = answer(server, asked)
    text = body.decode()
    if status != 200 or asked.marker not in text or (asked.missing and asked.missing in text):
        raise Failed(f"{server.name} 对 {asked.paths[0]} 的答复不对（{status}）")
    if not asked.known:
        return asked
    asked = replace(asked, headers={**asked.headers, "If-None-Match": headers.get("ETag", "")})
    if (status := answer(server, asked)[0]) != 304:
        raise Failed(f"{server.name} 没有答 304，而是 {status}")
    return asked


def answer(server: Server, asked: RequestSpec, *, raw: bool = False) -> tuple[int, Mapping[str, str], bytes]:
    """Return status, headers and body of the response to the first path; ``raw`` leaves the body compressed."""
    request = urllib.request.Request(  # noqa: S310 - a server of our own
        server.url + asked.paths[0], asked.body and asked.body.encode(), dict(asked.headers)
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
            body = response.read()
            compressed = response.headers.get("Content-Encoding") == "gzip"
            return response.status, response.headers, gzip.decompress(body) if compressed and not raw else body
    except urllib.error.HTTPError as error:
        return error.code, error.headers, b""


def drive(server: Server, asked: RequestSpec, *, seconds: int, core: int | None, folder: Path) -> Figures:
    """Run wrk once and return its figures. Raises Failed, naming the server."""
    script = folder / "wrk.lua"
    script.write_text(lua(asked))
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"--timeout={TIMEOUT}s", "--latency"]
    for name, value in asked.headers.items():
        command += ["-H", f"{name}: {value}"]
    if asked.body is not None or len(asked.paths) > 1 or asked.pause:
        command += ["-s", str(script)]
    command.append(server.url + asked.paths[0])
    completed = subprocess.run(pinned(command, core), capture_output=True, text=True, timeout=seconds + 60)  # noqa: S603
    try:
        return parse(completed.stdout + completed.stderr)
    except Failed as error:
        raise Failed(f"{server.name}：{error}") from None


def lua(asked: RequestSpec) -> str:
    """Return wrk's script: a body for every request, paths requested in turn, pauses; empty if none is needed."""
    lines = []
    if asked.body is not None:
        lines += ['wrk.method = "POST"', f"wrk.body = {json.dumps(asked.body)}"]
    if len(asked.paths) > 1:
        lines += [
            f"local paths = {{{', '.join(map(json.dumps, asked.paths))}}}",
            "local requests, at = {}, 0",
            "function init()",
            '  for n, path in ipairs(paths) do requests[n] = wrk.format("GET", path) end',
            "end",
            "function request()",
            "  at = at % #requests + 1",
            "  return requests[at]",
            "end",
        ]
    if asked.pause:
        lines.append(f"function delay() return math.random(0, {round(2 * asked.pause)}) end")
    return "\n".join(lines)


def rested(server: Server) -> None:
    """Wait until a server uses no CPU: abandoned requests keep a slow one busy, at the cost of the next one."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        used = server.busy()
        time.sleep(LOOK)
        if server.busy() - used < 2 * (1 - IDLE) * LOOK:
            return


def quiet(core: int | None) -> bool:
    """Wait until a core is idle; return whether it is. Without /proc/stat or a core return True at once."""
    deadline = time.monotonic() + PATIENCE
    while core is not None and STAT.exists() and time.monotonic() < deadline:
        before = _times(core)
        time.sleep(LOOK)
        elapsed = [after - earlier for after, earlier in zip(_times(core), before, strict=True)]
        # The fourth field is idle time, the fifth waiting for I/O.
        if sum(elapsed[3:5]) >= IDLE * sum(elapsed):
            return True
    return core is None or not STAT.exists()


def _times(core: int) -> list[int]:
    line = next(line for line in STAT.read_text().splitlines() if line.startswith(f"cpu{core} "))
    # The last two, guest times, are included in the first two.
    return [int(ticks) for ticks in line.split()[1:9]]
