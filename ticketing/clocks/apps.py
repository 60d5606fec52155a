from django.apps import AppConfig


class ClocksConfig(AppConfig):
    name = "ticketing.clocks"
    label = "clocks"
