"""Orders from intake to closing: numbers, double clicks, stale forms, who sees what, the whole main path."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.cast import City
from tests.ticketing.orders.steps import dispatched
from ticketing.clocks.plans import plans_on
from ticketing.orders import actions, numbers, selectors
from ticketing.orders.errors import IllegalTransition, InvalidOrder, NotAllowed, OrderNotFound, StaleOrder
from ticketing.orders.models import Rating, WorkOrder
from ticketing.orders.workflow import Action, State
from ticketing.organisation.actor import SYSTEM, citizen_actor

CITIZEN = citizen_actor(channel="web")


def by(city: City, who: str, order: WorkOrder, action: Action):
    return selectors.actor_for(city.staff[who], order, action)


def replied(city: City) -> WorkOrder:
    order = city.order(duty_item=city.items["LAMP"])
    order = actions.dispatch_order(
        order=order, actor=by(city, "dispatcher", order, Action.DISPATCH), unit=city.units["LIGHT"], reason="职责清单"
    )
    order = actions.sign_order(order=order, actor=by(city, "light", order, Action.SIGN))
    order = actions.submit_reply(
        order=order, actor=by(city, "light", order, Action.SUBMIT_REPLY), public_text="三盏路灯已修复", solved=True
    )
    return actions.approve_reply(order=order, actor=by(city, "dispatcher", order, Action.APPROVE_REPLY))


def test_the_main_path_from_intake_to_a_rated_and_closed_order(city: City) -> None:
    order = replied(city)
    order = actions.record_callback(
        order=order, actor=by(city, "callback", order, Action.CLOSE), reached=True, solved=True, satisfaction=5
    )
    assert order.state == State.CLOSED
    assert [e.action for e in order.events.all()] == ["submit", "dispatch", "sign", "submit_reply", "approve_reply", "close"]
    assert order.ratings.get().score == 5
    progress = selectors.progress_of(order)
    assert progress["reached"] == 4
    assert all(moment for _, moment in progress["steps"])


def test_a_dissatisfied_citizen_leads_to_review_and_redo(city: City) -> None:
    order = replied(city)
    order = actions.record_callback(
        order=order, actor=by(city, "callback", order, Action.CLOSE), reached=True, solved=False, satisfaction=1
    )
    assert order.state == State.DISSATISFIED
    order = actions.redo_order(order=order, actor=by(city, "dispatcher", order, Action.REDO), reason="未修好")
    assert (order.state, order.redo_count) == (State.PROCESSING, 1)
    assert order.due_at > order.updated_at


def a_day_later(order: WorkOrder) -> None:
    """Move what was tried so far one day back."""
    day = timedelta(days=1)
    order.callbacks.update(at=F("at") - day)
    WorkOrder.objects.filter(pk=order.pk).update(replied_at=F("replied_at") - day)
    order.refresh_from_db()


def test_calls_that_reach_nobody_on_three_days_close_without_a_rating_however_often_one_day_has_them(city: City) -> None:
    order = replied(city)
    states = []
    for day in range(3):
        for _ in range(1 if day == 2 else 4):
            order = actions.record_callback(order=order, actor=by(city, "callback", order, Action.CLOSE), reached=False)
            states.append(order.state)
        a_day_later(order)
    assert states == [State.CALLBACK] * 8 + [State.CLOSED]
    assert not order.ratings.exists()


def test_where_a_text_message_follows_the_calls_in_vain_the_order_waits_for_it(city: City, settings: Any) -> None:
    settings.CALLBACK_THEN, settings.CALLBACK_DAYS = "sms", 1
    order = replied(city)
    order = actions.record_callback(order=order, actor=by(city, "callback", order, Action.CLOSE), reached=False)
    assert order.state == State.CALLBACK
    assert actions.give_up_callback(order=order, actor=SYSTEM, note="未回复").state == State.CLOSED


@given(st.integers(1, 99_999), st.dates())
def test_one_wrong_digit_is_always_noticed(sequence: int, day) -> None:
    number = numbers.format_number(day, sequence)
    assert numbers.is_valid(number)
    for position in range(len(number)):
        wrong = number[:position] + str((int(number[position]) + 1) % 10) + number[position + 1 :]
        assert not numbers.is_valid(wrong)


def test_the_check_digit_agrees_with_the_standards_example() -> None:
    assert numbers.check_digit("0794") == "5"  # ISO/IEC 7064, MOD 11,10


def test_a_double_click_makes_one_order(city: City) -> None:
    made = [
        actions.create_order(
            actor=CITIZEN, order_type=city.types["complaint"], content="路灯坏了", channel="web", idempotency_key="form-1"
        )
        for _ in range(2)
    ]
    assert made[0].order == made[1].order
    assert made[0].query_code == made[1].query_code
    assert [m.repeated for m in made] == [False, True]


@pytest.mark.django_db(transaction=True)
def test_orders_made_at_the_same_moment_get_different_numbers(city: City) -> None:
    def make(n: int) -> str:
        try:
            return city.order(content=f"第{n}件").number
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(24)))
    assert len(set(made)) == 24
    assert all(numbers.is_valid(n) for n in made)


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_on_one_order_one_wins(city: City) -> None:
    order = city.order()
    actor = by(city, "dispatcher", order, Action.DISPATCH)

    def go(unit: str) -> str:
        try:
            actions.dispatch_order(order=order, actor=actor, unit=city.units[unit], reason="同时派单")
        except IllegalTransition:
            return "refused"
        finally:
            connection.close()
        return unit

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(go, ["LIGHT", "HOUSE"]))
    order.refresh_from_db()
    assert "refused" in outcomes
    assert order.unit.code in outcomes
    assert order.events.filter(action="dispatch").count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"content": "  "}, "content"),
        ({"content": "长" * 5001}, "content"),
        ({"urgency": "soon"}, "urgency"),
        ({"secrecy": "top"}, "secrecy"),
        ({"latitude": 91.0}, "latitude"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_made(city: City, changes: dict, field: str) -> None:
    with pytest.raises(InvalidOrder) as wrong:
        city.order(**changes)
    assert wrong.value.field == field
    assert not WorkOrder.objects.exists()


def test_a_stale_form_is_refused_with_the_present_version(city: City) -> None:
    order = city.order()
    actions.add_facts(order=order, actor=CITIZEN, text="又坏一盏")
    with pytest.raises(StaleOrder) as stale:
        actions.urge_order(order=order, actor=CITIZEN, version=1)
    assert stale.value.version == 2


def test_undo_is_for_ones_own_fresh_dispatch(city: City) -> None:
    order = city.order()
    order = actions.dispatch_order(
        order=order, actor=by(city, "dispatcher", order, Action.DISPATCH), unit=city.units["LIGHT"], reason="误派"
    )
    with pytest.raises(IllegalTransition):
        actions.undo_dispatch(order=order, actor=by(city, "leader", order, Action.UNDO_DISPATCH))
    order = actions.undo_dispatch(order=order, actor=by(city, "dispatcher", order, Action.UNDO_DISPATCH))
    assert (order.state, order.unit, order.due_at) == (State.TRIAGE, None, None)


def test_a_merged_order_can_be_taken_out_again(city: City) -> None:
    order, other = city.order(), city.order()
    order = actions.merge_orders(order=order, actor=by(city, "dispatcher", order, Action.MERGE), into=other, reason="同一路灯")
    assert (order.state, order.merged_into) == (State.MERGED, other)
    order = actions.unmerge_order(order=order, actor=by(city, "dispatcher", order, Action.UNMERGE), reason="两处")
    assert (order.state, order.merged_into) == (State.TRIAGE, None)
    with pytest.raises(InvalidOrder):
        actions.merge_orders(order=order, actor=by(city, "dispatcher", order, Action.MERGE), into=order, reason="自己")


def test_each_kind_of_rating_is_given_once(city: City) -> None:
    order = replied(city)
    order = actions.record_callback(order=order, actor=by(city, "callback", order, Action.CLOSE), reached=True, solved=True)
    for kind in Rating.Kind:
        actions.rate_order(order=order, actor=CITIZEN, kind=kind, score=4)
    with pytest.raises(InvalidOrder):
        actions.rate_order(order=order, actor=CITIZEN, kind="call", score=1)
    assert order.ratings.count() == 3


def test_tracking_needs_number_and_code_and_shows_nobody_else(city: City) -> None:
    order = city.order()
    assert selectors.track(numbers.grouped(order.number), order.query_code) == order
    wrong_code = f"{(int(order.query_code) + 1) % 1_000_000:06d}"
    forged = order.number[:-1] + str((int(order.number[-1]) + 1) % 10)
    for number, code in [(order.number, wrong_code), (forged, order.query_code), ("", ""), ("abc", "1")]:
        with pytest.raises(OrderNotFound):
            selectors.track(number, code)


def test_who_sees_what(city: City) -> None:
    order = city.order()
    sealed = city.order(order_type=city.types["report"])
    actions.dispatch_order(
        order=order, actor=by(city, "dispatcher", order, Action.DISPATCH), unit=city.units["EAST-HOUSE"], reason="属地"
    )

    def seen(who: str) -> set[str]:
        return set(selectors.visible_orders(city.staff[who]).values_list("number", flat=True))

    assert sealed.number not in seen("dispatcher") | seen("supervisor") | seen("admin")  # nobody is named for it
    assert seen("dispatcher") == seen("supervisor") == {order.number}
    assert seen("seat") == seen("quality") == seen("boss") == {order.number}
    assert seen("east_house") == seen("east") == {order.number}
    assert seen("west_house") == seen("light") == seen("editor") == set()
    with pytest.raises(OrderNotFound):
        selectors.get_order(city.staff["west_house"], order.number)
    with pytest.raises(NotAllowed):
        by(city, "west_house", order, Action.SIGN)


def test_contact_is_masked_and_hidden_from_the_unit_when_confidential(city: City) -> None:
    order, quiet = (dispatched(city, secrecy=secrecy) for secrecy in ("open", "confidential"))
    assert selectors.contact_of(order, city.staff["light"]) == {"name": "王**", "phone": "199****0001"}
    assert selectors.contact_of(quiet, city.staff["light"]) == {"name": "", "phone": ""}
    assert selectors.contact_of(quiet, city.staff["seat"])["phone"] == "199****0001"
    assert not selectors.may_reveal(quiet, city.staff["light"])


def photo(kind: str = "JPEG", size: tuple[int, int] = (40, 30)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, kind)
    return out.getvalue()


def test_a_photo_is_kept_with_its_hash_and_without_its_metadata(city: City, settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path
    order = city.order()
    out = BytesIO()
    picture = Image.new("RGB", (20, 20))
    exif = picture.getexif()
    exif[0x010F] = "a camera"
    picture.save(out, "JPEG", exif=exif)
    kept = actions.attach_file(order=order, actor=CITIZEN, upload=SimpleUploadedFile("现场.jpg", out.getvalue()), public=True)
    with Image.open(kept.file.path) as stored:
        assert not stored.getexif()
    assert re.fullmatch(r"[0-9a-f]{64}", kept.sha256)
    assert order.events.filter(action="attach").exists()


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.jpg", b"not a picture"), ("b.png", photo()[:60]), ("c.exe", b"MZ" + b"\0" * 100), ("d.jpg", b"")],
)
def test_what_is_no_picture_is_refused_by_its_content(city: City, name: str, data: bytes) -> None:
    with pytest.raises(InvalidOrder, match="JPEG"):
        actions.attach_file(order=city.order(), actor=CITIZEN, upload=SimpleUploadedFile(name, data))


def test_too_large_a_file_is_refused_before_it_is_read(city: City, settings) -> None:
    settings.UPLOAD_MAX_BYTES = 100
    with pytest.raises(InvalidOrder, match="larger"):
        actions.attach_file(order=city.order(), actor=CITIZEN, upload=SimpleUploadedFile("a.jpg", photo(size=(400, 400))))


def test_a_list_costs_the_same_queries_however_long_it_is(city: City, django_assert_num_queries) -> None:
    for n in range(3):
        city.order(content=f"第{n}件")
    staff = city.staff["dispatcher"]
    staff.appointments_now()
    plans_on()  # which plans are on is kept by the process
    with django_assert_num_queries(1):
        rows = [(o.number, o.unit, o.duty_item, o.order_type.name, o.region.name, o.place.name) for o in selectors.inbox(staff)]
    assert len(rows) == 3
