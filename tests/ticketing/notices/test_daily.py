"""The daily notice: yesterday's figures by unit, late and returned orders, made once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from tests.cast import PEOPLE, City
from tests.ticketing.desk.conftest import Desk
from ticketing.notices.daily import READERS
from ticketing.notices.models import DailyNotice
from ticketing.orders import actions
from ticketing.orders.models import OrderEvent, WorkOrder
from ticketing.orders.workflow import Action
from ticketing.outbox import registry

DAY = timedelta(days=1)


@pytest.fixture
def desk(city: City) -> Desk:
    return Desk(city)


def yesterdays(desk: Desk) -> tuple[WorkOrder, WorkOrder, WorkOrder]:
    """A late, a returned and a closed order of yesterday, all with the lighting company."""
    late, closed = desk.processing(title="拖着的路灯"), desk.callback(title="办好的路灯")
    desk.do(actions.record_callback, Action.CLOSE, "callback", closed, reached=True, solved=True)
    returned = desk.dispatched(title="退回的路灯")
    desk.do(actions.request_return, Action.REQUEST_RETURN, "light", returned, reason="不属我所")
    moments = ("dispatched_at", "signed_at", "replied_at", "closed_at")
    WorkOrder.objects.update(**{name: F(name) - DAY for name in moments})
    WorkOrder.objects.filter(pk=late.pk).update(due_at=timezone.now() - 2 * DAY)
    OrderEvent.objects.update(at=F("at") - DAY)
    return late, returned, closed


def test_the_schedule_makes_yesterdays_notice_once_with_figures_by_unit_late_and_returned_orders(desk: Desk) -> None:
    yesterdays(desk)
    for _run in range(2):
        registry.registration("periodic.notices.daily").run([{}])  # type: ignore[union-attr]
    notice = DailyNotice.objects.get()
    assert notice.day == timezone.localdate() - DAY
    row = next(row for row in notice.rows if row["code"] == "LIGHT")
    assert {name: row[name] for name in ("dispatched", "signed", "replied", "closed", "returned", "late")} == {
        "dispatched": 3, "signed": 2, "replied": 1, "closed": 1, "returned": 1, "late": 1,
    }  # fmt: skip
    page = desk.client("supervisor").get("/desk/daily/").content.decode()
    assert "拖着的路灯" in page and "退回的路灯" in page and "办好的路灯" not in page
    assert desk.city.units["LIGHT"].name in page
    answer = desk.client("boss").get(f"/api/surveys/daily/{notice.day}/").json()
    assert answer["totals"]["closed"] == 1 and answer["made_by"] == "system"


def test_sealed_reports_are_in_no_figure_and_what_changes_later_changes_no_notice(desk: Desk) -> None:
    late, _returned, _closed = yesterdays(desk)
    WorkOrder.objects.filter(pk=late.pk).update(secrecy="sealed")
    registry.registration("periodic.notices.daily").run([{}])  # type: ignore[union-attr]
    notice = DailyNotice.objects.get()
    assert notice.totals["late"] == 0 and notice.late == [] and notice.totals["dispatched"] == 2
    WorkOrder.objects.all().update(dispatched_at=None)
    assert DailyNotice.objects.get().totals["dispatched"] == 2


def test_a_supervisor_makes_a_missing_one_and_nobody_one_of_a_day_that_is_not_over(desk: Desk) -> None:
    client, today = desk.client("supervisor"), timezone.localdate()
    assert "没有当日通报" in client.get(f"/desk/daily/{today - 3 * DAY}/").content.decode()
    assert "每日通报已生成" in client.post(f"/desk/daily/{today - 3 * DAY}/", follow=True).content.decode()
    assert "尚未结束" in client.post(f"/desk/daily/{today}/", follow=True).content.decode()
    assert desk.client("boss").post(f"/desk/daily/{today - 4 * DAY}/").status_code == 403
    assert [notice.day for notice in DailyNotice.objects.all()] == [today - 3 * DAY]
    for wrong in ("2026-13-40", "x"):
        assert client.get(f"/desk/daily/{wrong}/").status_code == 404
        assert client.get(f"/api/surveys/daily/{wrong}/").status_code == 404


@pytest.mark.parametrize("username", [u for u, _s, _n, role in PEOPLE if role not in READERS])
def test_others_do_not_read_it(desk: Desk, username: str) -> None:
    client = desk.client(username)
    assert client.get("/desk/daily/").status_code == 403
    assert client.get("/api/surveys/daily/2026-01-01/").status_code == 403
    assert Client().get("/desk/daily/").status_code == 302


def test_the_page_costs_the_same_however_many_orders_it_names(desk: Desk, django_assert_max_num_queries: Any) -> None:
    for _n in range(6):
        yesterdays(desk)
    registry.registration("periodic.notices.daily").run([{}])  # type: ignore[union-attr]
    client = desk.client("leader")
    with django_assert_max_num_queries(12):
        assert client.get("/desk/daily/").status_code == 200
