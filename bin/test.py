#!/usr/bin/env python3
"""`make test`: check, the suite on embedded parts, the public surface on one process and in a browser, then again on the
production-shaped stack, which is installed and started meanwhile and stopped in the end. docs/testing.md says what each proves.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _steps import ROOT, say

INSIDE = "not public and not browser and not elasticsearch and not rasa"
WORKERS = os.environ.get("TEST_WORKERS") or str(min(os.cpu_count() or 2, 4))
STACK_MINUTES = 40


class Run:
    """The parts of one run, their results, and the stack that is started beside them."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.results: list[tuple[str, bool, float]] = []
        self.state = place / "stack.json"
        self.log = place / "stack.log"
        self.stack: subprocess.Popen[str] | None = None

    def part(self, name: str, command: list[str], env: dict[str, str] | None = None) -> bool:
        """Run one part and remember how it ended."""
        say(f"\n=== {name}")
        began = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "VAR_DIR": str(self.place / "var"), **(env or {})})
        self.results.append((name, done.returncode == 0, time.monotonic() - began))
        return done.returncode == 0

    def tests(self, name: str, marks: str, *options: str, env: dict[str, str] | None = None) -> bool:
        """Run the tests that `marks` selects."""
        command = [sys.executable, "-m", "pytest", "-q", "-m", marks, "--durations=5", *options]
        return self.part(name, command, env)

    def begin_stack(self) -> None:
        """Install and start the stack in the background; the slow servers need a while."""
        script = (
            f"{_quoted(sys.executable)} -m tests.stack prepare; "
            f"{_quoted(sys.executable)} -m tests.stack up --json --state {_quoted(str(self.state))}"
        )
        with self.log.open("w") as log:
            self.stack = subprocess.Popen(
                ["sh", "-c", script], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, text=True, start_new_session=True
            )

    def stack_env(self) -> dict[str, str] | None:
        """Wait for the stack; the variables that lead to it, or None when it could not be had."""
        if self.stack is None:
            return None
        if self.stack.poll() is None:
            say("\n… waiting for the stack (first time on a machine: it is being installed)")
        try:
            self.stack.wait(STACK_MINUTES * 60)
        except subprocess.TimeoutExpired:
            say(f"The stack was not up within {STACK_MINUTES} minutes.")
        if not self.state.exists():
            say(self.log.read_text(encoding="utf-8", errors="replace")[-4000:])
            return None
        state: dict[str, Any] = json.loads(self.state.read_text(encoding="utf-8"))
        for name, why in state["missing"].items():
            say(f"NOT TESTED: {name}: {why}")
            self.results.append((f"NOT TESTED: {name}", os.environ.get("CI") != "true", 0.0))
        return {**state["env"], "STACK_STATE": str(self.state)}

    def end_stack(self) -> None:
        """Stop what was started, even half."""
        if self.stack is not None and self.stack.poll() is None:
            os.killpg(self.stack.pid, signal.SIGTERM)
            try:
                self.stack.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self.stack.pid, signal.SIGKILL)
        if self.state.exists():
            subprocess.run([sys.executable, "-m", "tests.stack", "down", "--state", str(self.state)], cwd=ROOT)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _all(run: Run) -> None:
    run.begin_stack()
    run.part("check", [sys.executable, "bin/check.py"])
    run.part("message catalogues", [sys.executable, "manage.py", "compile_catalogues"])
    run.tests("suite, embedded parts", INSIDE, "-n", WORKERS, "--dist", "loadfile")
    run.tests("public surface and browser, one process", "(public or browser) and not elasticsearch and not rasa")
    env = run.stack_env()
    if env is None:
        say("NOT TESTED: the production-shaped stack: it could not be started (see above).")
        run.results.append(("NOT TESTED: production-shaped stack", os.environ.get("CI") != "true", 0.0))
    else:
        run.tests("public surface, production-shaped stack", "public or elasticsearch or rasa", env=env)


def main() -> None:
    """Run everything, print the outcome of each part, end with an error when one failed."""
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="hotline-test-") as place:
        run = Run(Path(place))
        try:
            _all(run)
        except KeyboardInterrupt:
            say("\nStopped.")
            run.results.append(("stopped", False, 0.0))
        finally:
            run.end_stack()
    say("\n=== outcome")
    for name, good, seconds in run.results:
        say(f"{'ok    ' if good else 'FAILED'} {name} ({seconds:.0f} s)")
    say(f"{(time.monotonic() - began) / 60:.1f} minutes")
    if not all(good for _, good, _ in run.results):
        sys.exit(1)


if __name__ == "__main__":
    main()
