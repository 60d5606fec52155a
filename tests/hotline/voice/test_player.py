"""The player: nothing of ours inside, a seed picks its recording. What it brings about is in tests/public/test_calls.py."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from django.conf import settings

PLAYER = Path(settings.BASE_DIR) / "bin" / "play.py"


def test_the_player_uses_only_httpx_and_websockets():
    tree = ast.parse(PLAYER.read_text(encoding="utf-8"))
    names = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names - sys.stdlib_module_names == {"httpx", "websockets"}


def test_a_seed_picks_always_the_same_recording_and_seeds_differ():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import play; print(play.choose(int(sys.argv[2])).code)"
    picked = [
        subprocess.run(
            [sys.executable, "-c", code, str(PLAYER.parent), str(seed)], capture_output=True, text=True, check=True
        ).stdout
        for seed in (1, 1, 2, 3, 4, 5, 6)
    ]
    assert picked[0] == picked[1] and len(set(picked)) >= 3


def test_without_a_server_it_says_so_in_a_sentence():
    done = subprocess.run(
        [sys.executable, str(PLAYER), "--base", "http://127.0.0.1:9"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1 and "http://127.0.0.1:9" in done.stderr and "Traceback" not in done.stderr
