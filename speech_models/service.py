"""The process's one recogniser, chosen by settings, and its health."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from django.conf import settings
from django.utils.translation import gettext as _

from speech_models import catalogue, synth
from speech_models.recogniser import Recogniser, RecogniserUnavailable, StreamSource, VoskSource
from ticketing.outbox.probes import DEGRADED, DOWN, Reading

_lock = Lock()
_recogniser: Recogniser | None = None


def get_recogniser() -> Recogniser:
    """The recogniser of this process, loaded at the first call (10 ms for the built-in model, seconds for a large one).

    Raises:
        RecogniserUnavailable: no model or no library; calls then go on by keypad, text and people.
    """
    global _recogniser
    with _lock:
        if _recogniser is None:
            _recogniser = make_recogniser(VoskSource(catalogue.locate(settings.VOSK_MODEL)))
        return _recogniser


def make_recogniser(source: StreamSource) -> Recogniser:
    """A recogniser on any source, with the limits of the settings."""
    return Recogniser(source, threads=settings.SPEECH_THREADS, max_calls=settings.SPEECH_MAX_CALLS)


def use_recogniser(recogniser: Recogniser | None) -> None:
    """Replace the process's recogniser; None lets the next call load the model anew."""
    global _recogniser
    with _lock:
        _recogniser = recogniser


def uses_builtin() -> bool:
    """Whether the model in use is the small one that comes with the source."""
    return catalogue.locate(settings.VOSK_MODEL).resolve() == catalogue.BUILTIN.resolve()


def warm() -> None:
    """Load the model when the server starts, so that the first caller does not wait for it. Never raises."""
    try:
        recogniser = get_recogniser()
    except RecogniserUnavailable:
        return  # the health page says so
    recogniser.transcribe(bytes(recogniser.rate))


def stop() -> None:
    """End the decoding threads when the server stops."""
    if _recogniser is not None:
        _recogniser.shutdown()


def probe() -> Reading:
    """Open a stream, decode 0.2 s of silence, free it."""
    real = "VOSK_MODEL=vosk-model-cn-0.22, manage.py fetch_speech_model vosk-model-cn-0.22"
    try:
        recogniser = get_recogniser()
    except RecogniserUnavailable as error:
        return Reading(in_use=_("none: keypad, text and people"), state=DOWN, reason=str(error), real=real)
    recogniser.transcribe(bytes(recogniser.rate * 2 // 5))
    facts = {
        "model": recogniser.name,
        "rate_hz": recogniser.rate,
        "calls": recogniser.active,
        "threads": recogniser.threads,
        "load": round(recogniser.load, 3),
        "real_time_factor": round(recogniser.real_time_factor, 4),
    }
    builtin = uses_builtin()
    in_use = _("Vosk, built-in model of 345 words") if builtin else f"Vosk, {Path(recogniser.name).name}"
    if recogniser.degraded:
        reason = _("Recognition was given up for a call (%(reason)s); it went on by keypad.") % {"reason": recogniser.degraded}
        return Reading(in_use=in_use, state=DEGRADED, reason=reason, real=real if builtin else "", facts=facts)
    return Reading(in_use=in_use, real=real if builtin else "", facts=facts)


def probe_voice_out() -> Reading:
    """Make a word of speech."""
    shipped = _("shipped recordings of the fixed sentences")
    if not synth.available():
        reason = _("espeak-ng is not installed: other sentences are shown, not spoken.")
        return Reading(in_use=shipped, state=DEGRADED, reason=reason, real="apt install espeak-ng")
    if synth.synthesise("您好", keep=False) is None:
        return Reading(in_use=shipped, state=DEGRADED, reason=_("espeak-ng is installed but does not speak."))
    return Reading(in_use=_("espeak-ng, and shipped recordings of the fixed sentences"))
