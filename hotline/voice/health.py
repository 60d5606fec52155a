"""How the calls of this process do, for /health/."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.utils.translation import gettext as _

from hotline.voice import figures
from hotline.voice.models import Recording
from ticketing.outbox.probes import DEGRADED, Reading

GOAL_MS = 400  # end of a turn decided -> first sound of the answer, for 95 of 100
ENOUGH = 20  # fewer answers say nothing about a share of 95 in 100


def percentile(values: list[int], share: float) -> int:
    """The value below which `share` of the values lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def probe_calls() -> Reading:
    """Calls going on, and how fast the last ones were answered (milliseconds)."""
    replies = list(figures.RECENT_REPLIES)
    going_on = Recording.objects.filter(state=Recording.State.OPEN).count()
    facts: dict[str, Any] = {"calls": going_on, "answers": len(replies)}
    state, reason = "ok", ""
    if replies:
        decided = [waited for _asked, waited, _spoken in replies]
        spoken: dict[str, list[int]] = defaultdict(list)
        for asked, _waited, since_speech in replies:
            spoken[asked or "open"].append(since_speech)
        facts |= {
            "reply_ms_p50": percentile(decided, 0.5),
            "reply_ms_p95": percentile(decided, 0.95),
            "speech_to_reply_answers": {asked: len(values) for asked, values in sorted(spoken.items())},
            "speech_to_reply_ms_p50": {asked: percentile(values, 0.5) for asked, values in sorted(spoken.items())},
            "speech_to_reply_ms_p95": {asked: percentile(values, 0.95) for asked, values in sorted(spoken.items())},
            "speech_to_reply_ms_most": {asked: max(values) for asked, values in sorted(spoken.items())},
        }
        if len(replies) >= ENOUGH and facts["reply_ms_p95"] > GOAL_MS:
            state = DEGRADED
            reason = _("Answers come late: 95 of 100 within %(ms)d ms.") % {"ms": facts["reply_ms_p95"]}
    return Reading(in_use=_("%(count)d going on") % {"count": going_on}, state=state, reason=reason, facts=facts)
