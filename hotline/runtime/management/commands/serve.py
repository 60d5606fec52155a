"""`manage.py serve`: the whole platform in one process."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from hotline.runtime.catalogues import compile_catalogues
from hotline.runtime.process import ADDRESS_FILE, PROCESS, AlreadyRunning

GRACE_SECONDS = 4  # for open requests and sockets
LAST_SECONDS = 4.0  # after that, for whatever thread still hangs


class Command(BaseCommand):
    """Web, live sockets, jobs and schedule in one process (see docs/architecture.md for production)."""

    help = "Serve the platform: web, live sockets, jobs and schedule in one process."
    requires_system_checks = []  # `make check` runs them; a start should be quick

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        try:
            PROCESS.lock.take()
        except AlreadyRunning as error:
            raise CommandError(str(error)) from None
        PROCESS.lock.free()
        listener = self._listen(host, port)
        compile_catalogues()
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        address = settings.VAR_DIR / ADDRESS_FILE
        connection.close()
        config = uvicorn.Config(
            "hotline.asgi:application",
            lifespan="on",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ws_max_size=1024 * 1024,
            ws_ping_interval=20,
            ws_ping_timeout=20,
        )
        # uvicorn raises the signal again when it has shut down; without these the process would die of it.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
        address.write_text(f"http://{shown}:{port}", encoding="utf-8")
        self.stdout.write(f"Serving on http://{shown}:{port}/  (Ctrl-C stops)")
        self.stdout.flush()
        server = uvicorn.Server(config)
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:
            pass
        finally:
            address.unlink(missing_ok=True)
            last = threading.Timer(LAST_SECONDS, os._exit, args=(0,))
            last.daemon = True
            last.start()
        if not server.started:
            raise CommandError("The server could not start; the reason stands above.")

    def _listen(self, host: str, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE:
                raise CommandError(
                    f"Port {port} is taken by another program: stop it, or choose another with PORT={port + 1}."
                ) from None
            raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror}.") from None
        listener.set_inheritable(True)
        return listener
