from django.apps import AppConfig


class OrganisationConfig(AppConfig):
    name = "ticketing.organisation"
    label = "organisation"
