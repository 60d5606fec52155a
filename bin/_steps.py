"""Named steps with their time, a bar for long ones, and stamps that let a step be left out when nothing changed.

Pure standard library: setup.py uses it before anything is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()


class Failed(Exception):
    """A step could not be done; the message is the one sentence for the person at the terminal."""


def say(text):
    """One line, at once."""
    print(text, flush=True)


@contextmanager
def step(name):
    """Print `name`, and the seconds it took when it is over."""
    began = time.monotonic()
    say(f"• {name} …")
    yield
    say(f"  done in {time.monotonic() - began:.1f} s")


class Bar:
    """A bar that counts to `total`; on something that is no terminal, a line at each tenth."""

    def __init__(self, total, what):
        self.total = max(total, 1)
        self.what = what
        self.done = 0
        self.tty = sys.stdout.isatty()
        self._tenth = 0

    def advance(self, name=""):
        """One more is done."""
        self.done = min(self.done + 1, self.total)
        if self.tty:
            width = 30
            full = width * self.done // self.total
            line = f"  [{'█' * full}{'·' * (width - full)}] {self.done}/{self.total} {self.what}  {name}"
            columns = shutil.get_terminal_size().columns
            print("\r" + line[: columns - 1].ljust(columns - 1), end="", flush=True)
        elif 10 * self.done // self.total > self._tenth:
            self._tenth = 10 * self.done // self.total
            say(f"  {self.done}/{self.total} {self.what}")

    def close(self):
        """End the line of the bar."""
        if self.tty and self.done:
            print(flush=True)


def digest(*patterns, extra=""):
    """A hash over the content of all files that the patterns (relative to the repository) match, and `extra`."""
    found = hashlib.sha256(extra.encode())
    for path in sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}):
        found.update(str(path.relative_to(ROOT)).encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


class Stamps:
    """What was done with which input, kept in VAR_DIR beside its result."""

    def __init__(self, name="stamps.json"):
        self.path = VAR_DIR / name
        try:
            self.known = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.known = {}

    def fresh(self, name, value):
        """Whether `name` was done with this input."""
        return self.known.get(name) == value

    def put(self, name, value):
        """`name` is done with this input."""
        self.known[name] = value
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.known, indent=1), encoding="utf-8")
        part.replace(self.path)

    def forget(self):
        """Nothing is done any more."""
        self.known = {}
