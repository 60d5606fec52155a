from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InsightConfig(AppConfig):
    name = "hotline.insight"
    label = "insight"
    verbose_name = _("Insight")

    def ready(self) -> None:
        """Register the stream rule, and the wall in the navigation."""
        from hotline.insight import tasks
        from ticketing.ui import nav

        nav.register(label=_("Wall"), url_name="insight:wall", icon="device-desktop-analytics", roles=tasks.MAY_SEE, order=90)
