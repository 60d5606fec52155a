from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "ticketing.orders"
    label = "orders"

    def ready(self) -> None:
        from ticketing.orders import tasks  # noqa: F401
