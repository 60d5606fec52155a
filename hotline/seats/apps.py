from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SeatsConfig(AppConfig):
    name = "hotline.seats"
    label = "seats"
    verbose_name = _("Seats")

    def ready(self) -> None:
        """Register jobs and stream rules, and the desk in the navigation."""
        from hotline.seats import tasks
        from ticketing.ui import nav

        nav.register(label=_("Seat"), url_name="seats:desk", icon="headset", roles=tasks.SEATS, order=5)
