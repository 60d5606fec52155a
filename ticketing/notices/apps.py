from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "ticketing.notices"
    label = "notices"

    def ready(self) -> None:
        from ticketing.notices import models, tasks  # noqa: F401
        from ticketing.organisation import kept

        kept.forget_when_saved(models.NoticeTemplate)
