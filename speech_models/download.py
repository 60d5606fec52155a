"""Fetching a model: resumable, checked, unpacked beside its place and moved there whole."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx

from speech_models.catalogue import ModelEntry

Progress = Callable[[str, int, int], None]  # step ("download", "check", "unpack"), done, total (0: unknown)

_CHUNK = 1 << 18


class DownloadFailed(Exception):
    """The message says what happened, what was kept and what to do."""


def fetch(*, entry: ModelEntry, url: str, models_dir: Path, progress: Progress = lambda step, done, total: None) -> Path:
    """Download, check and unpack one model; returns its directory. A model that is already there is left alone.

    A broken download stays as `<name>.zip.part` and is continued by the next attempt.

    Raises:
        DownloadFailed: no connection, an answer other than the file, a wrong sum or a damaged archive.
    """
    target = models_dir / entry.name
    if target.exists():
        return target
    models_dir.mkdir(parents=True, exist_ok=True)
    part = models_dir / f"{entry.name}.zip.part"
    _download(url, part, progress)
    digest = _digest(part, progress)
    if (entry.sha256 and digest != entry.sha256) or (entry.size and part.stat().st_size != entry.size):
        part.unlink()
        raise DownloadFailed(
            f"{url} is not the published file (SHA-256 {digest}). It was deleted; try again, or take another mirror."
        )
    _unpack(part, target, progress)
    (target / "SHA256").write_text(f"{digest}  {entry.file}\n")
    part.unlink()
    return target


def _download(url: str, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        with httpx.stream("GET", url, headers=headers, timeout=httpx.Timeout(15, read=60), follow_redirects=True) as answer:
            if answer.status_code == 416:  # nothing after what is there: it was complete
                return
            if answer.status_code not in (200, 206):
                raise DownloadFailed(f"{url} answered {answer.status_code}. Check the address (VOSK_MODELS_URL).")
            resumed = answer.status_code == 206
            done = have if resumed else 0
            total = done + int(answer.headers.get("Content-Length", 0))
            with part.open("ab" if resumed else "wb") as file:
                for chunk in answer.iter_raw():
                    file.write(chunk)
                    done += len(chunk)
                    progress("download", done, total)
    except httpx.HTTPError as error:
        kept = part.stat().st_size if part.exists() else 0
        raise DownloadFailed(
            f"The download from {url} broke off ({type(error).__name__}). {kept:,} bytes are kept; run the command again."
        ) from error


def _digest(path: Path, progress: Progress) -> str:
    total, done, digest = path.stat().st_size, 0, hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            progress("check", done, total)
    return digest.hexdigest()


def _unpack(archive: Path, target: Path, progress: Progress) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpack-") as temporary:
        try:
            with zipfile.ZipFile(archive) as packed:
                members = packed.infolist()
                total, done = sum(member.file_size for member in members), 0
                for member in members:
                    packed.extract(member, temporary)  # strips drive letters, leading slashes and ".."
                    done += member.file_size
                    progress("unpack", done, total)
        except zipfile.BadZipFile as error:
            archive.unlink()
            raise DownloadFailed(f"{archive.name} is not a zip file. It was deleted; try again.") from error
        roots = [path.parent.parent for path in Path(temporary).rglob("am/final.mdl")]
        roots += [path.parent for path in Path(temporary).rglob("final.mdl") if path.parent.name != "am"]
        if not roots:
            archive.unlink()
            raise DownloadFailed(f"{archive.name} holds no Vosk model. It was deleted; check the address.")
        shutil.move(roots[0], target)
