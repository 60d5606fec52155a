#!/usr/bin/env python3
"""Prepare what is not prepared yet, then serve; on the first run a player shows a first call and a first chat.

`make run` calls it with the environment's Python after bin/setup.py. Each step is left out when its inputs are those of
the last time. PORT chooses the port (8000), HOST the address (127.0.0.1), VAR_DIR the place of all that is made.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from _steps import ROOT, VAR_DIR, Failed, Stamps, digest, say, step

HOST = os.environ.get("HOST") or "127.0.0.1"
PORT = int(os.environ.get("PORT") or 8000)
PLAYER_WAIT_SECONDS = 60
HISTORY_ORDERS = os.environ.get("HISTORY_ORDERS") or "2000"


@dataclass(frozen=True)
class Step:
    """One command of manage.py, and the files whose content decides whether it has to run again."""

    name: str
    command: tuple[str, ...]
    inputs: tuple[str, ...]


STEPS = (
    Step("Compiling the message catalogues", ("compile_catalogues",), ("*/**/locale/*/LC_MESSAGES/*.po",)),
    Step("Making the database tables", ("migrate", "--verbosity=0"), ("*/**/migrations/*.py", "requirements.txt")),
    Step("Loading the demo city", ("load_city", "demo"), ("demo/**/*",)),
    Step("Training the understanding model", ("train_understanding",), ("chatbot/rasa/**/*.yml", "chatbot/nlu/**/*.py")),
    Step("Training the routing model", ("train_router",), ("demo/**/*", "ticketing/dispatch/**/*.py")),
    Step("Building the knowledge index", ("rebuild_index",), ("demo/articles/**/*", "search/**/*.py")),
    Step(
        f"Making a year of {HISTORY_ORDERS} example orders",
        ("generate_history", "--orders", HISTORY_ORDERS),
        (),  # once per database
    ),
)


def port_is_free() -> None:
    """End with one sentence before any work when the port is taken."""
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((HOST, PORT))
    except OSError as error:
        raise Failed(
            f"Port {PORT} on {HOST} cannot be used ({error.strerror}): stop the program that has it, or choose another "
            f"port: make run PORT={PORT + 1}"
        ) from None
    finally:
        probe.close()


def manage(*command: str) -> None:
    """Run a command of manage.py; raises Failed with its name when it ends with an error."""
    done = subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT)
    if done.returncode:
        raise Failed(f"`manage.py {' '.join(command)}` failed; its message stands above.")


def prepare(stamps: Stamps) -> None:
    """All steps whose inputs changed. A database that is gone, or another one, begins from the start."""
    place = hashlib.sha256(os.environ.get("DATABASE_URL", "").encode()).hexdigest()
    lost = not os.environ.get("DATABASE_URL") and not (VAR_DIR / "hotline.sqlite3").exists()
    if lost or not stamps.fresh("database", place):
        stamps.forget()
        stamps.put("database", place)
    for number, one in enumerate(STEPS, 1):
        value = digest(*one.inputs, extra=" ".join(one.command))
        if stamps.fresh(one.command[0], value):
            continue
        with step(f"{number}/{len(STEPS)} {one.name}"):
            manage(*one.command)
        stamps.put(one.command[0], value)


def play_when_ready(stamps: Stamps) -> None:
    """Wait for the server, then let the player show the first call and the first chat; remember that it did."""
    base = f"http://127.0.0.1:{PORT}"
    until = time.monotonic() + PLAYER_WAIT_SECONDS
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(f"{base}/health/live/", timeout=2):
                break
        except (OSError, urllib.error.URLError):
            if time.monotonic() > until:
                return
            time.sleep(0.3)
    player = subprocess.run([sys.executable, str(ROOT / "bin" / "play.py"), "--base", base], cwd=ROOT)
    if player.returncode == 0:
        stamps.put("played", "yes")
        say(f"The server goes on: {base}/  (Ctrl-C stops)")
    else:
        say(f"The player could not finish (its message stands above); the server goes on at {base}/")


def main() -> None:
    """Prepare, start the player beside us on the first run, become the server."""
    stamps = Stamps()
    if "--play-when-ready" in sys.argv:
        play_when_ready(stamps)
        return
    os.environ["PORT"] = str(PORT)
    os.environ.setdefault("LOG_LEVEL", "WARNING")  # the terminal belongs to the steps; LOG_LEVEL=INFO shows all
    try:
        port_is_free()
        prepare(stamps)
    except Failed as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped; run it again to go on.")
    if not stamps.fresh("played", "yes"):
        # Through a shell's fork, so that the player is no child of the server and leaves nothing behind.
        detach = "import subprocess, sys; subprocess.Popen(sys.argv[1:])"
        subprocess.run([sys.executable, "-c", detach, sys.executable, __file__, "--play-when-ready"], check=True)
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "manage.py", "serve", "--host", HOST, "--port", str(PORT)])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
