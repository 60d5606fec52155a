from django.apps import AppConfig


class ClocksConfig(AppConfig):
    name = "ticketing.clocks"
    label = "clocks"

    def ready(self) -> None:
        from ticketing.clocks import tasks  # noqa: F401
