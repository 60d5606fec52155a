#!/usr/bin/env python3
"""Compile requirements*.in to the pinned lists, for every Python from 3.11 on; `--upgrade` takes newer versions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILE = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--no-header", "--no-emit-index-url"]


def main() -> None:
    """The list for running first; the one for development keeps its versions."""
    uv = str(Path(sys.executable).parent / "uv")
    for name, constraint in (("requirements", ()), ("requirements-dev", ("--constraint", "requirements.txt"))):
        command = [uv, *COMPILE[1:], f"{name}.in", "--output-file", f"{name}.txt", *constraint, *sys.argv[1:]]
        if subprocess.run(command, cwd=ROOT).returncode:
            sys.exit(f"{name}.in could not be compiled; uv's message stands above.")
        print(f"{name}.txt is compiled")


if __name__ == "__main__":
    main()
