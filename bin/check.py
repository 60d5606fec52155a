#!/usr/bin/env python3
"""`make check`: style, types, floors of the house, Django's own checks, migrations that say what the models say."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _steps import ROOT, say

BIN = Path(sys.executable).parent
ROOMS = ("hotline", "chatbot", "search", "ticketing", "speech_models")
CHECKS = {
    "ruff": [str(BIN / "ruff"), "check", "."],
    "ruff format": [str(BIN / "ruff"), "format", "--check", "."],
    "floors (import-linter)": [str(BIN / "lint-imports")],
    "Django checks": [sys.executable, "manage.py", "check"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
    "types (mypy)": [str(BIN / "mypy"), *ROOMS],
}


def main() -> None:
    """Run all of them and name those that failed."""
    failed = []
    with tempfile.TemporaryDirectory() as place:
        env = {**os.environ, "VAR_DIR": place}
        for variable in ("DATABASE_URL", "REDIS_URL"):
            env.pop(variable, None)
        for name, command in CHECKS.items():
            began = time.monotonic()
            done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
            seconds = time.monotonic() - began
            say(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name} ({seconds:.1f} s)")
            if done.returncode:
                failed.append(name)
                say((done.stdout + done.stderr).rstrip())
    if failed:
        sys.exit(f"check: {', '.join(failed)} failed")


if __name__ == "__main__":
    main()
