"""Starts one server on a core of its own, and stops it; tells how long it took to start and what memory it has."""

import http.client
import os
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
# Seconds a server has to give its first answer, and to end once it is told to.
STARTING, ENDING = 60, 15

# Makes a server's command line of its port.
Command = Callable[[int], Sequence[object]]


class Failed(Exception):
    """What ends the run; the message is a sentence."""


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def pinned(command: Sequence[object], core: int | None) -> list[str]:
    """Return a command as it runs on one core; as it is where there is none to pin it to."""
    return [*(["taskset", "-c", str(core)] if core is not None else []), *map(str, command)]


class Server:
    """A server at a free port of the loopback, with every process it starts."""

    def __init__(
        self,
        name: str,
        command: Command,
        *,
        asked: str,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ):
        """``asked`` is the path whose 200 is a good answer; what it writes goes to a file in ``folder``."""
        self.name, self.port, self.asked = name, free_port(), asked
        self.url = f"http://127.0.0.1:{self.port}"
        self._command, self._environment = command(self.port), {**os.environ, **(environment or {})}
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen | None = None

    def start(self, core: int | None) -> float:
        """Return the seconds from the process's start to the first good answer. Raises Failed."""
        with self._log.open("wb") as log:
            begun = time.perf_counter()
            self._process = subprocess.Popen(  # noqa: S603 - a command of the bench's own
                pinned(self._command, core), cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        while time.perf_counter() - begun < STARTING and self._process.poll() is None:
            with suppress(OSError, urllib.error.HTTPError, http.client.HTTPException):
                urllib.request.urlopen(self.url + self.asked, timeout=5).close()  # noqa: S310 - our own address
                return time.perf_counter() - begun
            time.sleep(0.002)
        self.stop()
        raise Failed(f"{self.name} 没有启动：\n{self._log.read_text(errors='replace')[-3000:]}")

    def stop(self) -> None:
        """End every process, by force what does not end by itself. Does nothing if none runs."""
        if self._process is None:
            return
        every = self.processes()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING)
        for process in every:
            # A number that is no child of ours any more may be somebody else's by now.
            if process != self._process.pid and _parent(process) in {1, *every}:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._process = None

    def processes(self) -> list[int]:
        """Return the ids of the server's process and all it has started."""
        found = [self._process.pid] if self._process else []
        for process in found:
            for task in PROCESSES.glob(f"{process}/task/*/children"):
                with suppress(OSError):
                    found += map(int, task.read_text().split())
        return found

    def busy(self) -> float:
        """Return the seconds of CPU all its processes have used."""
        ticks = 0
        for process in self.processes():
            with suppress(OSError):
                fields = (PROCESSES / str(process) / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> dict[str, int]:
        """Return the bytes all its processes have, as ``pss`` (what is shared, divided) and ``rss``; 0 if unknown."""
        total = {"pss": 0, "rss": 0}
        for process in self.processes():
            with suppress(OSError):
                for line in (PROCESSES / str(process) / "smaps_rollup").read_text().splitlines()[1:]:
                    name, size, *_ = line.split()
                    if (key := name.rstrip(":").lower()) in total:
                        total[key] += int(size) * 1024
        return total


def _parent(process: int) -> int | None:
    try:
        return int((PROCESSES / str(process) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
