from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClocksConfig(AppConfig):
    name = "ticketing.clocks"
    label = "clocks"
    verbose_name = _("Clocks and plans")

    def ready(self) -> None:
        from ticketing.clocks import banners, models, tasks  # noqa: F401
        from ticketing.clocks.actions.plans import SWITCHERS
        from ticketing.organisation import kept
        from ticketing.ui import nav

        kept.forget_when_saved(models.TimeLimit, models.Plan, models.PlanLimit, models.PlanSwitch)
        nav.register(label=_("Plans"), url_name="clocks:plans", icon="bell-ringing", roles=SWITCHERS, order=85)
        nav.register_banners("plans", banners.banners)
