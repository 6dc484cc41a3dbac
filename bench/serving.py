"""Throughput and latency of the catalogue beside nginx and other servers: ``python -m bench.serving``.

The servers run on one core and wrk on another, and are driven in turn, so that every ratio is of the same machine in
the same minute. ``--short`` compares with nginx and an empty Django view only, and exits with 1 if a ratio is far under
its goal; the full form measures everything and writes ``bench/results/<date>.json``; ``--table`` prints a results file
in Markdown.
"""

import argparse
import contextlib
import datetime
import importlib.metadata
import json
import os
import platform
import re
import secrets
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bench import driving, reporting, targets
from bench.driving import Figures, RequestSpec
from bench.peers import datasets, environment, nginx
from bench.starting import ROOT, Command, Failed, Server
from bench.targets import DATASETTE, EMPTY, FASTAPI, GOALS, HALF_LOAD, NGINX, PLAIN, PROJECT, TARGETS, UNCACHED

RESULTS = ROOT / "bench" / "results"
# Rounds, and seconds per round, of a full and of a short run.
FULL, SHORT = (5, 3), (3, 1)
STARTS = 3
# How often the short form repeats a measurement that seems too slow or failed.
AGAIN = 2
TOLD = ("Django", "djangorestframework", "django-filter", "granian")


def main() -> int:
    arguments = _arguments()
    if arguments.table:
        print(reporting.markdown(json.loads(arguments.table.read_text())), end="")
        return 0
    programs = {"nginx": nginx.program(), "wrk": shutil.which("wrk"), "taskset": shutil.which("taskset")}
    if missing := [name for name, path in programs.items() if not path]:
        say(f"没有找到 {'、'.join(missing)}：请先安装，例如 apt-get install nginx wrk util-linux。")
        return 2
    # SIGTERM raises SystemExit, so that the servers are stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        cores = _cores()
        python = None if arguments.short else environment.made(arguments.venv.absolute())
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, contextlib.ExitStack() as started:
            run = Run(Path(folder), started, cores, rounds=arguments.rounds, seconds=arguments.seconds)
            run.prepare(python)
            return run.short() if arguments.short else run.full(python)
    except Failed as error:
        say(str(error))
        return 1


class Run:
    """One run: the servers and their start times."""

    def __init__(
        self,
        folder: Path,
        started: contextlib.ExitStack,
        cores: tuple[int | None, int | None],
        *,
        rounds: int,
        seconds: int,
    ):
        """``started`` stops every server when it is closed."""
        self.folder, self.started, self.rounds, self.seconds = folder, started, rounds, seconds
        self.core, self.other_core = cores
        self.servers: dict[str, Server] = {}
        self.starts: dict[str, float] = {}

    def prepare(self, python: Path | None) -> None:
        """Make the database and start every server; without ``python``, only those of the short form."""
        starts = STARTS if python else 1
        # The default size of the cache is measured, whatever this machine's environment sets.
        os.environ.pop("ANSWERS_MIB", None)
        own = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": "false",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "ALLOWED_HOSTS": "127.0.0.1",
            "HTTPS": "false",
            "BEHIND_PROXY": "false",
            "PUBLIC_URL": "",
            "DATABASE_URL": f"sqlite:///{self.folder / 'db.sqlite3'}",
        }
        say("正在准备数据库……")
        _prepare(own)
        detail = f"{targets.API}{targets.CODE}/"
        self._start(PROJECT, _granian(), asked=detail, environment=own, starts=starts)
        self._start(EMPTY, _granian("empty"), asked="/empty", environment=own, starts=starts)
        self._start(NGINX, self._nginx(), asked="/detail.json", starts=starts)
        if python:
            self._start(UNCACHED, _granian(), asked=detail, environment=own | {"ANSWERS_MIB": "0"}, starts=starts)
            asked = f"/services/{targets.CODE}/"
            self._start(PLAIN, _granian("plain"), asked=asked, environment=own, starts=starts)
            self._start_others(python, starts=starts)

    def short(self) -> int:
        """Measure the targets of the short form, slow ones again; return 1 if any stays too slow."""
        goals = [goal for goal in GOALS if targets.short(goal)]
        names = list(dict.fromkeys(goal.target for goal in goals))
        measured = {name: self._measure_with_retries(name) for name in names}
        judged = _judged(measured, goals)
        for _ in range(AGAIN):
            for name in reporting.too_slow(judged):
                say(f"“{reporting.CHINESE[name]}”似乎太慢，再量一次……")
                measured[name] = self._measure_with_retries(name)
            judged = _judged(measured, goals)
        print(reporting.terminal(self._results(measured, judged)))
        for name in (slow := reporting.too_slow(judged)):
            say(f"“{reporting.CHINESE[name]}”比应有的慢四分之一以上。")
        return 1 if slow else 0

    def full(self, python: Path) -> int:
        """Measure everything, print the results and write them to a file."""
        measured: dict[str, dict[str, list[Figures]]] = {}
        for name, asked in TARGETS.items():
            if name == HALF_LOAD:
                capacity = driving.median(measured["entitlements"][PROJECT]).rate
                asked = {PROJECT: targets.at_half_load(asked[PROJECT], capacity)}
            measured[name] = self._measure(name, asked)
        results = self._results(measured, _judged(measured, GOALS))
        results["versions"] = _versions(python)
        print(reporting.terminal(results))
        missed = reporting.missed(results)
        print("\n没有达到：\n" + "\n".join(missed) if missed else "\n全部达到。")
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{results['date']}.json"
        path.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
        print(f"\n已写入 {path.relative_to(ROOT)}")
        return 0

    def _measure_with_retries(self, target: str) -> dict[str, list[Figures]]:
        """Measure for the short form, and again after a failure, as on a machine that stalled."""
        asked = {name: request for name, request in TARGETS[target].items() if name in targets.SHORT}
        for _ in range(AGAIN):
            try:
                return self._measure(target, asked)
            except Failed as error:
                say(f"没有量成，再量一次……（{error}）")
        return self._measure(target, asked)

    def _measure(self, target: str, asked: Mapping[str, RequestSpec]) -> dict[str, list[Figures]]:
        if not driving.quiet(self.core):
            say(f"处理器核心 {self.core} 上一直有别的程序在运行，照量。")
        say(f"正在量：{reporting.CHINESE[target]}……")
        return driving.measure(
            target,
            asked,
            self.servers,
            rounds=self.rounds,
            seconds=self.seconds,
            core=self.other_core,
            folder=self.folder,
        )

    def _results(self, measured: dict[str, dict[str, list[Figures]]], judged: list[dict]) -> dict:
        """Return the results with the machine's CPU and cores, without its name or paths."""
        return {
            "date": datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai")).date().isoformat(),
            "machine": {"cpu": _cpu(), "cores": os.cpu_count(), "pinned": self.core is not None},
            "rounds": self.rounds,
            "seconds": self.seconds,
            "connections": driving.CONNECTIONS,
            "measured": {
                target: {
                    name: asdict(driving.median(rounds)) | {"rounds": [asdict(figures) for figures in rounds]}
                    for name, rounds in servers.items()
                }
                for target, servers in measured.items()
            },
            "goals": judged,
            "servers": {
                name: {"start": self.starts[name]} | server.memory() for name, server in self.servers.items()
            },
        }  # fmt: skip

    def _start(self, name: str, command: Command, *, asked: str, starts: int, environment: dict | None = None) -> None:
        """Start a server ``starts`` times; the last one keeps running. Its start time is the median."""
        server = Server(name, command, asked=asked, folder=self.folder, environment=environment)
        self.servers[name] = server
        self.started.callback(server.stop)
        say(f"正在启动 {reporting.CHINESE.get(name, name)}……")
        times = []
        for _ in range(starts):
            server.stop()
            times.append(server.start(self.core))
        self.starts[name] = statistics.median(times)

    def _nginx(self) -> Command:
        """Return nginx's command, which writes its files with the catalogue's own responses as content."""
        files = {name: self._answer(path) for name, path in targets.FILES.items()}
        files["gzip/list.json"] = files["list.json"]
        files["gzip/list.json.gz"] = self._answer(targets.API, headers=targets.GZIP)
        folder = self.folder / "nginx"
        return lambda port: [nginx.program(), "-p", folder, "-c", nginx.write(folder, port=port, files=files)]

    def _start_others(self, python: Path, *, starts: int) -> None:
        """Start the peers that have a Python environment of their own, with the catalogue's responses as their data."""
        services = json.loads(self._answer(targets.API))["results"]
        details = [json.loads(self._answer(f"{targets.API}{service['code']}/")) for service in services]
        rows, published = self.folder / "rows.json", self.folder / "catalogue.db"
        tables = {"services": services, "details": details}
        rows.write_text(json.dumps(tables))
        datasets.build(published, tables)
        for name, app, asked, given in (
            (FASTAPI, "bench.peers.fast:app", f"/services/{targets.CODE}", {"ROWS": str(rows)}),
            (DATASETTE, "bench.peers.published:app", "/catalogue.json", {"PUBLISHED": str(published)}),
        ):
            self._start(name, _uvicorn(python, app), asked=asked, environment=given, starts=starts)

    def _answer(self, path: str, headers: dict | None = None) -> bytes:
        """Return the body of the catalogue's response as sent. Raises Failed if it is not 200."""
        status, _, body = driving.answer(self.servers[PROJECT], RequestSpec([path], headers=headers or {}), raw=True)
        if status != 200:
            raise Failed(f"{PROJECT} 对 {path} 答 {status}")
        return body


def _judged(measured: dict[str, dict[str, list[Figures]]], goals: Sequence[targets.Goal]) -> list[dict]:
    figures = {
        target: {name: driving.median(rounds) for name, rounds in servers.items()}
        for target, servers in measured.items()
    }
    return [goal.judge(figures[goal.target]) for goal in goals]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.serving", description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="只与 nginx 和空的 Django 视图比，不写结果")
    parser.add_argument("--rounds", type=_positive, help="轮数")
    parser.add_argument("--seconds", type=_positive, help="每轮秒数")
    parser.add_argument("--venv", type=Path, default=ROOT / "bench" / ".venv", help="参照的程序装在哪里")
    parser.add_argument("--table", type=Path, metavar="结果文件", help="把结果文件印成 Markdown 表格")
    arguments = parser.parse_args()
    rounds, seconds = SHORT if arguments.short else FULL
    arguments.rounds, arguments.seconds = arguments.rounds or rounds, arguments.seconds or seconds
    return arguments


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("应是 1 以上的整数")
    return int(text)


def _cores() -> tuple[int | None, int | None]:
    """Return the servers' core and wrk's; two None, with a message, if there are fewer than two or none can be set."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) > 1:
        return cores[0], cores[1]
    say("处理器不足两个核心：服务和 wrk 没有分开，数字会低，波动会大。")
    return None, None


def _prepare(environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "prepare"]
    prepared = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True
    )
    if prepared.returncode:
        raise Failed(f"数据库没有准备好：\n{prepared.stderr[-3000:]}")


def _granian(*peer: str) -> Command:
    return lambda port: [sys.executable, "-m", "bench.peers.served", port, *peer]


def _uvicorn(python: Path, app: str) -> Command:
    return lambda port: [python, "-m", "uvicorn", app, "--port", port, "--workers", 1, "--no-access-log"]


def _versions(python: Path) -> dict[str, str]:
    """Return the version of every program and library of the run."""
    programs = {}
    for name, command in (("nginx", [nginx.program(), "-v"]), ("wrk", ["wrk", "-v"])):
        completed = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - our own commands
        match = re.search(r"(?:nginx/|wrk )(\S+)", completed.stdout + completed.stderr)
        programs[name] = match[1] if match else "?"
    return {
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{name: importlib.metadata.version(name) for name in TOLD},
        **environment.versions(python),
        **programs,
    }


def _cpu() -> str:
    with contextlib.suppress(OSError):
        if match := re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE):
            return match[1]
    return platform.processor() or platform.machine()


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
