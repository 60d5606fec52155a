from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ServicesConfig(AppConfig):
    name = "ticketing.services"
    label = "services"
    verbose_name = _("Service items and catalogue")

    def ready(self) -> None:
        from ticketing.services.models import CONTENT_ROLES
        from ticketing.ui import nav

        nav.register(label=_("Catalogue"), url_name="catalogue:entries", icon="sitemap", roles=CONTENT_ROLES, order=80)
