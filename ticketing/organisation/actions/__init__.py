"""Writing the organisation: the content of a city is brought in from files, and edited row by row."""

from ticketing.organisation.actions.areas import import_places, import_regions, import_units
from ticketing.organisation.actions.calendars import import_calendars
from ticketing.organisation.actions.content import delete_content, save_content
from ticketing.organisation.actions.delegation import save_person
from ticketing.organisation.actions.duties import import_duty_categories, import_duty_items, import_order_types
from ticketing.organisation.actions.people import import_staff
from ticketing.organisation.actions.standing_in import (
    appoint_acting_head,
    end_stand_in,
    enter_shift,
    note_absence,
    remove_shift,
    save_post,
)
from ticketing.organisation.actions.structure import merge_units, move_unit, set_hours
from ticketing.organisation.actions.upsert import DirtyRow, ImportReport

__all__ = [
    "DirtyRow",
    "ImportReport",
    "appoint_acting_head",
    "delete_content",
    "end_stand_in",
    "enter_shift",
    "import_calendars",
    "import_duty_categories",
    "import_duty_items",
    "import_order_types",
    "import_places",
    "import_regions",
    "import_staff",
    "import_units",
    "merge_units",
    "move_unit",
    "note_absence",
    "remove_shift",
    "save_content",
    "save_person",
    "save_post",
    "set_hours",
]
