from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "ticketing.dispatch"
    label = "dispatch"

    def ready(self) -> None:
        from ticketing.dispatch import models, tasks  # noqa: F401
        from ticketing.organisation import kept

        kept.forget_when_saved(models.DispatchRule)
