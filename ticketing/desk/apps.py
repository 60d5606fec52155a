"""The desks of dispatchers, units, call-back and supervision."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "ticketing.desk"
    label = "desk"
    verbose_name = _("Desks")

    def ready(self) -> None:
        """Tell the navigation which pages are here, and who looks at them."""
        from ticketing.desk import exporting, people, tasks  # noqa: F401  tasks registers who may follow which stream
        from ticketing.desk.places import PLACES
        from ticketing.ui import nav

        exporting.register_exports()
        nav.register_viewer(people.viewer_of)
        nav.register_demo_logins(people.demo_logins)
        for place in PLACES:
            nav.register(label=place.label, url_name=place.url_name, icon=place.icon, roles=place.roles, order=place.order)
