from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    name = "ticketing.exchange"
    label = "exchange"
    verbose_name = _("Files in and out")

    def ready(self) -> None:
        from ticketing.exchange import tasks  # noqa: F401  (registers the handlers of this room)
        from ticketing.exchange.models import READERS_OF_THE_LOG
        from ticketing.ui import nav

        nav.register(label=_("Exports"), url_name="exchange:log", icon="transfer-out", roles=READERS_OF_THE_LOG, order=95)
