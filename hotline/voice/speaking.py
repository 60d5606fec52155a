"""Our voice: shipped recordings of the fixed sentences, espeak-ng for the rest where there is one, text always."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from hotline.voice.wave import read_mulaw
from speech_models import mulaw, synth

PROMPTS = Path(__file__).resolve().parent / "prompts"
RATE = synth.RATE
_SENTENCE = re.compile(r"(?:[^。！？!?；;.]|\.(?!\s|$))+[。！？!?；;.]*|[。！？!?；;.]+")
_FIRST_PIECE_CHARS = 24  # a first sentence longer than this is cut at a comma, so that the answer begins sooner


def sentences(text: str) -> list[str]:
    """A text in the pieces in which it is spoken; the first one is kept short.

    >>> sentences("好的。请说您的手机号。")
    ['好的。', '请说您的手机号。']
    """
    pieces = [piece.strip() for piece in _SENTENCE.findall(text) if any(char.isalnum() for char in piece)]
    if pieces and len(pieces[0]) > _FIRST_PIECE_CHARS:
        head, comma, tail = pieces[0].partition("，")
        if comma and any(char.isalnum() for char in tail):
            pieces[:1] = [head + comma, tail]
    return pieces


@cache
def shipped() -> dict[tuple[str, str], Path]:
    """The shipped recordings by language and sentence."""
    manifest = PROMPTS / "manifest.json"
    if not manifest.exists():
        return {}
    rows = json.loads(manifest.read_text(encoding="utf-8"))
    return {(row["language"], row["text"]): PROMPTS / row["file"] for row in rows}


@cache
def _samples(path: Path) -> bytes:
    return mulaw.decode(read_mulaw(path))


def speak(sentence: str, *, language: str, keep: bool) -> bytes | None:
    """8 kHz 16-bit PCM of one sentence, or None when it cannot be spoken here. Takes some 20 ms; not for the event loop.

    `keep` allows the synthesised sound to stay on disk; never for a sentence that may hold personal data.
    """
    path = shipped().get((language[:2], sentence))
    if path is not None and path.exists():
        return _samples(path)
    return synth.synthesise(sentence, language=language, keep=keep)
