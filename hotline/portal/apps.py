from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "hotline.portal"
    label = "portal"
    verbose_name = _("Citizens' pages")

    def ready(self) -> None:
        from hotline.portal import tasks  # noqa: F401  registers the periodic job
