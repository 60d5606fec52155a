"""The voice path: its processor time against a bare recogniser, and how soon a caller hears an answer.

The processor's figure drives the real wire, session, recorder and recogniser with a conversation that answers at once;
the times are those of real calls, played by bin/play.py against a server of its own. Only audible frames count.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.figures import percentile, report
from benchmarks.serving import ROOT, served

RATIO_GOAL = 1.3
REPLY_GOAL_MS = 400
ROUNDS = 5
PAUSE_S = 3.0  # between two sentences of a caller: our voice speaks
PLAYED = ("night-works", "water-cut", "broken-cover", "street-stalls")
FRAME_BYTES = 160
ANSWERS = 60  # fewer say little about 95 of 100
MOST_ROUNDS = 5  # of all played calls
ENOUGH_FOR_P95 = 20


def caller_sound() -> bytes:
    """All demo sentences with pauses between them, as mu-law."""
    folder = ROOT / "demo" / "recordings"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    pause = b"\xff" * int(PAUSE_S * 8000)
    files = [said["file"] for scenario in manifest["scenarios"] for said in scenario["utterances"] if "file" in said]
    sound = pause + b"".join((folder / name).read_bytes()[58:] + pause for name in files)
    return sound[: len(sound) // FRAME_BYTES * FRAME_BYTES]


def bare_seconds(sound: bytes) -> float:
    """Processor time of a plain KaldiRecognizer loop over the same sound, already decoded, in pieces of 200 ms."""
    from vosk import KaldiRecognizer, Model, SetLogLevel

    from speech_models import mulaw
    from speech_models.catalogue import BUILTIN

    SetLogLevel(-1)
    model, pcm = Model(str(BUILTIN)), mulaw.decode(sound)
    recogniser = KaldiRecognizer(model, 8000)
    recogniser.SetWords(True)
    began = time.process_time()
    for start in range(0, len(pcm), 3200):
        if recogniser.AcceptWaveform(pcm[start : start + 3200]):
            recogniser.Result()
        else:
            recogniser.PartialResult()
    recogniser.FinalResult()
    return time.process_time() - began


class QuickTalk:
    """A conversation that answers every sentence with a shipped one, at once."""

    language, reference, group, hold_prompt = "zh-hans", "benchmark", "conversation.benchmark", ""

    def __init__(self) -> None:
        self.seq, self.heard = 0, 0

    def exchange(self, text: str = "") -> Any:
        from hotline.voice.listening import ANYTHING
        from hotline.voice.talk import Exchange, Said

        self.seq += 1
        turn = Said(self.seq, "bot", {"seq": self.seq, "text": text}, text, True)
        return Exchange((turn,) if text else (), "bot", "open", ANYTHING, {})

    async def says(self, text: str, *, confidence: float | None, audio_ms: int | None, ref: str) -> Any:
        self.heard += 1
        return self.exchange("您请讲。")

    async def keys(self, digits: str, *, audio_ms: int | None, ref: str) -> Any:
        return self.exchange()

    async def silent(self) -> Any:
        return self.exchange()

    async def news(self, after: int) -> Any:
        return self.exchange()

    async def hand_over(self, reason: str) -> Any:
        return self.exchange()

    async def break_off(self, reason: str) -> None:
        return None

    async def open_recording(self, rate: int) -> None:
        return None

    async def close_recording(self, recording: Any, gaps: list[dict[str, Any]]) -> None:
        return None

    async def incident(self, kind: str, detail: str) -> None:
        return None

    def overhear(self, text: str) -> None:
        return None


async def path_seconds(sound: bytes) -> tuple[float, int]:
    """Processor time of the whole path over Twilio's messages of the same sound, and how many sentences were heard."""
    from types import SimpleNamespace

    from hotline.voice.adapters.twilio import TwilioWire
    from hotline.voice.session import CallSession
    from speech_models.catalogue import BUILTIN
    from speech_models.recogniser import Recogniser, VoskSource

    messages = [
        {"type": "websocket.receive", "text": json.dumps({"event": "media", "sequenceNumber": str(n + 2), "media": {
            "track": "inbound", "chunk": str(n + 1), "timestamp": str(n * 20),
            "payload": base64.b64encode(sound[n * FRAME_BYTES : (n + 1) * FRAME_BYTES]).decode()}})}
        for n in range(len(sound) // FRAME_BYTES)
    ]  # fmt: skip
    now = [0.0]
    wire, talk = TwilioWire(), QuickTalk()
    recogniser = Recogniser(VoskSource(BUILTIN), threads=1)
    session = CallSession(
        talk=talk,
        emit=lambda event: [json.dumps(message) for message in wire.write(event)] and None,
        recogniser=recogniser,
        recording=SimpleNamespace(path="benchmark.wav"),  # type: ignore[arg-type]
        clock=lambda: now[0],
    )
    session.start(talk.exchange())
    began = time.process_time()
    for number, message in enumerate(messages):
        now[0] += 0.02
        for item in wire.read(message):
            session.feed(item.pcm)  # type: ignore[union-attr]
        if number % 5 == 4:
            session.tick()
        live = session._live
        assert live is not None
        if live._queued > 12_000:  # time is not real here: wait before the queue of two seconds would drop
            await live._task  # type: ignore[misc]
        elif number % 10 == 9:
            await asyncio.sleep(0)
        await session._todo.join()
    await session.hang_up("done")
    spent = time.process_time() - began
    assert not session.gaps, f"the benchmark dropped sound: {session.gaps[:3]}"
    recogniser.shutdown()
    return spent, talk.heard


def measure_processor() -> None:
    """Both in turn, several times; the best of each counts, since other processes only add to it."""
    import django

    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"VAR_DIR": folder, "DJANGO_SETTINGS_MODULE": "hotline.settings", "OMP_NUM_THREADS": "1"}
        django.setup()
        from django.conf import settings

        settings.RECORDINGS_DIR = Path(folder)
        sound = caller_sound()
        bare, whole, heard = [], [], 0
        for _ in range(ROUNDS):
            bare.append(bare_seconds(sound))
            spent, heard = asyncio.run(path_seconds(sound))
            whole.append(spent)
    seconds = len(sound) / 8000
    ratio = min(whole) / min(bare)
    report(
        "processor time of the whole voice path / bare KaldiRecognizer loop",
        f"{ratio:.2f}",
        goal=f"≤ {RATIO_GOAL}",
        met=ratio <= RATIO_GOAL,
        note=f"{seconds:.0f} s of one caller's sound with pauses, {heard} sentences; best of {ROUNDS}",
    )
    report(
        "processor time of a call, per second", f"{min(whole) / seconds * 1000:.1f} ms (bare {min(bare) / seconds * 1000:.1f} ms)"
    )


async def play_until(base: str, answers: int) -> tuple[int, list[int]]:
    """The demo's calls again and again, one after the other, in real time, until `answers` were given.

    Returns how many calls it took, and what the callers measured at their own end: milliseconds from the last frame of a
    sentence to the first audible frame that came back.
    """
    sys.path.insert(0, str(ROOT / "bin"))
    import play

    heard: list[int] = []
    calls = 0
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        await play.play_chat(base, client, ["居住证怎么办"])  # loads the models of a server that has just started
        for turn in range(MOST_ROUNDS):
            for code in PLAYED:
                phone = await play.play_call(base, client, play.choose(turn + 1, code))
                heard += phone.first_sound_ms
                calls += 1
                facts = await asyncio.to_thread(call_facts, base)
                if facts["answers"] >= answers:
                    return calls, heard
    return calls, heard


def call_facts(base: str) -> dict[str, Any]:
    """What the server's health page says of its calls; a call's figures are there once it has been put away."""
    parts = httpx.get(f"{base}/health/json/", timeout=10).json()["parts"]
    return dict(next(part for part in parts if part["name"] == "calls")["facts"])


def facts_when_quiet(base: str) -> dict[str, Any]:
    """The same, once the last call has been put away."""
    until = time.monotonic() + 30
    while (facts := call_facts(base))["calls"]:
        if time.monotonic() > until:
            raise SystemExit(f"{facts['calls']} calls of {base} were not put away within half a minute")
        time.sleep(0.2)
    return facts


def measure_replies(answers: int = ANSWERS) -> None:
    """Times of real calls: the server's own by its health page, and the callers' beside them."""
    with served() as (base, _env):
        calls, heard = asyncio.run(play_until(base, answers))
        facts = facts_when_quiet(base)
    note = f"{facts['answers']} answers of {calls} calls in real time, first audible frame"
    p95 = facts["reply_ms_p95"]
    enough = facts["answers"] >= answers
    report("end of turn decided → first reply audio: p50", f"{facts['reply_ms_p50']} ms", note=note)
    report(
        "the same: p95",
        f"{p95} ms",
        goal=f"≤ {REPLY_GOAL_MS} ms",
        met=p95 <= REPLY_GOAL_MS if enough else None,
        note=note if enough else f"{note}: too few for a p95, at least {answers} are wanted",
    )
    for kind, count in facts["speech_to_reply_answers"].items():
        typical, most = facts["speech_to_reply_ms_p50"][kind], facts["speech_to_reply_ms_most"][kind]
        if count >= ENOUGH_FOR_P95:
            name, value = "p50 / p95", f"{typical} / {facts['speech_to_reply_ms_p95'][kind]} ms"
        else:
            name, value = "p50 / longest", f"{typical} / {most} ms"
        report(f"end of speech → first reply audio, bot waits for “{kind}”: {name}", value, note=f"{count} answers")
    if heard:
        report(
            "last frame of a sentence sent → first audible frame received, at the caller's end: p50 / p95",
            f"{percentile(heard, 0.5):.0f} / {percentile(heard, 0.95):.0f} ms",
            note=f"{len(heard)} spoken sentences; the wait for the end of the turn is in it",
        )


if __name__ == "__main__":
    if "--replies" not in sys.argv:
        measure_processor()
    # --replies 10: only the times, of so many answers
    measure_replies(int(sys.argv[sys.argv.index("--replies") + 1]) if "--replies" in sys.argv else ANSWERS)
