"""Personal data: sealed in the database, found by its index, masked, revealed only with a reason, erased."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import City
from ticketing.citizens.actions import Contact, InvalidContact, erase_citizen, find_or_create_citizen, normalise_phone, reveal
from ticketing.citizens.models import Citizen, Reveal
from ticketing.citizens.sealing import UnknownSealingKey, blind_index, commit, new_salt, seal, unseal
from ticketing.citizens.selectors import find_by_phone, mask

CONTACT = Contact(name="王小明", phone="199 0000 0001", address="测试市东片区1号", id_number="11010519491231002X")


def columns(citizen: Citizen) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM citizens_citizen WHERE id = %s", [citizen.pk])
        return " ".join(str(value) for value in cursor.fetchone())


def test_nothing_personal_is_readable_in_the_database(city: City) -> None:
    citizen = find_or_create_citizen(contact=CONTACT)
    stored = columns(citizen)
    for value in ("王小明", "19900000001", "东片区", "11010519491231002X"):
        assert value not in stored
    assert Citizen.objects.get(pk=citizen.pk).name == "王小明"


@pytest.mark.parametrize("written", ["19900000001", "+86 199-0000-0001", "199 0000 0001"])
def test_one_telephone_is_one_citizen_however_it_is_written(city: City, written: str) -> None:
    first = find_or_create_citizen(contact=CONTACT)
    again = find_or_create_citizen(contact=Contact(phone=written))
    assert again == first
    assert find_by_phone("19900000001") == first
    assert again.name == "王小明", "an empty name does not overwrite a known one"


@pytest.mark.parametrize("written", ["abc", "12", "1" * 30, "ring me"])
def test_what_is_no_telephone_is_refused(written: str) -> None:
    with pytest.raises(InvalidContact):
        normalise_phone(written)


def test_nobody_is_made_of_an_empty_contact(city: City) -> None:
    assert find_or_create_citizen(contact=None) is None
    assert find_or_create_citizen(contact=Contact()) is None


@pytest.mark.parametrize(
    ("kind", "value", "masked"),
    [
        ("phone", "19900000001", "199****0001"),
        ("phone", "12345", "*****"),
        ("name", "王小明", "王**"),
        ("name", "王", "王*"),
        ("id_number", "11010519491231002X", "1101**********002X"),
        ("address", "测试市东片区1号楼", "测试市东片区****"),
        ("phone", "", ""),
        ("unknown", "secret", "****"),
    ],
)
def test_masks_keep_the_shape_and_hide_the_value(kind: str, value: str, masked: str) -> None:
    assert mask(kind, value) == masked


def test_a_reveal_needs_a_reason_and_is_written_down(city: City) -> None:
    citizen = find_or_create_citizen(contact=CONTACT)
    seat = city.staff["seat"]
    for field, reason in [("phone", " "), ("password", "核实情况")]:
        with pytest.raises(ValueError):
            reveal(staff=seat, citizen=citizen, field=field, reason=reason)
    assert not Reveal.objects.exists()
    assert reveal(staff=seat, citizen=citizen, field="phone", reason="回访核实", order_number="1") == "19900000001"
    assert Reveal.objects.get().reason == "回访核实"


def test_an_erased_citizen_is_not_found_again(city: City) -> None:
    citizen = find_or_create_citizen(contact=CONTACT)
    erase_citizen(citizen=citizen)
    assert find_by_phone("19900000001") is None
    assert "19900000001" not in columns(Citizen.objects.get(pk=citizen.pk))


@given(st.text())
def test_sealing_round_trips_and_never_repeats_itself(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert unseal(seal(text)) == text
    assert not text or seal(text) != seal(text)


def test_an_altered_or_foreign_value_is_noticed() -> None:
    token = seal("value")
    with pytest.raises(InvalidTag):
        unseal(token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB"))
    with pytest.raises(UnknownSealingKey):
        unseal("gone." + token.partition(".")[2])


def test_indexes_and_commitments_tell_values_and_purposes_apart() -> None:
    assert blind_index("１９９", "phone") == blind_index("199", "phone")
    assert blind_index("199", "phone") != blind_index("199", "id_number")
    salt = new_salt()
    assert commit("a", salt) == commit("a", salt) != commit("a", new_salt())
