"""The whole stack: started in parallel, prepared with the demo city, described in a state file, stopped by process id."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.stack import install, servers
from tests.stack.places import ROOT, cache_dir
from tests.stack.processes import NotAvailable, Running, stop

# What a city loads into an empty platform, in this order; the same commands as `make run`, with less history.
PREPARE = (
    ("compile_catalogues",),
    ("migrate", "--verbosity=0"),
    ("load_city", "demo"),
    ("train_understanding",),
    ("train_router",),
    ("rebuild_index",),
)
TRAINING = frozenset({"train_understanding", "train_router"})
TRAINED_FROM = ("chatbot/**/*.yml", "chatbot/nlu/*.py", "ticketing/dispatch/*.py", "demo/**/*", "requirements.txt")
# A fast stop for PostgreSQL; the others take the usual signal.
FIRST_SIGNAL = {"PostgreSQL": signal.SIGINT}


@dataclass
class Stack:
    """What runs, where, and what could not be had. `env` is what a command or a test needs to reach it."""

    folder: Path
    running: list[Running] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    url: str = ""
    missing: dict[str, str] = field(default_factory=dict)

    def up(self, *, without: tuple[str, ...] = (), web: bool = True) -> None:
        """Start everything that can be had. The slow ones (Elasticsearch, Rasa) start beside the others.

        `web` off leaves out our own processes. Raises NotAvailable when PostgreSQL or Redis is missing: without them
        the stack has not the shape of production.
        """
        self.folder.chmod(0o755)
        self.env = {
            "VAR_DIR": str(self.folder / "var"),
            "DEMO": "1",
            "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "console",
            "PYTHONUNBUFFERED": "1",
        }
        starters: dict[str, tuple[str, Callable[[Path], tuple[Running, str]]]] = {
            "Elasticsearch": ("ELASTICSEARCH_URL", servers.elasticsearch),
            "Rasa": ("RASA_URL", servers.rasa),
            "PostgreSQL": ("DATABASE_URL", servers.postgres),
            "Redis": ("REDIS_URL", servers.redis),
        }
        with ThreadPoolExecutor(len(starters)) as pool:
            asked = {name: pool.submit(starters[name][1], self.folder) for name in starters if name not in without}
            for name, future in asked.items():
                try:
                    running, address = future.result()
                except NotAvailable as error:
                    self.missing[name] = str(error)
                except Exception as error:  # the harness's own mistakes are shown by name too
                    self.missing[name] = f"{type(error).__name__}: {error}"
                else:
                    self.running.append(running)
                    self.env[starters[name][0]] = address
        for name in ("PostgreSQL", "Redis"):
            if name in self.missing:
                raise NotAvailable(f"{name}: {self.missing[name]}")
        if web:
            self._start_ours()

    def _start_ours(self) -> None:
        fill(self._full_env())
        self.manage("collectstatic", "--noinput", "--verbosity=0")
        self.running.append(servers.worker(self.folder, self.env))
        self.running.append(servers.beat(self.folder, self.env))
        running, self.url = servers.web(self.folder, self.env)
        self.running.append(running)

    def manage(self, *command: str, seconds: float = 600) -> str:
        """Run a command of manage.py against the stack and return what it wrote."""
        return manage(command, self._full_env(), seconds=seconds)

    def down(self) -> None:
        """Stop all, last started first, and remove the folder."""
        for running in reversed(self.running):
            stop(running, first=FIRST_SIGNAL.get(running.name, signal.SIGTERM))
        self.running.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def save(self, path: Path) -> None:
        """Write the state file by which other processes find the stack."""
        state = {**asdict(self), "folder": str(self.folder)}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(state, indent=2), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Stack:
        """Read a state file. Raises OSError when there is none."""
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        running = [Running(**item) for item in state.pop("running")]
        return cls(**{**state, "folder": Path(state["folder"]), "running": running})

    @classmethod
    def fresh(cls) -> Stack:
        """A stack that is not started yet, in a temporary folder."""
        folder = Path(tempfile.mkdtemp(prefix="hotline-stack-"))
        (folder / "var").mkdir()
        return cls(folder)

    def _full_env(self) -> dict[str, str]:
        return {**os.environ, **self.env}


def manage(command: tuple[str, ...], env: dict[str, str], *, seconds: float = 600) -> str:
    """Run a command of manage.py; raises NotAvailable with the end of its words when it fails."""
    return _run([sys.executable, "manage.py", *command], env, seconds)


def fill(env: dict[str, str]) -> None:
    """Make an empty platform one that works: page files, tables, the demo city, models, index.

    Models of the same data are trained once and kept in the cache; the tests of training are elsewhere.
    """
    models = Path(env["VAR_DIR"]) / "models"
    content = hashlib.sha256()
    for path in sorted({path for pattern in TRAINED_FROM for path in ROOT.glob(pattern) if path.is_file()}):
        content.update(path.read_bytes())
    kept = cache_dir() / f"models-{content.hexdigest()[:12]}"
    known = kept.exists()
    if known:
        shutil.copytree(kept, models, dirs_exist_ok=True)
    _run([sys.executable, "bin/assets.py"], env, 300)
    for command in PREPARE:
        if not (known and command[0] in TRAINING):
            manage(command, env)
    if not known:
        part = cache_dir() / f"models-part-{os.getpid()}"
        shutil.copytree(models, part)
        if not kept.exists():
            part.replace(kept)


def _run(command: list[str], env: dict[str, str], seconds: float) -> str:
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=seconds)
    if done.returncode:
        raise NotAvailable(f"`{' '.join(command[1:])}` failed:\n{(done.stdout + done.stderr)[-1500:]}")
    return done.stdout


def prepare() -> dict[str, str]:
    """Install and fetch all that the stack and the browser tests need; what is missing, with the reason."""
    wanted: dict[str, Callable[[], object]] = {
        "PostgreSQL": lambda: install.postgres("postgres"),
        "Redis": install.redis,
        "Chromium": install.chromium,
        "espeak-ng": lambda: install.executable("espeak-ng", "espeak-ng"),
        "ffmpeg": lambda: install.executable("ffmpeg", "ffmpeg"),
        "Elasticsearch": lambda: (install.java_home(), install.elasticsearch()),
        "Rasa": install.rasa_model,
    }
    missing: dict[str, str] = {}

    def one(name: str) -> None:
        began = time.monotonic()
        try:
            wanted[name]()
        except NotAvailable as error:
            missing[name] = str(error)
        except Exception as error:
            missing[name] = f"{type(error).__name__}: {error}"
        seconds = time.monotonic() - began
        print(f"  {name}: {'NOT AVAILABLE' if name in missing else 'ready'} ({seconds:.1f} s)", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, wanted))
    return missing
