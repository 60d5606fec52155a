"""Inspection rounds through their pages and the API: planned, walked, found, ordered, put right."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from tests.ticketing.desk.conftest import REPLY, Desk
from tests.ticketing.inspection.conftest import actor, photo, plan
from ticketing.inspection import actions, selectors
from ticketing.inspection.models import Finding, InspectionRound, RoundPlace
from ticketing.orders import actions as orders
from ticketing.orders.models import WorkOrder
from ticketing.orders.workflow import Action, State


def given(desk: Desk, **changes: object) -> dict[str, object]:
    today = timezone.localdate()
    form: dict[str, object] = {
        "title": "窗口服务暗访",
        "kind": "covert",
        "topic": "排队时间",
        "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=5)).isoformat(),
        "inspectors": [desk.city.staff["quality"].pk],
    }
    return form | changes


def test_a_supervisor_plans_a_round_adds_places_and_the_named_inspector_finds_them_on_the_telephone(desk: Desk) -> None:
    client = desk.client("supervisor")
    assert "尚未制定检查计划" in client.get("/desk/rounds/").content.decode()
    answer = client.post("/desk/rounds/new/", given(desk), follow=True)
    made = InspectionRound.objects.get()
    assert "检查计划已制定" in answer.content.decode() and made.inspectors.get() == desk.city.staff["quality"]
    page = client.post(f"/desk/rounds/{made.pk}/places/", {"name": "市政务大厅", "unit": "LIGHT"}, follow=True).content.decode()
    assert "市政务大厅" in page and desk.city.units["LIGHT"].name in page
    seen = desk.client("quality").get(f"/desk/rounds/{made.pk}/").content.decode()
    assert "登记问题" in seen and "移出计划" not in seen
    assert "登记问题" not in desk.client("boss").get(f"/desk/rounds/{made.pk}/").content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": " "}, "此字段"),
        ({"ends_on": "2020-01-01"}, "截止日期早于开始日期"),
        ({"inspectors": []}, "此字段"),
        ({"kind": "secret"}, "secret"),
    ],
)
def test_a_plan_that_is_wrong_comes_back_with_what_was_typed(desk: Desk, wrong: dict[str, object], words: str) -> None:
    answer = desk.client("supervisor").post("/desk/rounds/new/", given(desk, **wrong))
    page = answer.content.decode()
    assert answer.status_code == 400 and "排队时间" in page and not InspectionRound.objects.exists()


def test_only_those_who_read_rounds_are_let_in_and_only_runners_plan(desk: Desk, place: RoundPlace) -> None:
    for username in ("seat", "light", "dispatcher", "editor", "callback"):
        assert desk.client(username).get("/desk/rounds/").status_code == 403, username
        assert desk.client(username).get("/api/inspection/rounds/").status_code == 403, username
    for username in ("boss", "inspector", "quality"):
        client = desk.client(username)
        assert client.get("/desk/rounds/").status_code == 200
        assert client.post("/desk/rounds/new/", given(desk)).status_code == 403
        assert client.post(f"/desk/rounds/places/{place.pk}/remove/").status_code == 403
    assert Client().get("/desk/rounds/").status_code == 302
    assert desk.client("boss").post(f"/desk/rounds/places/{place.pk}/finding/", {"text": "灯不亮"}).status_code == 403
    assert not Finding.objects.exists()


def test_a_finding_with_a_photo_opens_one_order_and_says_which_unit_put_it_right_and_when(desk: Desk, place: RoundPlace) -> None:
    client = desk.client("quality")
    answer = client.post(f"/desk/rounds/places/{place.pk}/finding/", {"text": "三盏路灯不亮", "photos": [photo()]}, follow=True)
    finding = Finding.objects.get()
    assert answer.status_code == 200 and "尚未立单" in answer.content.decode()
    kept = finding.photos.get()
    assert len(kept.sha256) == 64 and kept.content_type == "image/jpeg"
    shown = client.get(f"/desk/rounds/findings/{finding.pk}/photos/{kept.pk}/")
    assert shown["Content-Type"] == "image/jpeg" and "sandbox" in shown["Content-Security-Policy"]
    place.refresh_from_db()
    assert place.visited_by == "质检员"

    url = f"/desk/rounds/findings/{finding.pk}/order/"
    wanted = {"order_type": desk.city.types["complaint"].pk, "duty_item": "LAMP"}
    assert client.post(url, wanted).status_code == 403 and not WorkOrder.objects.exists()
    supervisor = desk.client("supervisor")
    assert "已立单" in supervisor.post(url, wanted, follow=True).content.decode()
    order = WorkOrder.objects.get()
    assert (order.state, order.channel, order.duty_item) == (State.TRIAGE, "inspection", desk.city.items["LAMP"])
    assert order.attachments.get().sha256 == kept.sha256 and order.place == desk.city.places["中山路"]
    assert supervisor.post(url, wanted).status_code == 409 and WorkOrder.objects.count() == 1

    light = desk.city.units["LIGHT"]
    order = desk.do(orders.dispatch_order, Action.DISPATCH, "dispatcher", order, unit=light, reason="照明所负责")
    order = desk.do(orders.sign_order, Action.SIGN, "light", order)
    assert "工单办理中" in client.get(f"/desk/rounds/findings/{finding.pk}/").content.decode()
    order = desk.do(orders.submit_reply, Action.SUBMIT_REPLY, "light", order, public_text=REPLY, internal_text="", solved=True)
    order = desk.do(orders.approve_reply, Action.APPROVE_REPLY, "dispatcher", order)
    order = desk.do(orders.record_callback, Action.CLOSE, "callback", order, reached=True, solved=True)
    page = client.get(f"/desk/rounds/findings/{finding.pk}/").content.decode()
    assert "已整改" in page and "整改单位" in page and light.name in page
    row = client.get("/api/inspection/findings/", {"outcome": "right"}).json()["results"][0]
    assert row["order"] == order.number and row["put_right_by"] == light.name and row["put_right_at"]
    assert client.get("/api/inspection/findings/", {"outcome": "not_right"}).json()["count"] == 0


def test_an_order_that_ends_without_a_solution_leaves_the_finding_open_to_the_eye(desk: Desk, place: RoundPlace) -> None:
    finding = actions.record_finding(place=place, actor=actor(desk, "quality"), text="路灯不亮")
    order = actions.open_order(finding=finding, actor=actor(desk, "supervisor"), order_type=desk.city.types["complaint"])
    desk.do(orders.reject_order, Action.REJECT, "dispatcher", order, reason="非受理范围", guidance="请联系物业")
    assert selectors.outcome_of(selectors.findings().get()).kind == "not_right"
    assert selectors.find_findings(outcome="not_right").count() == 1


@pytest.mark.parametrize("upload", [SimpleUploadedFile("a.jpg", b"not a picture", content_type="image/jpeg")])
def test_a_file_that_is_no_picture_is_refused_and_the_words_are_kept(
    desk: Desk, place: RoundPlace, upload: SimpleUploadedFile
) -> None:
    answer = desk.client("quality").post(f"/desk/rounds/places/{place.pk}/finding/", {"text": "占道", "photos": [upload]})
    assert answer.status_code == 400 and "占道" in answer.content.decode() and not Finding.objects.exists()


def test_an_ended_round_takes_nothing_more(desk: Desk, place: RoundPlace) -> None:
    client = desk.client("supervisor")
    assert client.post(f"/desk/rounds/{place.round_id}/end/", {"summary": " "}).status_code == 400
    assert (
        "检查已结束" in client.post(f"/desk/rounds/{place.round_id}/end/", {"summary": "两处不亮"}, follow=True).content.decode()
    )
    assert client.post(f"/desk/rounds/{place.round_id}/places/", {"name": "另一处"}).status_code == 400
    assert client.post(f"/desk/rounds/places/{place.pk}/finding/", {"text": "x"}).status_code == 400
    assert not Finding.objects.exists() and RoundPlace.objects.count() == 1


def test_a_place_that_was_visited_stays_in_the_plan(desk: Desk, place: RoundPlace) -> None:
    client = desk.client("supervisor")
    desk.client("quality").post(f"/desk/rounds/places/{place.pk}/visit/", {"note": "一切正常"})
    page = client.post(f"/desk/rounds/places/{place.pk}/remove/", follow=True).content.decode()
    assert "已有人走访" in page and "一切正常" in page
    other = actions.add_place(round=place.round, actor=actor(desk, "supervisor"), name="别处")
    client.post(f"/desk/rounds/places/{other.pk}/remove/")
    assert list(RoundPlace.objects.all()) == [place]


def test_programs_plan_and_report_through_the_api(desk: Desk) -> None:
    client, today = desk.client("supervisor"), timezone.localdate().isoformat()
    plan_ = {"title": "巡查", "kind": "open", "topic": "井盖", "starts_on": today, "ends_on": today, "inspectors": ["quality"]}
    made = client.post("/api/inspection/rounds/", plan_, content_type="application/json")
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    place = client.post(
        f"/api/inspection/rounds/{pk}/places/", {"name": "人民路", "place": "人民路"}, content_type="application/json"
    )
    assert place.status_code == 201
    quality = desk.client("quality")
    found = quality.post(f"/api/inspection/places/{place.json()['id']}/findings/", {"text": "井盖缺失", "photos": [photo()]})
    assert found.status_code == 201 and found.json()["outcome"] == "open"
    url = f"/api/inspection/findings/{found.json()['id']}/order/"
    body = {"order_type": "complaint"}
    assert quality.post(url, body, content_type="application/json").status_code == 403
    assert len(client.post(url, body, content_type="application/json").json()["order"]) == 12
    assert client.post(url, body, content_type="application/json").status_code == 409
    refused = client.post("/api/inspection/rounds/", plan_ | {"ends_on": "2020-01-01"}, content_type="application/json")
    assert refused.status_code == 400 and refused.json()["field"] == "ends_on"


def test_lists_search_filter_and_export_without_more_queries_for_more_rows(
    desk: Desk, place: RoundPlace, django_assert_max_num_queries: object
) -> None:
    client = desk.client("inspector")
    plan(desk, title="另一次")
    for n in range(12):
        actions.record_finding(place=place, actor=actor(desk, "quality"), text=f"问题{n}")
    assert "另一次" not in client.get("/desk/rounds/", {"q": "照明"}).content.decode()
    assert "没有符合条件" in client.get("/desk/rounds/", {"phase": "ended"}).content.decode()
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        page = client.get("/desk/rounds/findings/").content.decode()
    assert "问题11" in page
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        client.get(f"/desk/rounds/{place.round_id}/")
    book = client.post("/exports/new/findings/", {"q": "问题3"})
    assert book.status_code == 200, book.status_code
    data = b"".join(book.streaming_content) if book.streaming else book.content  # type: ignore[attr-defined]
    cells = [str(cell) for row in load_workbook(BytesIO(data)).active.iter_rows(values_only=True) for cell in row]
    assert "问题3" in cells and "问题4" not in cells
