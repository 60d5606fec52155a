"""Jobs of the voice room."""

from __future__ import annotations

import time
from typing import Any

from hotline.conversations import actions as conversations
from hotline.voice import actions, selectors
from hotline.voice.models import Recording
from ticketing.outbox.registry import handles, periodic

ABANDONED_S = 120  # a recording that has not grown for so long belongs to no call


@handles(actions.RETRANSCRIBE, slow=True)
def retranscribe(payload: dict[str, Any]) -> None:
    actions.retranscribe_gaps(recording=Recording.objects.get(pk=payload["recording_id"]))


@periodic("voice.forget_recordings", crontab="40 3 * * *")
def forget_recordings() -> None:
    actions.forget_recordings()


@periodic("voice.close_abandoned", every_seconds=60)
def close_abandoned() -> None:
    """Calls whose process died: their recording is closed and the citizen is called back."""
    for recording in selectors.recordings_left_open():
        path = actions.file_of(recording)
        touched = path.stat().st_mtime if path.exists() else recording.started_at.timestamp()
        if time.time() - touched > ABANDONED_S:
            actions.close_recording(recording=recording)
            conversations.break_off(conversation=recording.conversation, reason="server_stopped")
