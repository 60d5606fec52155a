from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SteeringConfig(AppConfig):
    name = "ticketing.steering"
    label = "steering"
    verbose_name = _("Steering of dispatch")

    def ready(self) -> None:
        """Tell the navigation which page is here."""
        from ticketing.steering.people import READERS
        from ticketing.ui import nav

        nav.register(label=_("Dispatch rules"), url_name="steering:rules", icon="settings", roles=READERS, order=35)
