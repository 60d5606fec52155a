"""`python -m tests.stack up|down|prepare`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from tests.stack.places import ROOT
from tests.stack.processes import NotAvailable
from tests.stack.stack import Stack, prepare


def default_state() -> Path:
    """Where `up` leaves its state and `down` looks for it."""
    return Path(os.environ.get("STACK_STATE") or Path(os.environ.get("VAR_DIR") or ROOT / "var") / "stack.json")


def up(state: Path, *, as_json: bool, without: tuple[str, ...], web: bool) -> int:
    """Start the stack; leaves nothing behind when it cannot be started whole."""
    stack = Stack.fresh()

    def give_up(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, give_up)
    try:
        stack.up(without=without, web=web)
    except (NotAvailable, KeyboardInterrupt) as error:
        print(f"NOT TESTED: the stack: {error or 'stopped'}", file=sys.stderr)
        stack.down()
        return 1
    stack.save(state)
    for name, why in stack.missing.items():
        print(f"NOT TESTED: {name}: {why}", file=sys.stderr)
    if as_json:
        print(json.dumps({"url": stack.url, "env": stack.env, "missing": stack.missing, "folder": str(stack.folder)}, indent=2))
    else:
        print(f"The stack is up: {stack.url or 'servers only'}")
        for key, value in stack.env.items():
            print(f"export {key}={value}")
    return 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.stack", description=__doc__)
    parser.add_argument("verb", choices=["up", "down", "prepare"])
    parser.add_argument("--json", action="store_true", help="print how to reach it as JSON")
    parser.add_argument("--state", type=Path, default=default_state(), help="file that remembers what was started")
    parser.add_argument("--without", action="append", default=[], help="leave out a server (Rasa, Elasticsearch)")
    parser.add_argument("--servers-only", action="store_true", help="leave out our own web, worker and beat")
    given = parser.parse_args()
    if given.verb == "prepare":
        missing = prepare()
        for name, why in missing.items():
            print(f"NOT TESTED: {name}: {why}", file=sys.stderr)
        return 1 if missing and os.environ.get("CI") == "true" else 0
    if given.verb == "up":
        return up(given.state, as_json=given.json, without=tuple(given.without), web=not given.servers_only)
    try:
        stack = Stack.load(given.state)
    except OSError:
        print("No stack is up.", file=sys.stderr)
        return 0
    stack.down()
    given.state.unlink()
    print("The stack is down.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
