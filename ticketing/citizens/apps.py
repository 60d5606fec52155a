from django.apps import AppConfig


class CitizensConfig(AppConfig):
    name = "ticketing.citizens"
    label = "citizens"
