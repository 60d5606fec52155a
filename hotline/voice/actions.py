"""Writes of the voice room: lines, recordings, incidents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hotline.conversations import actions as conversations
from hotline.conversations.models import Conversation
from hotline.voice import recording as files
from hotline.voice.models import Incident, Line, Recording
from speech_models.postprocess import clean
from speech_models.service import get_recogniser
from ticketing.outbox import actions as outbox

RETRANSCRIBE = "voice.retranscribe"
_LINE_FIELDS = ("name", "merge_form", "hours", "greeting_zh", "greeting_en", "answer_first", "skills")
GAP_MARGIN_MS = 1000  # heard again on both sides of a gap, so that no word is cut
GAP_JOIN_MS = 500  # gaps closer than this are one


class InvalidLine(ValueError):
    """A row of lines cannot be imported. The message names the row and what is wrong with it."""


@transaction.atomic
def import_lines(*, rows: Iterable[Mapping[str, Any]]) -> int:
    """Create or update lines by number from rows as in lines.yml; returns how many there were.

    Raises:
        InvalidLine: a row without number or name, or with an unknown `answer_first`. Nothing is imported then.
    """
    count = 0
    for row in rows:
        number = str(row.get("number", "")).strip()
        if not number or not row.get("name"):
            raise InvalidLine(f"Row {count + 1}: a line needs a number and a name.")
        if row.get("answer_first", Line.AnswerFirst.PERSON) not in Line.AnswerFirst.values:
            raise InvalidLine(f"Line {number}: answer_first must be one of {', '.join(Line.AnswerFirst.values)}.")
        values = {field: row[field] for field in _LINE_FIELDS if field in row}
        Line.objects.update_or_create(number=number, defaults={**values, "active": bool(row.get("active", True))})
        count += 1
    return count


def note_incident(*, kind: str, detail: str = "", external_id: str = "", conversation: Conversation | None = None) -> Incident:
    """Keep a row about something refused or tolerated on the wire. `detail` holds no personal values."""
    return Incident.objects.create(kind=kind, detail=detail[:200], external_id=external_id[:64], conversation=conversation)


def open_recording(*, conversation: Conversation, rate: int) -> Recording:
    """A row for a recording that begins now; its file goes below RECORDINGS_DIR by day."""
    now = timezone.localtime()
    return Recording.objects.create(
        conversation=conversation,
        rate=rate,
        path=f"{now:%Y/%m/%d}/{conversation.pk}-{now:%H%M%S}.wav",
        retention_until=now.date() + timedelta(days=settings.RECORDING_RETENTION_DAYS),
    )


def close_recording(*, recording: Recording, gaps: Iterable[Mapping[str, Any]] = ()) -> Recording:
    """Seal a finished recording: header, length and hash; with gaps, a job listens to them again. Twice changes nothing."""
    path = file_of(recording)
    finished = files.finish_file(path, recording.rate) if path.exists() else files.Finished(0, "")
    with transaction.atomic():
        row = Recording.objects.select_for_update().get(pk=recording.pk)
        if row.state != Recording.State.OPEN:
            return row
        row.state, row.ms, row.sha256 = Recording.State.KEPT, finished.ms, finished.sha256
        row.gaps = join_gaps(gaps)
        row.save(update_fields=["state", "ms", "sha256", "gaps"])
        if any(gap["why"] == "dropped" for gap in row.gaps):
            outbox.enqueue(kind=RETRANSCRIBE, payload={"recording_id": row.pk}, key=str(row.pk))
    return row


def retranscribe_gaps(*, recording: Recording) -> Recording:
    """Recognise from the recording what a full queue had dropped, and put it into the conversation at its place.

    Doing it again changes nothing.

    Raises:
        RecogniserUnavailable: no model; the job tries again later.
    """
    if recording.late_text or recording.state != Recording.State.KEPT:
        return recording
    recogniser = get_recogniser()
    found: list[dict[str, Any]] = []
    for gap in recording.gaps:
        if gap["why"] != "dropped":
            continue
        pcm = files.read_caller(
            file_of(recording), recording.rate, gap["at_ms"] - GAP_MARGIN_MS, gap["ms"] + 2 * GAP_MARGIN_MS, recogniser.rate
        )
        final = recogniser.transcribe(pcm)
        found.append({"at_ms": gap["at_ms"], "ms": gap["ms"], "text": clean(final.text), "confidence": final.confidence})
    with transaction.atomic():
        for heard in found:
            if heard["text"]:
                conversations.add_heard_later(
                    conversation=recording.conversation,
                    text=heard["text"],
                    confidence=heard["confidence"],
                    audio_ms=heard["at_ms"],
                    ms=heard["ms"],
                    recording_began=recording.started_at,
                    client_ref=f"late-{recording.pk}-{heard['at_ms']}",
                )
        recording.late_text = json.dumps(found, ensure_ascii=False)
        recording.save(update_fields=["late_text"])
    return recording


def forget_recordings() -> int:
    """Erase the files whose time is over; the rows stay and say so. Returns how many."""
    due = Recording.objects.filter(state=Recording.State.KEPT, retention_until__lt=timezone.localdate())
    count = 0
    for recording in due.iterator():
        file_of(recording).unlink(missing_ok=True)
        recording.state, recording.late_text = Recording.State.ERASED, ""
        recording.save(update_fields=["state", "late_text"])
        count += 1
    return count


def file_of(recording: Recording) -> Path:
    """The recording's file."""
    return Path(settings.RECORDINGS_DIR) / recording.path


def join_gaps(gaps: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Gaps in the order of time, neighbours of one kind made one.

    >>> join_gaps([{"at_ms": 200, "ms": 20, "why": "dropped"}, {"at_ms": 0, "ms": 200, "why": "dropped"}])
    [{'at_ms': 0, 'ms': 220, 'why': 'dropped'}]
    """
    joined: list[dict[str, Any]] = []
    for gap in sorted(gaps, key=lambda item: item["at_ms"]):
        last = joined[-1] if joined else None
        if last and last["why"] == gap["why"] and gap["at_ms"] - last["at_ms"] - last["ms"] < GAP_JOIN_MS:
            last["ms"] = max(last["ms"], gap["at_ms"] + gap["ms"] - last["at_ms"])
        else:
            joined.append(dict(gap))
    return joined
