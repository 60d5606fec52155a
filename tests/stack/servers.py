"""The servers of the stack: each function starts one and returns how to reach it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.stack import install
from tests.stack.places import ROOT, free_port, give_to, plain_user
from tests.stack.processes import NotAvailable, Running, port_answers, start, url_answers, wait_until

HEAP = "512m"
WEB_PROCESSES = 2


def postgres(folder: Path) -> tuple[Running, str]:
    """PostgreSQL with an empty database; returns its DATABASE_URL."""
    user, port = plain_user(), free_port()
    data, log = folder / "postgres", folder / "postgres.log"
    data.mkdir()
    give_to(data, user)
    command = [install.postgres("initdb"), "-D", str(data), "-A", "trust", "-U", "hotline", "-E", "UTF8", "--locale=C.UTF-8"]
    owner = {"user": user, "extra_groups": []} if user else {}
    made = subprocess.run(command, capture_output=True, text=True, cwd=data, **owner)  # type: ignore[call-overload]
    if made.returncode:
        raise NotAvailable(f"initdb failed: {made.stderr.strip()[-300:]}")
    server = [install.postgres("postgres"), "-D", str(data), "-p", str(port), "-k", str(data), "-h", "127.0.0.1"]
    server += ["-c", "max_connections=200", "-c", "shared_buffers=128MB"]
    running = start("PostgreSQL", server, log=log, cwd=data, user=user)
    ready = [install.postgres("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "hotline"]
    wait_until(lambda: subprocess.run(ready).returncode == 0, running, seconds=60, log=log)
    create = [install.postgres("createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "hotline", "hotline"]
    subprocess.run(create, check=True, capture_output=True)
    return running, f"postgres://hotline@127.0.0.1:{port}/hotline"


def redis(folder: Path) -> tuple[Running, str]:
    """Redis without files; returns its REDIS_URL."""
    port, log = free_port(), folder / "redis.log"
    data = folder / "redis"
    data.mkdir()
    command = [install.redis(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(data)]
    running = start("Redis", command, log=log)
    wait_until(lambda: port_answers(port), running, seconds=20, log=log)
    return running, f"redis://127.0.0.1:{port}/0"


def elasticsearch(folder: Path) -> tuple[Running, str]:
    """The real Elasticsearch, one node without security; returns its ELASTICSEARCH_URL."""
    home, java = install.elasticsearch(), install.java_home()
    user, port, transport = plain_user(), free_port(), free_port()
    place, log = folder / "elasticsearch", folder / "elasticsearch.log"
    shutil.copytree(home / "config", place / "config")
    for name in ("data", "logs", "tmp"):
        (place / name).mkdir()
    settings = {
        "discovery.type": "single-node",
        "xpack.security.enabled": "false",
        "network.host": "127.0.0.1",
        "http.port": port,
        "transport.port": transport,
        "path.data": place / "data",
        "path.logs": place / "logs",
        # A developer's full disk must not make the index read-only.
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    lines = "".join(f"{key}: {value}\n" for key, value in settings.items())
    (place / "config" / "elasticsearch.yml").write_text(lines, encoding="utf-8")
    give_to(place, user)
    env = {
        "ES_JAVA_HOME": java,
        "ES_JAVA_OPTS": f"-Xms{HEAP} -Xmx{HEAP}",
        "ES_PATH_CONF": str(place / "config"),
        "ES_TMPDIR": str(place / "tmp"),
        "HOME": str(place),
    }
    running = start("Elasticsearch", [str(home / "bin" / "elasticsearch")], log=log, env=env, cwd=place, user=user)
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: url_answers(f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s"), running, seconds=180, log=log)
    return running, url


def rasa(folder: Path) -> tuple[Running, str]:
    """Rasa serving the model of the present data; returns its RASA_URL."""
    environment, model = install.rasa_environment(), install.rasa_model()
    port, log = free_port(), folder / "rasa.log"
    env = {"RASA_ENVIRONMENT": str(environment), "VAR_DIR": str(model)}
    command = [sys.executable, str(ROOT / "chatbot" / "rasa" / "server.py"), "serve", "--port", str(port)]
    running = start("Rasa", command, log=log, env=env, cwd=folder)
    wait_until(lambda: url_answers(f"http://127.0.0.1:{port}/status"), running, seconds=180, log=log)
    return running, f"http://127.0.0.1:{port}"


def web(folder: Path, env: dict[str, str]) -> tuple[Running, str]:
    """Our web, in several processes as in production; returns its address."""
    port, log = free_port(), folder / "web.log"
    command = [sys.executable, "-m", "uvicorn", "hotline.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(WEB_PROCESSES), "--lifespan", "on", "--no-access-log", "--timeout-graceful-shutdown", "5"]
    running = start("Web", command, log=log, env=env, cwd=ROOT)
    wait_until(lambda: url_answers(f"http://127.0.0.1:{port}/health/live/"), running, seconds=90, log=log)
    return running, f"http://127.0.0.1:{port}"


def worker(folder: Path, env: dict[str, str]) -> Running:
    """A Celery worker."""
    log = folder / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "hotline", "worker", "--loglevel", "WARNING", "--concurrency", "2"]
    command += ["--hostname", "stack@localhost", "--without-gossip", "--without-mingle"]
    running = start("Celery worker", command, log=log, env=env, cwd=ROOT)
    ping = [sys.executable, "-m", "celery", "-A", "hotline", "inspect", "ping", "-t", "2"]
    full = {**os.environ, **env}
    wait_until(
        lambda: subprocess.run(ping, env=full, cwd=ROOT, capture_output=True).returncode == 0, running, seconds=90, log=log
    )
    return running


def beat(folder: Path, env: dict[str, str]) -> Running:
    """Celery beat with our scheduler."""
    log = folder / "beat.log"
    command = [sys.executable, "-m", "celery", "-A", "hotline", "beat", "--loglevel", "WARNING", "--pidfile", ""]
    return start("Celery beat", command, log=log, env=env, cwd=ROOT)
