from django.apps import AppConfig


class OrganisationConfig(AppConfig):
    name = "ticketing.organisation"
    label = "organisation"

    def ready(self) -> None:
        from ticketing.organisation import kept, models

        kept.forget_when_saved(
            models.Region, models.Unit, models.OrderType, models.DutyItem, models.WorkCalendar, models.CalendarDay,
            models.StandIn, models.DutyShift,
        )  # fmt: skip
