from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "ticketing.notices"
    label = "notices"

    def ready(self) -> None:
        from ticketing.notices import tasks  # noqa: F401
