"""What each server needs on the machine, and how it is installed when it is missing and we may."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

from tests.stack.places import ROOT, cache_dir
from tests.stack.processes import NotAvailable

ELASTICSEARCH_VERSION = "8.19.8"
ELASTICSEARCH_ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{ELASTICSEARCH_VERSION}:zip"
APT_SECONDS = 900
_apt = threading.Lock()
_apt_updated = False


def executable(name: str, package: str, *, folders: tuple[str, ...] = ()) -> str:
    """The path of a program, installed from its Debian package when missing and we are root.

    Raises NotAvailable with the reason when it cannot be had.
    """
    found = _find(name, folders)
    if found is None:
        apt_install(package)
        found = _find(name, folders)
    if found is None:
        raise NotAvailable(f"{name} is not on this machine, and installing {package} did not bring it.")
    return found


def _find(name: str, folders: tuple[str, ...]) -> str | None:
    found = shutil.which(name)
    if found:
        return found
    for pattern in folders:
        for path in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if (path / name).exists():
                return str(path / name)
    return None


def apt_install(*packages: str) -> None:
    """Install Debian packages; raises NotAvailable when we are not root, there is no apt, or it fails."""
    global _apt_updated
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise NotAvailable(f"{', '.join(packages)} missing: install it with your system's package manager.")
    with _apt:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        commands = [] if _apt_updated else [["apt-get", "update", "-q"]]
        commands.append(["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages])
        for command in commands:
            try:
                done = subprocess.run(command, env=quiet, capture_output=True, text=True, timeout=APT_SECONDS)
            except subprocess.TimeoutExpired:
                raise NotAvailable(f"`{' '.join(command)}` took more than {APT_SECONDS} s.") from None
            if done.returncode and command[1] == "install":
                raise NotAvailable(f"`{' '.join(command)}` failed: {done.stderr.strip()[-300:]}")
        _apt_updated = True


def postgres(program: str) -> str:
    """A PostgreSQL program; Debian keeps them off PATH."""
    return executable(program, "postgresql", folders=("/usr/lib/postgresql/*/bin",))


def redis() -> str:
    """The Redis server."""
    return executable("redis-server", "redis-server")


def chromium() -> str:
    """A Chromium for the browser tests, with a font that has Chinese."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            path = found
            break
    else:
        path = executable("chromium", "chromium")
    fonts = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True) if shutil.which("fc-list") else None
    if fonts is None or not fonts.stdout.strip():
        apt_install("fonts-noto-cjk", "fontconfig")
    return path


def java_home() -> str:
    """The folder of a Java that Elasticsearch 8 runs on (17 or newer)."""
    if os.environ.get("ES_JAVA_HOME"):
        return os.environ["ES_JAVA_HOME"]
    java = executable("java", "openjdk-17-jre-headless")
    asked = subprocess.run([java, "-XshowSettings:properties", "-version"], capture_output=True, text=True).stderr
    facts = dict(re.findall(r"^\s*(java\.[a-z.]+) = (.+)$", asked, re.MULTILINE))
    if int(facts.get("java.specification.version", "0").split(".")[0]) < 17:
        raise NotAvailable(f"Elasticsearch needs Java 17 or newer; {java} is {facts.get('java.version', 'unknown')}.")
    return facts["java.home"]


def elasticsearch() -> Path:
    """The folder of the unpacked server, fetched once through Maven."""
    home = cache_dir() / f"elasticsearch-{ELASTICSEARCH_VERSION}"
    if (home / "bin" / "elasticsearch").exists():
        return home
    folder = cache_dir() / "download"
    archive = folder / f"elasticsearch-{ELASTICSEARCH_VERSION}.zip"
    if not zipfile.is_zipfile(archive):
        maven = executable("mvn", "maven")
        command = [maven, "-q", "-B", "dependency:copy", f"-Dartifact={ELASTICSEARCH_ARTIFACT}", f"-DoutputDirectory={folder}"]
        # Outside any project, so that no pom.xml is looked for.
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
        if done.returncode or not zipfile.is_zipfile(archive):
            raise NotAvailable(f"Maven could not fetch {ELASTICSEARCH_ARTIFACT}: {(done.stdout + done.stderr).strip()[-300:]}")
    part = cache_dir() / f"elasticsearch-part-{os.getpid()}"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(part)
    unpacked = part / home.name
    for program in (unpacked / "bin").iterdir():
        program.chmod(0o755)
    for program in unpacked.glob("modules/*/platform/*/bin/*"):
        program.chmod(0o755)
    if home.exists():
        shutil.rmtree(home)
    unpacked.replace(home)
    shutil.rmtree(part)
    return home


def rasa_environment() -> Path:
    """Rasa's own environment, made once for each list of pins, outside the clone."""
    pins = ROOT / "chatbot" / "rasa" / "requirements.txt"
    place = cache_dir() / f"rasa-{hashlib.sha256(pins.read_bytes()).hexdigest()[:12]}"
    if not (place / "bin" / "rasa").exists() or not (place / "installed.txt").exists():
        _rasa("install", place, cache_dir())
    return place


def rasa_model() -> Path:
    """The folder (a VAR_DIR) that holds the model trained from the present data; trained when there is none."""
    environment = rasa_environment()
    content = hashlib.sha256()
    for path in sorted((ROOT / "chatbot" / "rasa").rglob("*")):
        if path.is_file() and path.suffix in {".yml", ".txt"}:
            content.update(path.read_bytes())
    place = cache_dir() / f"rasa-model-{content.hexdigest()[:12]}"
    if not (place / "models" / "rasa" / "understanding.tar.gz").exists():
        place.mkdir(exist_ok=True)
        _rasa("train", environment, place)
    return place


def _rasa(verb: str, environment: Path, var_dir: Path) -> None:
    command = [sys.executable, str(ROOT / "chatbot" / "rasa" / "server.py"), verb]
    env = {**os.environ, "RASA_ENVIRONMENT": str(environment), "VAR_DIR": str(var_dir)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=1500)
    if done.returncode:
        raise NotAvailable(f"Rasa could not be made ready ({verb}): {(done.stdout + done.stderr).strip()[-400:]}")
