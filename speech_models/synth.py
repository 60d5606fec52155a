"""The synthesiser door: text to 8 kHz speech by espeak-ng where there is one, nothing where there is none.

espeak-ng's own reading of Chinese characters misreads words with several readings, and its voice `cmn` reads letters as
English; so it gets tone-numbered syllables through its voice `cmn-latn-pinyin`. Whoever gets None shows the text.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings
from pypinyin import Style, lazy_pinyin

from speech_models import mulaw, numerals, resample

log = logging.getLogger(__name__)

RATE = 8000  # of everything that this door returns: 16-bit mono PCM
WORDS_PER_MINUTE = 185
TIMEOUT_S = 4.0
MAX_CHARS = 400  # of one call; longer text is read sentence by sentence
_ESPEAK_RATE = 22050
_QUIET = 120  # samples below this count as silence at the ends
_MARGIN = RATE * 20 // 1000

_READINGS = {"重复": "chong2 fu4", "银行": "yin2 hang2", "还没": "hai2 mei2", "办得": "ban4 de5", "着火": "zhao2 huo3"}
_COMMAS, _STOPS, _BLANKS = "，、；：—（）()", "。…", "《》“”"
_PAUSES = str.maketrans(_COMMAS + _STOPS + _BLANKS + "！？", "," * len(_COMMAS) + "." * len(_STOPS) + " " * len(_BLANKS) + "!?")
_PIECE = re.compile(r"\d{1,2}:\d{2}|\d+(?:\.\d+)?%?|[㐀-鿿]+|[A-Za-z]+|[,.!?]")


def available() -> bool:
    """Whether espeak-ng is on this machine."""
    return _program() is not None


@lru_cache(maxsize=1)
def _program() -> str | None:
    return shutil.which("espeak-ng")


def spoken_chinese(text: str) -> str:
    """Text with its figures written as they are said; five digits and more, or a leading zero, one by one."""

    def say(match: re.Match[str]) -> str:
        piece = match.group()
        if ":" in piece:
            hour, minute = (int(part) for part in piece.split(":"))
            return (
                numerals.spoken(hour) + "点" + (("零" if minute < 10 else "") + numerals.spoken(minute) + "分" if minute else "")
            )
        percent, piece = piece.endswith("%"), piece.rstrip("%")
        whole, _, decimals = piece.partition(".")
        if len(whole) >= 5 or (len(whole) > 1 and whole[0] == "0"):
            said = _grouped(whole)
        else:
            said = numerals.spoken(int(whole))
        if decimals:
            said += "点" + "".join(numerals.spoken(int(digit)) for digit in decimals)
        return ("百分之" if percent else "") + said

    text = re.sub(r"(\d{4})(?=年)", lambda match: "".join(numerals.spoken(int(digit)) for digit in match.group()), text)
    return re.sub(r"\d{1,2}:\d{2}|\d+(?:\.\d+)?%?", say, text)


def _grouped(digits: str) -> str:
    """A long number in groups that can be written down while listening: 3-4-4 for eleven digits, else fours."""
    first = 3 if len(digits) == 11 else len(digits) % 4 or 4
    groups = [digits[:first]] + [digits[start : start + 4] for start in range(first, len(digits), 4)]
    return "，".join(numerals.spelled(group) for group in groups)


def syllables(text: str) -> str:
    """Chinese text as espeak-ng's pinyin voice wants it: tone-numbered syllables, commas and stops for pauses."""
    out: list[str] = []
    for match in _PIECE.finditer(spoken_chinese(text).translate(_PAUSES)):
        piece = match.group()
        if piece in ",.!?":
            out.append(piece)
        elif piece.isascii():
            out.append(" ".join(piece.lower()))
        else:
            for part in re.split(f"({'|'.join(_READINGS)})", piece):
                if part in _READINGS:
                    out.append(_READINGS[part])
                elif part:
                    out.extend(lazy_pinyin(part, style=Style.TONE3, neutral_tone_with_five=True))
    return " ".join(out).replace("ü", "v")


def synthesise(
    text: str, *, language: str = "zh", keep: bool = True, voice: str = "", speed: int = WORDS_PER_MINUTE
) -> bytes | None:
    """Speech for a text as 8 kHz 16-bit PCM, or None when it cannot be spoken here.

    Args:
        language: "zh..." or "en...".
        keep: whether the speech may stay on disk and in memory. False for whatever may hold personal data.
        voice: an espeak-ng voice variant such as "f2".
        speed: words a minute.
    """
    text = text.strip()
    if not text:
        return None
    if not keep:
        return _speak(text, language, voice, speed)
    path = cached_path(text, language=language, voice=voice, speed=speed)
    if path.exists():
        return mulaw.decode(path.read_bytes())
    pcm = _speak(text, language, voice, speed)
    if pcm is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        temporary.write_bytes(mulaw.encode(pcm))
        temporary.replace(path)
    return pcm


def cached_path(text: str, *, language: str = "zh", voice: str = "", speed: int = WORDS_PER_MINUTE) -> Path:
    """Where the speech of a text is kept; the name tells nothing of the text."""
    key = hashlib.sha256(f"{language[:2]}|{voice}|{speed}|{text}".encode()).hexdigest()
    return Path(settings.PROMPTS_DIR) / key[:2] / f"{key}.ulaw"


def _speak(text: str, language: str, voice: str, speed: int) -> bytes | None:
    program = _program()
    if program is None:
        return None
    chinese = language.startswith("zh")
    spoken = syllables(text[:MAX_CHARS]) if chinese else text[:MAX_CHARS]
    name = "cmn-latn-pinyin" if chinese else "en"
    command = [program, "-v", f"{name}+{voice}" if voice else name, "-s", str(speed), "--stdout", "--stdin"]
    try:
        made = subprocess.run(command, input=spoken.encode(), capture_output=True, timeout=TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("speech.synthesis_failed error=%s", type(error).__name__)
        return None
    samples = trimmed(made.stdout[44:])  # a WAV header of the plain kind
    return samples or None


def trimmed(raw: bytes) -> bytes:
    """espeak-ng's samples at 8 kHz without the silence at both ends."""
    pcm = resample.convert(raw[: len(raw) // 2 * 2], _ESPEAK_RATE, RATE)
    samples = np.frombuffer(pcm, "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _QUIET)
    if not len(loud):
        return b""
    return samples[max(0, loud[0] - _MARGIN) : loud[-1] + _MARGIN].tobytes()
