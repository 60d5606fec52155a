"""The verbs of this room."""

from ticketing.services.actions.items import ItemsReport, import_service_items, read_json_lines

__all__ = ["ItemsReport", "import_service_items", "read_json_lines"]
