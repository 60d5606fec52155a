"""Probes of the parts that the runtime itself rules: web, database, jobs, schedule, live layer, telephony, storage.

Rooms announce the probes of their own parts (ticketing.outbox.probes).
"""

from __future__ import annotations

import shutil
import time
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext as _

from ticketing.outbox import live, selectors
from ticketing.outbox.probes import DEGRADED, DOWN, OK, Reading, register_probe
from ticketing.outbox.registry import at_start

LATE_JOB_SECONDS = 30.0
LATE_PULSE_SECONDS = 60.0
LOW_DISK_BYTES = 1 << 30
ALARMING_DISK_BYTES = 200 << 20


def announce() -> None:
    """Register all of them."""
    for name, probe in (
        ("web", web),
        ("database", database),
        ("jobs", jobs),
        ("schedule", schedule),
        ("live", live_layer),
        ("understanding", understanding),
        ("telephony", telephony),
        ("storage", storage),
    ):
        register_probe(name, probe)
    at_start(warm_understanding)


def warm_understanding() -> None:
    """Load the model when the server starts, not when the first citizen speaks."""
    from chatbot.nlu.service import get_understander

    get_understander().understand("您好")


def serving() -> bool:
    """Whether this very process serves (a command beside the server has no threads to look at)."""
    from hotline.runtime.process import PROCESS

    return PROCESS.started_at > 0


def web() -> Reading:
    """The process that answers."""
    from hotline.runtime.process import PROCESS

    if not serving():
        return Reading(in_use=_("a command, no server in this process"))
    return Reading(
        in_use=_("uvicorn, %(threads)d threads for pages") % {"threads": settings.WEB_THREADS},
        real=_("Several processes behind nginx (docker/)"),
        facts={"up_seconds": round(time.time() - PROCESS.started_at)},
    )


def database() -> Reading:
    """One query, and the server's version."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sqlite_version()")
            name = "SQLite"
        else:
            cursor.execute("SHOW server_version")
            name = "PostgreSQL"
        version = str(cursor.fetchone()[0]).split()[0]
    return Reading(in_use=f"{name} {version}", real="DATABASE_URL=postgres://…" if name == "SQLite" else "")


def jobs() -> Reading:
    """Threads or workers that do the jobs, and how long the oldest due job waits."""
    from hotline.runtime.process import PROCESS

    backlog = selectors.backlog()
    facts: dict[str, Any] = {
        "due": backlog.due,
        "waiting": backlog.waiting,
        "running": backlog.running,
        "dead": backlog.dead,
        "oldest_seconds": round(backlog.oldest_seconds, 1),
    }
    state, reason, real = OK, "", ""
    if settings.JOBS_BACKEND == "celery":
        from hotline.celery import app

        workers = app.control.inspect(timeout=0.8).ping() or {}
        in_use = _("Celery, %(count)d worker processes answer") % {"count": len(workers)}
        facts["workers"] = sorted(workers)
        if not workers:
            state, reason = DOWN, _("No worker answers: start `celery -A hotline worker`.")
    else:
        real = _("REDIS_URL=redis://… and Celery workers (docker/)")
        runner = PROCESS.runner
        alive = runner.alive() if runner else 0
        in_use = _("%(count)d threads in the server process") % {"count": alive if runner else settings.JOB_THREADS}
        facts["threads_alive"] = alive
        if serving() and (runner is None or alive < runner.size):
            state, reason = DOWN if not alive else DEGRADED, _("A job thread has died: restart the server.")
    if state == OK and backlog.oldest_seconds > LATE_JOB_SECONDS:
        state = DEGRADED
        reason = _("The oldest due job has been waiting for %(seconds)d s.") % {"seconds": backlog.oldest_seconds}
    elif state == OK and backlog.dead:
        state = DEGRADED
        reason = _("%(count)d jobs were given up; see the jobs in the administration.") % {"count": backlog.dead}
    return Reading(in_use=in_use, state=state, reason=reason, real=real, facts=facts)


def schedule() -> Reading:
    """The beat's pulse."""
    from hotline.runtime.beat import PULSE_KEY
    from hotline.runtime.process import PROCESS

    celery = settings.JOBS_BACKEND == "celery"
    in_use = _("Celery beat, a process of its own") if celery else _("a thread in the server process")
    real = "" if celery else _("REDIS_URL=redis://… and `celery -A hotline beat`")
    if not celery and not serving():
        return Reading(in_use=in_use, real=real)
    if not celery and (PROCESS.beat is None or not PROCESS.beat.alive()):
        return Reading(in_use=in_use, state=DOWN, reason=_("The schedule's thread has died: restart the server."), real=real)
    pulse = cache.get(PULSE_KEY)
    age = time.time() - pulse if pulse else None
    facts = {"pulse_seconds_ago": round(age, 1) if age is not None else None}
    if age is None and not celery and time.time() - PROCESS.started_at < LATE_PULSE_SECONDS:
        return Reading(in_use=in_use, real=real, facts=facts)
    if age is None or age > LATE_PULSE_SECONDS:
        return Reading(in_use=in_use, state=DEGRADED, reason=_("The schedule shows no pulse."), real=real, facts=facts)
    return Reading(in_use=in_use, real=real, facts=facts)


def live_layer() -> Reading:
    """A message sent through the channel layer and received again."""
    layer = get_channel_layer()
    facts = {"failed_sends": live.failures}
    if not settings.REDIS_URL:
        state, reason = OK, ""
        if serving() and not live.bound():
            state, reason = DOWN, _("The server's loop is not bound: live pages only refresh by themselves.")
        return Reading(
            in_use=_("in the memory of this process"), state=state, reason=reason, real="REDIS_URL=redis://…", facts=facts
        )

    async def round_trip() -> None:
        name = await layer.new_channel()
        await layer.send(name, {"type": "probe"})
        await layer.receive(name)

    # On the loop that all sending uses: the layer's connections belong to a loop, and must not be closed by another.
    live.ask(round_trip, seconds=1.5)
    return Reading(in_use="channels_redis", facts=facts)


def understanding() -> Reading:
    """The engine that understands, asked one harmless sentence."""
    from chatbot.nlu import service

    found = service.probe()
    state = DEGRADED if found.degraded else OK
    return Reading(in_use=found.implementation, state=state, reason=found.reason, real=found.to_get_real)


def telephony() -> Reading:
    """Whether calls can come from the telephone network."""
    if not settings.TWILIO_AUTH_TOKEN:
        return Reading(
            in_use=_("browser microphone, and Twilio's protocol without signatures"),
            real="TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM, PUBLIC_BASE_URL",
        )
    if not settings.PUBLIC_BASE_URL.startswith("https://"):
        return Reading(
            in_use="Twilio",
            state=DEGRADED,
            reason=_("PUBLIC_BASE_URL must be the https address that Twilio calls, or its signatures cannot match."),
        )
    return Reading(in_use=_("Twilio, signatures checked"))


def storage() -> Reading:
    """Room on the disk of VAR_DIR."""
    usage = shutil.disk_usage(settings.VAR_DIR)
    free = usage.free / (1 << 30)
    in_use = _("local files, %(free).1f GiB free") % {"free": free}
    if usage.free < LOW_DISK_BYTES:
        state = DOWN if usage.free < ALARMING_DISK_BYTES else DEGRADED
        return Reading(in_use=in_use, state=state, reason=_("The disk is nearly full."))
    return Reading(in_use=in_use, facts={"free_bytes": usage.free})
