"""The content admin: every list and form opens, saving works, what others stand on stays."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.cast import City
from ticketing.clocks.models import TimeLimit
from ticketing.dispatch.actions import import_rules
from ticketing.organisation import actions
from ticketing.organisation.admin import ContentAdmin
from ticketing.organisation.models import Staff, Unit

PAGES = [model for model, page in admin.site._registry.items() if isinstance(page, ContentAdmin)]


@pytest.fixture
def administrator(city: City, client: Client) -> Client:
    rows = [{"username": "chief", "name": "管理员", "unit": "HOT", "roles": [{"role": "admin", "unit": "HOT"}]}]
    actions.import_staff(rows=rows)
    import_rules([{"name": "路灯", "when": {"any_keywords": ["路灯"]}, "then": {"unit": "LIGHT"}}])
    client.force_login(Staff.objects.get(username="chief"))
    return client


def test_the_content_of_every_room_is_here() -> None:
    assert {model._meta.model_name for model in PAGES} >= {
        "region", "unit", "place", "ordertype", "dutycategory", "dutyitem", "workcalendar", "staff",
        "timelimit", "dispatchrule", "noticetemplate", "line",
    }  # fmt: skip


@pytest.mark.parametrize("model", PAGES, ids=lambda m: m._meta.model_name)
def test_every_list_and_form_opens(administrator: Client, model: type) -> None:
    page = f"admin:{model._meta.app_label}_{model._meta.model_name}"  # type: ignore[attr-defined]
    for query in ({}, {"q": "a"}):
        assert administrator.get(reverse(f"{page}_changelist"), query).status_code == 200
    row = model._default_manager.first()  # type: ignore[attr-defined]
    if row is not None:
        assert administrator.get(reverse(f"{page}_change", args=[row.pk])).status_code == 200
    assert administrator.get(reverse(f"{page}_add")).status_code == 200


def test_a_row_is_saved(administrator: Client, city: City) -> None:
    kind = city.types["complaint"]
    values = {"code": kind.code, "name_zh": "投诉建议", "name_en": "Complaint", "position": 3}
    answer = administrator.post(reverse("admin:organisation_ordertype_change", args=[kind.pk]), values)
    assert answer.status_code == 302
    kind.refresh_from_db()
    assert kind.name_zh == "投诉建议"


def test_a_limit_is_saved_and_deleted(administrator: Client) -> None:
    limit = TimeLimit.objects.get(kind="sign")
    values = {"kind": "sign", "value": 6, "measure": "working_hours", "warn_fraction": 0.5}
    page = reverse("admin:clocks_timelimit_change", args=[limit.pk])
    assert administrator.post(page, values).status_code == 302
    limit.refresh_from_db()
    assert (limit.value, limit.warn_fraction) == (6, 0.5)
    administrator.post(reverse("admin:clocks_timelimit_delete", args=[limit.pk]), {"post": "yes"})
    assert not TimeLimit.objects.filter(pk=limit.pk).exists()


def test_a_unit_that_others_stand_on_is_not_deleted(administrator: Client, city: City) -> None:
    unit = city.units["HOUSE"]
    administrator.post(reverse("admin:organisation_unit_delete", args=[unit.pk]), {"post": "yes"})
    assert Unit.objects.filter(pk=unit.pk).exists()


def test_other_staff_do_not_get_in(city: City, client: Client) -> None:
    client.force_login(city.staff["seat"])
    assert client.get(reverse("admin:organisation_unit_changelist")).status_code == 302
