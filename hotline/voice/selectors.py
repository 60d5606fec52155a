"""Reads of the voice room."""

from __future__ import annotations

import json
from typing import Any

from hotline.conversations.models import Conversation
from hotline.voice.models import Line, Recording


def line_for(number: str) -> Line | None:
    """The line in service that a dialled number means, or the main line for a number that is none of ours.

    A provider's number in international form (+8657112345) means the line whose digits it ends with.
    """
    digits = "".join(character for character in number if character.isdigit())
    lines = list(Line.objects.filter(active=True))
    fitting = [line for line in lines if digits and digits.endswith(line.number)]
    if fitting:
        return max(fitting, key=lambda line: len(line.number))
    return main_line()


def main_line() -> Line | None:
    """12345 where it is in service, else any line that is."""
    return Line.objects.filter(active=True, number="12345").first() or Line.objects.filter(active=True).first()


def recordings_left_open() -> list[Recording]:
    """Recordings that nobody closed, with their conversations."""
    return list(Recording.objects.filter(state=Recording.State.OPEN).select_related("conversation"))


def heard_later(conversation: Conversation) -> list[dict[str, Any]]:
    """What was recognised from the recording after the call: `at_ms`, `ms`, `text`, `confidence` of each gap.

    Personal. What says something new stands in the transcript as well.
    """
    found: list[dict[str, Any]] = []
    for recording in conversation.recordings.all():
        found += json.loads(recording.late_text) if recording.late_text else []
    return found
