"""Starts and stops one server on a core of its own; measures its start time and its memory."""

import http.client
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = Path("/proc")
# Seconds until the first response, and seconds to stop after SIGTERM.
STARTING, ENDING = 60, 15

# Returns a server's command line for a port.
Command = Callable[[int], Sequence[object]]


class Failed(Exception):
    """Ends the run; the message is a sentence for the user."""


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def pinned(command: Sequence[object], core: int | None) -> list[str]:
    """Return a command pinned to one core; unchanged if ``core`` is None."""
    return [*(["taskset", "-c", str(core)] if core is not None else []), *map(str, command)]


class Server:
    """A server on a free port of the loopback interface, with every process it starts."""

    def __init__(
        self,
        name: str,
        command: Command,
        *,
        asked: str,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ):
        """``asked`` is a path that answers 200 once the server is ready; output goes to a log file in ``folder``."""
        self.name, self.port, self.asked = name, free_port(), asked
        self.url = f"http://127.0.0.1:{self.port}"
        self._command, self._environment = command(self.port), {**os.environ, **(environment or {})}
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen | None = None

    def start(self, core: int | None) -> float:
        """Return the seconds from the process's start to the first 200. Raises Failed if it ends or takes too long."""
        with self._log.open("wb") as log:
            started = time.perf_counter()
            self._process = subprocess.Popen(  # noqa: S603 - a command of the bench's own
                pinned(self._command, core), cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        while time.perf_counter() - started < STARTING and self._process.poll() is None:
            with suppress(OSError, urllib.error.HTTPError, http.client.HTTPException):
                urllib.request.urlopen(self.url + self.asked, timeout=5).close()  # noqa: S310 - our own address
                return time.perf_counter() - started
            time.sleep(0.002)
        self.stop()
        raise Failed(f"{self.name} 没有启动：\n{self._log.read_text(errors='replace')[-3000:]}")

    def stop(self) -> None:
        """Terminate the server, and kill every process that does not end. Does nothing if none runs."""
        if self._process is None:
            return
        processes = self.processes()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING)
        for process in processes:
            # The id of an ended process may have been reused by a process that is not ours.
            if process != self._process.pid and _parent(process) in {1, *processes}:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._process = None

    def processes(self) -> list[int]:
        """Return the ids of the server's process and of all its descendants."""
        processes = [self._process.pid] if self._process else []
        for process in processes:
            for task in PROCESSES.glob(f"{process}/task/*/children"):
                with suppress(OSError):
                    processes += map(int, task.read_text().split())
        return processes

    def busy(self) -> float:
        """Return the CPU seconds used by all its processes."""
        ticks = 0
        for process in self.processes():
            with suppress(OSError):
                fields = (PROCESSES / str(process) / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> dict[str, int]:
        """Return memory in bytes, shared pages divided (PSS): of all its processes, and of the largest, its worker."""
        sizes = [0]
        for process in self.processes():
            with suppress(OSError):
                rollup = (PROCESSES / str(process) / "smaps_rollup").read_text()
                sizes.append(int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[1]) * 1024)
        return {"pss": sum(sizes), "worker": max(sizes)}


def _parent(process: int) -> int | None:
    try:
        return int((PROCESSES / str(process) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
