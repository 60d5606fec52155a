from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "ticketing.notices"
    label = "notices"

    def ready(self) -> None:
        from ticketing.notices import models, tasks  # noqa: F401
        from ticketing.notices.daily import READERS
        from ticketing.organisation import kept
        from ticketing.ui import nav

        kept.forget_when_saved(models.NoticeTemplate)
        nav.register(label=_("Daily notice"), url_name="notices:daily", icon="calendar", roles=READERS, order=62)
