from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "ticketing.orders"
    label = "orders"

    def ready(self) -> None:
        from ticketing.orders import tasks  # noqa: F401
        from ticketing.orders.actions.succeeding import follow_successor
        from ticketing.organisation import succession

        succession.register("orders", follow_successor)
