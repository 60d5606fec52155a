"""The server's one entry: HTTP, sockets and the lifespan that starts and stops what runs beside them.

HTTP goes through WSGI in a pool of threads: each thread keeps its database connection, and no middleware hops between
threads. Sockets are ASGI. The telephone's media sockets come without an Origin header, so they stand before the check
of origins; they have signatures instead. All other sockets stand behind it.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")

from hotline.wsgi import application as wsgi_application  # isort: skip  # sets Django up before rooms are imported

from a2wsgi import WSGIMiddleware
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.apps import apps
from django.conf import settings
from django.urls import re_path

from hotline.runtime.process import lifespan


def _routes(name: str) -> list[Any]:
    """The socket routes called `name` of every room that has them in its routing.py."""
    found: list[Any] = []
    for config in apps.get_app_configs():
        ours = settings.BASE_DIR in Path(config.path).parents and ".venv" not in Path(config.path).parts
        if ours and find_spec(f"{config.name}.routing"):
            found += getattr(import_module(f"{config.name}.routing"), name, [])
    return found


async def _refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """No socket at this address: refuse the handshake."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


_people = AllowedHostsOriginValidator(
    AuthMiddlewareStack(URLRouter([*_routes("websocket_urlpatterns"), re_path(r"", cast(Any, _refuse))]))
)

application = ProtocolTypeRouter(
    {
        "http": WSGIMiddleware(cast(Any, wsgi_application), workers=settings.WEB_THREADS),
        "websocket": URLRouter([*_routes("media_urlpatterns"), re_path(r"", _people)]),
        "lifespan": lifespan,
    }
)
