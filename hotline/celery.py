"""Celery, for production: `celery -A hotline worker` and `celery -A hotline beat`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")

app = Celery("hotline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# A broker that is away must not hold up the request that has already stored its job.
app.conf.broker_transport_options = {"socket_connect_timeout": 2, "socket_timeout": 5, "visibility_timeout": 3600}
app.conf.worker_hijack_root_logger = False


@setup_logging.connect
def _keep_our_logging(**kwargs: Any) -> None:
    """Django's settings have configured the logs; Celery shall leave them alone."""


@worker_process_init.connect
def _start_numberer(**kwargs: Any) -> None:
    """Number live events in a thread of this worker, many at a time."""
    from ticketing.outbox import feeds

    feeds.start_numberer()


@worker_process_shutdown.connect
def _stop_numberer(**kwargs: Any) -> None:
    """Let the thread end its turn."""
    from ticketing.outbox import feeds

    feeds.stop_numberer()
