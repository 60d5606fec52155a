from django.apps import AppConfig


class SeatsConfig(AppConfig):
    name = "hotline.seats"
    label = "seats"
