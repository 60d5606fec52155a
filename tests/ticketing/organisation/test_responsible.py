"""Who owes the act: by the duty list, the level it names and the place."""

from __future__ import annotations

import pytest

from tests.cast import City
from ticketing.organisation.selectors import region_chain, responsible_unit


@pytest.mark.parametrize(
    ("item", "region", "unit"),
    [
        ("LAMP", "east1a", "LIGHT"),  # a city item is its owner's, wherever it is
        ("LAMP", None, "LIGHT"),
        ("NOISE", "east1a", "EAST-HOUSE"),  # a district item is the owner's line in the district
        ("NOISE", "west", "WEST-HOUSE"),
        ("NOISE", "c", None),  # the city alone does not say which district
        ("NOISE", None, None),
        ("RUBBISH", "east1a", "EAST-ST1"),  # a street item is the street office's
        ("RUBBISH", "west1", "WEST-ST1"),
        ("RUBBISH", "west", None),
    ],
)
def test_the_duty_list_and_the_place_name_the_unit(city: City, item: str, region: str | None, unit: str | None) -> None:
    found = responsible_unit(city.items[item], city.regions[region] if region else None)
    assert (found.code if found else None) == unit


def test_the_next_one_above_acts_where_an_area_has_no_such_unit(city: City) -> None:
    street = city.units["EAST-ST1"]
    street.accepts_orders = False
    street.save()
    assert responsible_unit(city.items["RUBBISH"], city.regions["east1"]) == city.units["EAST-HOUSE"]
    bureau = city.units["EAST-HOUSE"]
    bureau.is_active = False
    bureau.save()
    assert responsible_unit(city.items["RUBBISH"], city.regions["east1"]) == city.units["HOUSE"]
    assert responsible_unit(city.items["NOISE"], city.regions["east1"]) == city.units["HOUSE"]


def test_a_region_knows_what_lies_above_it(city: City) -> None:
    assert [region.code for region in region_chain(city.regions["east1a"])] == ["east1a", "east1", "east", "c", "p"]
    assert region_chain(None) == []
