from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "ticketing.outbox"
    label = "outbox"

    def ready(self) -> None:
        from ticketing.outbox import tasks  # noqa: F401  registers this room's own periodic jobs
