"""Fixtures for tests that use the platform only from outside, on one process or on the production-shaped stack.

STACK_STATE names the state file of a stack that is up (`make test` sets it); without it a server of its own is started
in one process, as `make run` does it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stack import install
from tests.stack.places import ROOT, free_port
from tests.stack.processes import NotAvailable, start, stop, url_answers, wait_until
from tests.stack.stack import Stack, fill, manage

SERVERS = {"elasticsearch": ("Elasticsearch", "ELASTICSEARCH_URL"), "rasa": ("Rasa", "RASA_URL")}
# A server of the tests must not be switched to real parts by the developer's own variables.
SWITCHES = ("DATABASE_URL", "REDIS_URL", "ELASTICSEARCH_URL", "RASA_URL", "PUBLIC_BASE_URL", "TWILIO_AUTH_TOKEN")
_not_tested: dict[str, str] = {}


@dataclass(frozen=True)
class Platform:
    """A running platform with the demo city. `stacked`: on the production-shaped stack."""

    url: str
    stacked: bool
    env: dict[str, str]

    @property
    def ws_url(self) -> str:
        """The same address for sockets."""
        return self.url.replace("http", "ws", 1)

    def manage(self, *command: str, seconds: float = 300) -> str:
        """Run a command of manage.py beside the platform; what it wrote. Raises NotAvailable when it fails."""
        return manage(command, _environment(self.env), seconds=seconds)


def not_tested(name: str, why: str) -> None:
    """Say at the end of the run that `name` was not tested; under CI that is a failure."""
    _not_tested[name] = why
    if os.environ.get("CI") == "true":
        pytest.fail(f"NOT TESTED: {name}: {why}", pytrace=False)
    pytest.skip(f"NOT TESTED: {name}: {why}")


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The running platform."""
    state = os.environ.get("STACK_STATE")
    if state:
        stack = Stack.load(Path(state))
        yield Platform(stack.url, True, stack.env)
        return
    folder = tmp_path_factory.mktemp("platform")
    env = {"VAR_DIR": str(folder / "var"), "LOG_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1"}
    try:
        fill(_environment(env))
    except NotAvailable as error:
        pytest.fail(str(error), pytrace=False)
    port, log = free_port(), folder / "server.log"
    switched_off = dict.fromkeys(SWITCHES, "")
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    running = start("Server", command, log=log, env={**env, **switched_off}, cwd=ROOT)
    try:
        wait_until(lambda: url_answers(f"http://127.0.0.1:{port}/health/live/"), running, seconds=60, log=log)
        yield Platform(f"http://127.0.0.1:{port}", False, env)
    finally:
        stop(running)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that shows Chinese."""
    try:
        return install.chromium()
    except NotAvailable as error:
        not_tested("Chromium", str(error))
        raise


def pytest_sessionstart(session: pytest.Session) -> None:
    """Pages speak Chinese in the tests too: compile the catalogues that changed."""
    from django.conf import settings

    from hotline.runtime.catalogues import compile_catalogues

    compile_catalogues()
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that needs a real server is NOT TESTED by name where there is none."""
    for marker, (name, variable) in SERVERS.items():
        if item.get_closest_marker(marker) and not os.environ.get(variable):
            not_tested(name, _why_missing(name) or f"{variable} is not set; `make test` starts the server itself.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was not tested, where nobody can overlook it."""
    for name, why in _not_tested.items():
        terminalreporter.write_line(f"NOT TESTED: {name}: {why}", yellow=True, bold=True)


def _why_missing(name: str) -> str:
    state = os.environ.get("STACK_STATE")
    return Stack.load(Path(state)).missing.get(name, "") if state else ""


def _environment(env: dict[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in SWITCHES}
    return {**kept, **env}
