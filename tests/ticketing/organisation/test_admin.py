"""The content admin: every list and form opens, saving works, what others stand on stays."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.cast import City
from ticketing.organisation import actions
from ticketing.organisation.models import OrderType, Staff, Unit

PAGES = ["region", "unit", "place", "ordertype", "dutycategory", "dutyitem", "workcalendar", "staff"]


@pytest.fixture
def administrator(city: City, client: Client) -> Client:
    rows = [{"username": "chief", "name": "管理员", "unit": "HOT", "roles": [{"role": "admin", "unit": "HOT"}]}]
    actions.import_staff(rows=rows)
    client.force_login(Staff.objects.get(username="chief"))
    return client


@pytest.mark.parametrize("page", PAGES)
def test_every_list_and_form_opens(administrator: Client, page: str) -> None:
    listing = administrator.get(reverse(f"admin:organisation_{page}_changelist"), {"q": "a"})
    assert listing.status_code == 200
    model = next(m for m in admin.site._registry if m._meta.label_lower == f"organisation.{page}")
    row = model._default_manager.first()
    assert row is not None
    form = administrator.get(reverse(f"admin:organisation_{page}_change", args=[row.pk]))
    assert form.status_code == 200
    assert administrator.get(reverse(f"admin:organisation_{page}_add")).status_code == 200


def test_a_row_is_saved(administrator: Client, city: City) -> None:
    kind = city.types["complaint"]
    values = {"code": kind.code, "name_zh": "投诉建议", "name_en": "Complaint", "position": 3}
    answer = administrator.post(reverse("admin:organisation_ordertype_change", args=[kind.pk]), values)
    assert answer.status_code == 302
    kind.refresh_from_db()
    assert kind.name_zh == "投诉建议"


def test_a_unit_that_others_stand_on_is_not_deleted(administrator: Client, city: City) -> None:
    unit = city.units["HOUSE"]
    administrator.post(reverse("admin:organisation_unit_delete", args=[unit.pk]), {"post": "yes"})
    assert Unit.objects.filter(pk=unit.pk).exists()


def test_other_staff_do_not_get_in(city: City, client: Client) -> None:
    client.force_login(city.staff["seat"])
    assert client.get(reverse("admin:organisation_unit_changelist")).status_code == 302
    assert OrderType.objects.exists()
