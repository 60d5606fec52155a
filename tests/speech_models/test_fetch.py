"""Fetching a model: from a server on this machine, broken off, continued, checked."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import CommandError, call_command

from speech_models import catalogue, download
from speech_models.catalogue import ModelEntry, UnknownModel


def archive(**files: str) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as packed:
        for name, text in files.items():
            packed.writestr(name.replace("__", "/"), text * 2000)
    return raw.getvalue()


MODEL = archive(**{"m-1__am__final.mdl": "model", "m-1__conf__mfcc.conf": "--sample-frequency=16000\n"})


class Handler(BaseHTTPRequestHandler):
    body = MODEL
    break_after = 0
    ranges: list[str] = []

    def do_GET(self):
        asked = self.headers.get("Range", "")
        type(self).ranges.append(asked)
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if self.path.startswith("/missing"):
            self.send_error(404)
            return
        if first >= len(self.body):
            self.send_error(416)
            return
        rest = self.body[first:]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if self.break_after:
            rest, type(self).break_after = rest[: self.break_after], 0
        self.wfile.write(rest)
        self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    Handler.body, Handler.break_after, Handler.ranges = MODEL, 0, []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def entry(sha256: str = "", size: int = 0) -> ModelEntry:
    return ModelEntry("m-1", "zh", 16000, "m-1.zip", 1, size, sha256, "Apache 2.0", "", "")


def test_fetches_checks_and_unpacks(server, tmp_path):
    seen: list[tuple[str, int, int]] = []
    path = download.fetch(
        entry=entry(hashlib.sha256(MODEL).hexdigest(), len(MODEL)),
        url=f"{server}/m-1.zip",
        models_dir=tmp_path,
        progress=lambda *step: seen.append(step),
    )
    assert path == tmp_path / "m-1" and (path / "am" / "final.mdl").exists()
    assert {step for step, _, _ in seen} == {"download", "check", "unpack"}
    assert all(done <= total for _, done, total in seen)
    assert (path / "SHA256").read_text().startswith(hashlib.sha256(MODEL).hexdigest())
    assert sorted(item.name for item in tmp_path.iterdir()) == ["m-1"]
    download.fetch(entry=entry(), url="http://127.0.0.1:9/never", models_dir=tmp_path)  # there already


def test_a_broken_download_is_kept_and_continued(server, tmp_path):
    Handler.break_after = 100
    with pytest.raises(download.DownloadFailed, match="kept; run the command again"):
        download.fetch(entry=entry(), url=f"{server}/m-1.zip", models_dir=tmp_path)
    assert (tmp_path / "m-1.zip.part").stat().st_size == 100
    download.fetch(entry=entry(hashlib.sha256(MODEL).hexdigest()), url=f"{server}/m-1.zip", models_dir=tmp_path)
    assert Handler.ranges == ["", "bytes=100-"]


def test_a_download_that_was_complete_is_not_fetched_again(server, tmp_path):
    (tmp_path / "m-1.zip.part").write_bytes(MODEL)
    assert download.fetch(entry=entry(), url=f"{server}/m-1.zip", models_dir=tmp_path).exists()


@pytest.mark.parametrize("wrong", [{"sha256": "0" * 64}, {"size": 5}])
def test_another_file_than_the_published_one_is_deleted(server, tmp_path, wrong):
    with pytest.raises(download.DownloadFailed, match="not the published file"):
        download.fetch(entry=entry(**wrong), url=f"{server}/m-1.zip", models_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("body", "says"), [(b"no zip at all", "not a zip"), (archive(readme="x"), "no Vosk model")])
def test_archives_that_are_none_are_refused(server, tmp_path, body, says):
    Handler.body = body
    with pytest.raises(download.DownloadFailed, match=says):
        download.fetch(entry=entry(), url=f"{server}/m-1.zip", models_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_cannot_write_outside_its_folder(server, tmp_path):
    Handler.body = archive(**{"m-1__am__final.mdl": "model", "..__..__evil.txt": "evil"})
    download.fetch(entry=entry(), url=f"{server}/m-1.zip", models_dir=tmp_path / "models")
    assert not list(tmp_path.parent.rglob("evil.txt")) or all(
        (tmp_path / "models") in found.parents for found in tmp_path.parent.rglob("evil.txt")
    )


def test_errors_are_sentences(server, tmp_path):
    with pytest.raises(download.DownloadFailed, match="404"):
        download.fetch(entry=entry(), url=f"{server}/missing.zip", models_dir=tmp_path)
    with pytest.raises(download.DownloadFailed, match="broke off"):
        download.fetch(entry=entry(), url="http://127.0.0.1:9/m-1.zip", models_dir=tmp_path)


def test_the_command_lists_and_refuses(capsys, settings, tmp_path):
    settings.MODELS_DIR = tmp_path
    call_command("fetch_speech_model", "--list")
    out = capsys.readouterr().out
    assert all(one.name in out for one in catalogue.entries())
    call_command("fetch_speech_model", "builtin")
    with pytest.raises(CommandError, match="vosk-model-cn"):
        call_command("fetch_speech_model", "no-such-model")


def test_the_command_fetches(server, settings, tmp_path, capsys, monkeypatch):
    settings.MODELS_DIR = tmp_path
    settings.VOSK_MODELS_URL = server
    monkeypatch.setattr(catalogue, "entries", lambda: (entry(),))
    call_command("fetch_speech_model", "m-1")
    assert "VOSK_MODEL=m-1" in capsys.readouterr().out
    assert catalogue.locate("m-1") == tmp_path / "m-1"


def test_the_catalogue_is_complete():
    assert catalogue.find("builtin").rate == 8000
    for one in catalogue.entries():
        assert one.about_zh and one.about_en and one.licence and (one.file or one.name == "builtin")
        assert len(one.sha256) in (0, 64)
    with pytest.raises(UnknownModel):
        catalogue.find("x")
    assert catalogue.locate("") == catalogue.BUILTIN == catalogue.locate("builtin")
