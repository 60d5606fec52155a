from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StructureConfig(AppConfig):
    name = "ticketing.structure"
    label = "structure"
    verbose_name = _("Units and posts")

    def ready(self) -> None:
        from ticketing.structure.views import READERS
        from ticketing.ui import nav

        nav.register(label=_("Units"), url_name="structure:tree", icon="stairs-up", roles=READERS, order=82)
