from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SearchConfig(AppConfig):
    name = "search"
    label = "search"
    verbose_name = _("Knowledge base")

    def ready(self) -> None:
        from search import tasks  # noqa: F401  (registers the handlers of this room)
        from search.workflow import READERS_OF_GAPS
        from ticketing.ui import nav

        nav.register(label=_("Knowledge"), url_name="search:desk", icon="book", roles=READERS_OF_GAPS, order=70)
