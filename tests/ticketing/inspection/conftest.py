"""People of the test city in front of the inspection pages, and a round that is under way."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from tests.cast import City
from tests.ticketing.desk.conftest import Desk
from ticketing.inspection import actions
from ticketing.inspection.models import InspectionRound, RoundPlace
from ticketing.organisation.actor import Actor, staff_actor


@pytest.fixture
def desk(city: City) -> Desk:
    """The desks of the small test city."""
    return Desk(city)


def actor(desk: Desk, username: str) -> Actor:
    """The person in their first role."""
    return staff_actor(desk.city.staff[username])


def photo(name: str = "现场.jpg") -> SimpleUploadedFile:
    """A small true JPEG."""
    out = BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


def plan(desk: Desk, **changes: Any) -> InspectionRound:
    """A round of this week, with the quality inspector on the way."""
    today = timezone.localdate()
    given: dict[str, Any] = {
        "title": "夜间照明暗访",
        "topic": "路灯是否亮",
        "kind": "covert",
        "starts_on": today - timedelta(days=1),
        "ends_on": today + timedelta(days=3),
        "inspectors": [desk.city.staff["quality"]],
    }
    return actions.plan_round(actor=actor(desk, "supervisor"), **(given | changes))


@pytest.fixture
def place(desk: Desk) -> RoundPlace:
    """A place of that round."""
    return actions.add_place(
        round=plan(desk),
        actor=actor(desk, "supervisor"),
        name="中山路路口",
        address="中山路1号",
        place=desk.city.places["中山路"],
        unit=desk.city.units["LIGHT"],
    )
