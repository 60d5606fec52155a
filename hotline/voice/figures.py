"""What calls measure of themselves."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

# Of the last calls of this process, for the health page: what was answered, and the two times of `Figures.replies`.
RECENT_REPLIES: deque[tuple[str, int, int]] = deque(maxlen=500)


@dataclass(slots=True)
class Figures:
    """What one call measured; times in milliseconds."""

    frames: int = 0
    bad_frames: int = 0
    turns: int = 0
    barge_ins: int = 0
    false_alarms: int = 0
    reprompts: int = 0
    audio_gaps: int = 0
    # What was answered, end of turn decided -> first audible frame of the answer, last loud frame -> the same.
    replies: list[tuple[str, int, int]] = field(default_factory=list)
