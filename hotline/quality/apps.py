from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class QualityConfig(AppConfig):
    name = "hotline.quality"
    label = "quality"
    verbose_name = _("Quality inspection")

    def ready(self) -> None:
        """Put the pages into the navigation, and the list among those that can be exported."""
        from hotline.quality import exporting
        from hotline.quality.models import READERS
        from ticketing.organisation.roles import Role
        from ticketing.ui import nav

        exporting.register_exports()
        nav.register(label=_("Quality"), url_name="quality:samples", icon="star", roles=READERS, order=67)
        nav.register(label=_("My quality"), url_name="quality:mine", icon="star", roles={Role.SEAT}, order=68)
