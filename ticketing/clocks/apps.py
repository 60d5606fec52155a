from django.apps import AppConfig


class ClocksConfig(AppConfig):
    name = "ticketing.clocks"
    label = "clocks"

    def ready(self) -> None:
        from ticketing.clocks import models, tasks  # noqa: F401
        from ticketing.organisation import kept

        kept.forget_when_saved(models.TimeLimit)
