"""The verbs of this room."""

from ticketing.services.actions.catalogue import (
    CatalogueReport,
    discard_draft,
    import_catalogue,
    import_local,
    may_set_local,
    open_draft,
    publish,
    remove_entry,
    roll_back,
    save_entry,
    set_local,
)
from ticketing.services.actions.items import ItemsReport, import_service_items, read_json_lines

__all__ = [
    "CatalogueReport",
    "ItemsReport",
    "discard_draft",
    "import_catalogue",
    "import_local",
    "import_service_items",
    "may_set_local",
    "open_draft",
    "publish",
    "read_json_lines",
    "remove_entry",
    "roll_back",
    "save_entry",
    "set_local",
]
