"""Where things are kept, which ports are free, as whom servers run."""

from __future__ import annotations

import os
import pwd
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = "hotline-12345"


def cache_dir() -> Path:
    """Where downloads stay between runs and clones: HOTLINE_CACHE, else the user's cache, for root the system's.

    Root's own home is closed to the unprivileged user that PostgreSQL and Elasticsearch must run as.
    """
    if os.environ.get("HOTLINE_CACHE"):
        path = Path(os.environ["HOTLINE_CACHE"])
    elif os.geteuid() == 0:
        path = Path("/var/cache") / NAME
    elif sys.platform == "darwin":
        path = Path.home() / "Library" / "Caches" / NAME
    else:
        path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / NAME
    path.mkdir(parents=True, exist_ok=True)
    return path


def free_port() -> int:
    """A port of the loopback interface that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def plain_user() -> str | None:
    """The user for servers that refuse to run as root; None when we are not root ourselves."""
    return "nobody" if os.geteuid() == 0 else None


def give_to(path: Path, user: str | None) -> None:
    """Hand a folder and all in it to `user`."""
    if user is None:
        return
    entry = pwd.getpwnam(user)
    for item in (path, *path.rglob("*")):
        os.chown(item, entry.pw_uid, entry.pw_gid)
