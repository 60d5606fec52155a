"""Tables, one queue, one agent with a session; prints the queue and the session's key as JSON."""

import json

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from helpdesk.models import Queue  # noqa: E402

call_command("migrate", verbosity=0)
queue = Queue.objects.create(title="Street lights", slug="lights", allow_public_submission=True)
agent = get_user_model().objects.create_superuser("agent", "agent@example.org", "benchmark")
session = SessionStore()
session[SESSION_KEY] = str(agent.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
session.create()
print(json.dumps({"queue": queue.pk, "session": session.session_key}))
