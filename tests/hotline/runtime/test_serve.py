"""The server process from outside: starts, refuses a second one, stops in time, loses nothing when it is killed."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.stack.places import ROOT, free_port
from tests.stack.processes import url_answers


@pytest.fixture(scope="module")
def env(tmp_path_factory):
    """Variables of a server with an empty, migrated database."""
    place = tmp_path_factory.mktemp("serve")
    kept = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
    found = {**kept, "VAR_DIR": str(place), "LOG_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1"}
    subprocess.run([sys.executable, "manage.py", "migrate", "--run-syncdb", "-v0"], cwd=ROOT, env=found, check=True)
    return found


@pytest.fixture
def servers():
    """Processes to end after the test, whatever happened."""
    started = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def launch(env, port, servers):
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port)],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    servers.append(process)
    return process


def wait_ready(process, port):
    until = time.monotonic() + 60
    while not url_answers(f"http://127.0.0.1:{port}/health/live/"):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "the server does not answer"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stops_by_signal_within_ten_seconds(env, servers, number):
    port = free_port()
    process = launch(env, port, servers)
    wait_ready(process, port)
    with socket.create_connection(("127.0.0.1", port)) as idle:  # a browser that keeps its line open
        idle.sendall(b"GET /health/live/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        idle.recv(100)
        began = time.monotonic()
        process.send_signal(number)
        process.wait(10)
        assert time.monotonic() - began < 10
    assert process.returncode == 0


def test_second_server_on_the_same_data_and_a_taken_port_say_so_in_one_sentence(env, servers, tmp_path):
    port = free_port()
    process = launch(env, port, servers)
    wait_ready(process, port)
    second = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(free_port())], cwd=ROOT, env=env, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert second.returncode != 0
    assert "Another server already works with" in second.stderr
    assert "Traceback" not in second.stderr
    taken = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(port)], cwd=ROOT, env={**env, "VAR_DIR": str(tmp_path)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert taken.returncode != 0
    assert f"Port {port} is taken" in taken.stderr
    assert len(taken.stderr.strip().splitlines()) == 1
    doctor = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )
    jobs = next(part for part in json.loads(doctor.stdout)["parts"] if part["name"] == "jobs")
    assert jobs["facts"]["threads_alive"] >= 1  # it asked the running server, whose threads it cannot see itself


def test_killed_server_goes_on_with_its_outbox_at_the_next_start(env, servers):
    """A row that was claimed when the process was killed, and one that still waited, are both done after the start."""
    port = free_port()
    process = launch(env, port, servers)
    wait_ready(process, port)
    process.kill()
    process.wait(10)
    database = sqlite3.connect(Path(env["VAR_DIR"]) / "hotline.sqlite3")
    now = "2026-01-01 00:00:00"
    for state in ("running", "pending"):
        database.execute(
            "INSERT INTO outbox_job (kind, key, payload, state, attempts, max_attempts, run_after, created_at, lease_until,"
            " last_error, request_id) VALUES ('periodic.outbox.prune', '', '{}', ?, 0, 8, ?, ?, '2099-01-01', '', 'killed')",
            (state, now, now),
        )
    database.commit()
    process = launch(env, port, servers)
    wait_ready(process, port)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        states = [row[0] for row in database.execute("SELECT state FROM outbox_job WHERE request_id = 'killed'")]
        if states == ["done", "done"]:
            break
        time.sleep(0.1)
    assert states == ["done", "done"]
    database.close()


def test_unknown_socket_and_foreign_origin_are_refused(env, servers):
    port = free_port()
    process = launch(env, port, servers)
    wait_ready(process, port)

    def handshake(path, origin):
        try:
            with connect(f"ws://127.0.0.1:{port}{path}", origin=origin, open_timeout=20):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    assert handshake("/ws/feeds/", "https://elsewhere.example") == 403
    assert handshake("/ws/nothing/", f"http://127.0.0.1:{port}") == 403
    assert handshake("/ws/feeds/", f"http://127.0.0.1:{port}") == 101
