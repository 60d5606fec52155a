from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InspectionConfig(AppConfig):
    name = "ticketing.inspection"
    label = "inspection"
    verbose_name = _("Inspection")

    def ready(self) -> None:
        """Tell the navigation which pages are here, and which lists can be exported."""
        from ticketing.inspection import exporting, tasks  # noqa: F401  tasks registers what runs regularly
        from ticketing.inspection.models import READERS
        from ticketing.inspection.watch_models import CARD_READERS, WATCHERS
        from ticketing.ui import nav

        exporting.register_exports()
        nav.register(label=_("Inspection rounds"), url_name="inspection:rounds", icon="map-pin", roles=READERS, order=64)
        nav.register(label=_("Watch"), url_name="watch:home", icon="eye", roles=WATCHERS, order=61)
        nav.register(label=_("Cards of the watch"), url_name="watch:cards", icon="alert-triangle", roles=CARD_READERS, order=66)
