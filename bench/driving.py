"""Drives servers with wrk, in turn and on another core than theirs, and reads what it says."""

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
# Seconds: a request that takes longer is an error. The slowest peer answers 32 at once in less than two.
TIMEOUT = 30
# Seconds before anything is measured: threads start, connections to the database open, what is remembered is.
WARMING = 2
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
STAT = Path("/proc/stat")
# A core is quiet that is idle for this part of so many seconds; it is waited for no longer than PATIENCE.
IDLE, LOOK, PATIENCE = 0.95, 0.2, 30


@dataclass(frozen=True)
class Asked:
    """What a server is asked: one path, or several in turn.

    In the answer to the first stands ``marker``, and not ``missing``, which only a longer answer than was asked has.
    """

    paths: Sequence[str]
    marker: str = ""
    missing: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    # Asked with the ETag of the server's own answer, so that the answer is 304.
    known: bool = False


@dataclass(frozen=True)
class Figures:
    """One round, or the median of several: requests a second, and seconds half and 99 of 100 answers took at most."""

    rate: float
    p50: float
    p99: float


def parse(told: str) -> Figures:
    """Return the figures of wrk's report. Raises Failed if an answer was an error, none came, or none can be read."""
    if refused := re.search(r"Non-2xx or 3xx responses: (\d+)", told):
        raise Failed(f"有 {refused[1]} 个答复不是 2xx 或 3xx")
    if broken := re.search(r"Socket errors: (.+)", told):
        raise Failed(f"连接出错：{broken[1]}")
    rate = re.search(r"^Requests/sec:\s+([\d.]+)", told, re.MULTILINE)
    took = {at: re.search(rf"^\s+{at}%\s+([\d.]+)(us|ms|s|m) *$", told, re.MULTILINE) for at in (50, 99)}
    if not rate or not float(rate[1]) or not all(took.values()):
        raise Failed(f"没有量到：{told.strip()[-500:]}")
    p50, p99 = (float(each[1]) * UNITS[each[2]] for each in took.values())
    return Figures(float(rate[1]), p50, p99)


def median(rounds: Sequence[Figures]) -> Figures:
    columns = zip(*(asdict(each).values() for each in rounds), strict=True)
    return Figures(*map(statistics.median, columns))


def measure(
    target: str,
    asked: Mapping[str, Asked],
    servers: Mapping[str, Server],
    *,
    rounds: int,
    seconds: int,
    core: int | None,
    folder: Path,
) -> dict[str, list[Figures]]:
    """Drive the servers in turn, round after round, and return each one's figures. Raises Failed naming the target."""
    found = {name: [] for name in asked}
    try:
        sure = {name: checked(servers[name], what) for name, what in asked.items()}
        for number in range(rounds + 1):
            for name, what in sure.items():
                # The first round warms, and counts for nothing but its errors.
                figures = drive(servers[name], what, seconds=seconds if number else WARMING, core=core, folder=folder)
                if number:
                    found[name].append(figures)
                rested(servers[name])
    except Failed as error:
        raise Failed(f"目标“{target}”：{error}") from None
    return found


def checked(server: Server, asked: Asked) -> Asked:
    """Ask once, and return what is to be asked from now on. Raises Failed if the answer is not what it should be."""
    status, headers, body = answer(server, asked)
    told = body.decode()
    if status != 200 or asked.marker not in told or (asked.missing and asked.missing in told):
        raise Failed(f"{server.name} 对 {asked.paths[0]} 的答复不对（{status}）")
    if not asked.known:
        return asked
    asked = replace(asked, headers={**asked.headers, "If-None-Match": headers.get("ETag", "")})
    if (status := answer(server, asked)[0]) != 304:
        raise Failed(f"{server.name} 没有答 304，而是 {status}")
    return asked


def answer(server: Server, asked: Asked, *, raw: bool = False) -> tuple[int, Mapping[str, str], bytes]:
    """Return the status, headers and body of the answer to the first path; ``raw`` leaves it compressed."""
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


def drive(server: Server, asked: Asked, *, seconds: int, core: int | None, folder: Path) -> Figures:
    """Run wrk once and return what it measured. Raises Failed, naming the server."""
    script = folder / "wrk.lua"
    script.write_text(lua(asked))
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"--timeout={TIMEOUT}s", "--latency"]
    for name, value in asked.headers.items():
        command += ["-H", f"{name}: {value}"]
    if asked.body is not None or len(asked.paths) > 1:
        command += ["-s", str(script)]
    command.append(server.url + asked.paths[0])
    ran = subprocess.run(pinned(command, core), capture_output=True, text=True, timeout=seconds + 60)  # noqa: S603
    try:
        return parse(ran.stdout + ran.stderr)
    except Failed as error:
        raise Failed(f"{server.name}：{error}") from None


def lua(asked: Asked) -> str:
    """Return wrk's script: a body that is sent every time, or paths that are asked in turn."""
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
    return "\n".join(lines)


def rested(server: Server) -> None:
    """Wait until a server uses no CPU: a slow one goes on answering what nobody waits for, and would cost the next."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        used = server.busy()
        time.sleep(LOOK)
        if server.busy() - used < 2 * (1 - IDLE) * LOOK:
            return


def quiet(core: int | None) -> bool:
    """Wait until nobody uses a core, and say whether that came; where nobody can tell, do not wait."""
    until = time.monotonic() + PATIENCE
    while core is not None and STAT.exists() and time.monotonic() < until:
        before = _times(core)
        time.sleep(LOOK)
        passed = [after - was for after, was in zip(_times(core), before, strict=True)]
        # The fourth is idle, the fifth waits for a disk.
        if sum(passed[3:5]) >= IDLE * sum(passed):
            return True
    return core is None or not STAT.exists()


def _times(core: int) -> list[int]:
    line = next(line for line in STAT.read_text().splitlines() if line.startswith(f"cpu{core} "))
    # The last two, guests, are counted in the first two already.
    return [int(each) for each in line.split()[1:9]]
