"""The real Rasa server: makes its environment, trains it from our data, serves it on the loopback interface.

    python chatbot/rasa/server.py install            # an environment of its own, Python 3.10 (3.11 works, unsupported upstream)
    python chatbot/rasa/server.py train              # the same data files as the embedded engine
    python chatbot/rasa/server.py serve --port 5005  # then start the platform with RASA_URL=http://127.0.0.1:5005

Rasa 3.6.21 needs tensorflow 2.12, numpy below 1.25 and much else of its time, so it never shares our environment: we speak HTTP
to it. The pins are whole and are installed with --no-deps, because the trimmed set (no GPU build, no unused bindings) is
not what its metadata asks for. Never go below 3.6.21 (CVE-2024-49375), never bind it to anything but loopback.
This file runs with any Python from 3.10 and needs PyYAML for `train`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()
ENVIRONMENT = Path(os.environ.get("RASA_ENVIRONMENT") or ROOT / ".venv-rasa").resolve()
BUILD = VAR_DIR / "models" / "rasa-build"
MODELS = VAR_DIR / "models" / "rasa"
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",  # on by default: it would send usage data and write an id into the home folder
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONWARNINGS": "ignore",
}
ANNOTATED = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def tell(line: str) -> None:
    """Says what is being done."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def find_python() -> str:
    """A Python that Rasa 3.6 runs on: $RASA_PYTHON, then 3.10, then 3.11. Exits with one sentence when there is none."""
    wanted = [os.environ.get("RASA_PYTHON", ""), "python3.10", *_pyenv("3.10"), "python3.11", *_pyenv("3.11"), sys.executable]
    for candidate in filter(None, wanted):
        if _version_of(candidate) in {"3.10", "3.11"}:
            return candidate
    sys.exit("Rasa 3.6 needs Python 3.10 (3.11 also works); none was found. Install one or set RASA_PYTHON to its path.")


def _pyenv(minor: str) -> list[str]:
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    return [str(path / "bin" / "python") for path in sorted(versions.glob(f"{minor}.*"), reverse=True)]


def _version_of(python: str) -> str:
    try:
        asked = subprocess.run(
            [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def install() -> None:
    """Makes the environment and installs the frozen list into it; does nothing when that was done with the same list."""
    wanted = (HERE / "requirements.txt").read_text()
    mark = ENVIRONMENT / "installed.txt"
    if mark.exists() and mark.read_text() == wanted:
        tell(f"The Rasa environment is up to date: {ENVIRONMENT}")
        return
    python = find_python()
    tell(f"Making the Rasa environment in {ENVIRONMENT} with {python} (about 1.7 GB, a minute or two) ...")
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    target = str(ENVIRONMENT / "bin" / "python")
    requirements = str(HERE / "requirements.txt")
    if uv:
        _run([uv, "venv", "--clear", "--python", python, str(ENVIRONMENT)])
        _run([uv, "pip", "install", "--python", target, "--no-deps", "-r", requirements])
    else:
        _run([python, "-m", "venv", "--clear", str(ENVIRONMENT)])
        _run([target, "-m", "pip", "install", "--no-deps", "--ignore-requires-python", "-r", requirements])
    mark.write_text(wanted)


def train() -> None:
    """Trains from chatbot/rasa into VAR_DIR/models/rasa; the old model stays until the new one is whole."""
    _need_environment()
    _stage()
    MODELS.mkdir(parents=True, exist_ok=True)
    tell("Training the Rasa model (about a minute) ...")
    started = time.monotonic()
    command = ["train", "nlu", "--fixed-model-name", "understanding", "--out", "out"]
    _run([str(ENVIRONMENT / "bin" / "rasa"), *command], cwd=BUILD, env={**os.environ, **QUIET})
    (BUILD / "out" / "understanding.tar.gz").replace(MODELS / "understanding.tar.gz")
    tell(f"Wrote {MODELS / 'understanding.tar.gz'} in {time.monotonic() - started:.0f} s")


def evaluate() -> None:
    """Cross-validates the pipeline in five folds (several minutes) and prints accuracy and macro F1 of the intents."""
    _need_environment()
    _stage()
    results = BUILD / "results"
    command = ["test", "nlu", "--nlu", "data", "--config", "config.yml", "--cross-validation", "--folds", "5", "--no-plot"]
    rasa = str(ENVIRONMENT / "bin" / "rasa")
    _run([rasa, *command, "--out", str(results)], cwd=BUILD, env={**os.environ, **QUIET}, stdout=subprocess.DEVNULL)
    figures = json.loads((results / "intent_report.json").read_text(encoding="utf-8"))
    tell(f"{figures['accuracy']:.3f}, macro F1 {figures['macro avg']['f1-score']:.3f}")


def _stage() -> None:
    """Lays configuration, data and the user dictionary out where Rasa reads them."""
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.copytree(HERE / "data", BUILD / "data")
    for name in ("config.yml", "domain.yml"):
        shutil.copy(HERE / name, BUILD / name)
    (BUILD / "jieba").mkdir()
    (BUILD / "jieba" / "names.txt").write_text("".join(f"{word} 100000 n\n" for word in names()), encoding="utf-8")


def names() -> list[str]:
    """Every annotated stretch and lookup entry of the data, as the tokenizer's user dictionary wants them: one word each."""
    import yaml  # only training needs it

    found: set[str] = set()
    for path in sorted((HERE / "data").rglob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            lines = [line[2:].strip() for line in block.get("examples", "").splitlines()]
            if "lookup" in block:
                found.update(lines)
            elif "intent" in block:
                found.update(match for line in lines for match in ANNOTATED.findall(line))
    return sorted(word for word in found if re.fullmatch(r"[\u4e00-\u9fff]{2,}", word))


def serve(port: int) -> None:
    """Becomes the Rasa server on 127.0.0.1:`port`; the port opens when the model is loaded (15 to 30 s)."""
    _need_environment()
    model = MODELS / "understanding.tar.gz"
    if not model.exists():
        sys.exit("There is no trained Rasa model yet. Run `make rasa-train` first.")
    rasa = str(ENVIRONMENT / "bin" / "rasa")
    arguments = [rasa, "run", "--enable-api", "-m", str(model), "-i", "127.0.0.1", "-p", str(port), "--log-file", os.devnull]
    os.execve(rasa, arguments, {**os.environ, **QUIET})


def _need_environment() -> None:
    if not (ENVIRONMENT / "bin" / "rasa").exists():
        install()


def _run(command: list[str], **options: object) -> None:
    finished = subprocess.run(command, **options)  # type: ignore[call-overload]
    if finished.returncode:
        sys.exit(f"This command failed with exit code {finished.returncode}: {' '.join(command)}")


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["install", "train", "serve", "evaluate"])
    parser.add_argument("--port", type=int, default=5005)
    given = parser.parse_args()
    {"install": install, "train": train, "evaluate": evaluate, "serve": lambda: serve(given.port)}[given.verb]()


if __name__ == "__main__":
    main()
