from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InspectionConfig(AppConfig):
    name = "ticketing.inspection"
    label = "inspection"
    verbose_name = _("Inspection")

    def ready(self) -> None:
        """Tell the navigation which pages are here, and which lists can be exported."""
        from ticketing.inspection import exporting
        from ticketing.inspection.models import READERS
        from ticketing.ui import nav

        exporting.register_exports()
        nav.register(label=_("Inspection rounds"), url_name="inspection:rounds", icon="map-pin", roles=READERS, order=64)
