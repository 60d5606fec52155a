from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "ticketing.dispatch"
    label = "dispatch"

    def ready(self) -> None:
        from ticketing.dispatch import tasks  # noqa: F401
