"""Server processes: each in a session of its own, awaited with a bound, stopped by process id."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


class NotAvailable(Exception):
    """A server cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class Running:
    """A started server. `began` tells it from another process that was given the same id later."""

    name: str
    pid: int
    began: str

    def alive(self) -> bool:
        """Whether that very process still runs."""
        return _began(self.pid) == self.began


def start(
    name: str,
    command: list[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
) -> Running:
    """Start a server in the background; its words go to `log`."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,
            **({"user": user, "extra_groups": []} if user else {}),  # type: ignore[call-overload]
        )
    return Running(name, process.pid, _began(process.pid))


def wait_until(ready: Callable[[], bool], running: Running, *, seconds: float, log: Path) -> None:
    """Wait until `ready`; raises NotAvailable with the end of the log when the server died or took too long."""
    until = time.monotonic() + seconds
    while not ready():
        if not running.alive():
            raise NotAvailable(f"{running.name} ended while it started:\n{tail(log)}")
        if time.monotonic() > until:
            stop(running)
            raise NotAvailable(f"{running.name} was not ready within {seconds:.0f} s:\n{tail(log)}")
        time.sleep(0.1)


def stop(running: Running, *, first: signal.Signals = signal.SIGTERM, seconds: float = 15.0) -> None:
    """End a server and all processes it started: kindly, then by force."""
    for number in (first, signal.SIGKILL):
        if not running.alive():
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, number) if number == signal.SIGKILL else os.kill(running.pid, number)
        until = time.monotonic() + seconds
        while running.alive() and time.monotonic() < until:
            _reap(running.pid)
            time.sleep(0.05)


def port_answers(port: int) -> bool:
    """Whether something listens on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def url_answers(url: str) -> bool:
    """Whether GET gives a 2xx answer, without any proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return 200 <= answer.status < 300
    except (OSError, urllib.error.URLError):
        return False


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _began(pid: int) -> str:
    """When the process began, as the system tells it; empty when it is gone or only waits to be reaped."""
    _reap(pid)
    asked = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True)
    state, _, began = asked.stdout.strip().partition(" ")
    return "" if not state or state.startswith("Z") else began.strip()
