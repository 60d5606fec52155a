"""Quality inspection through its pages and the API: planned, drawn by a seed, scored, appealed against, reviewed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hotline.conversations.models import Conversation, ConversationEvent, Turn
from hotline.quality import actions, sampling
from hotline.quality.models import Draw, Sample, SamplingPlan, ScoreSheet
from hotline.voice.models import Recording
from tests.cast import City
from ticketing.orders.models import Rating, WorkOrder

SHEET = {
    "code": "seat",
    "zh": "质检表",
    "en": "Sheet",
    "pass_mark": 80,
    "items": [
        {"code": "greeting", "section_zh": "礼仪", "section_en": "Manners", "zh": "开头语", "en": "Opening", "points": 40},
        {"code": "record", "section_zh": "工单", "section_en": "Record", "zh": "记录完整", "en": "Record", "points": 60},
        {"code": "rude", "section_zh": "否决", "section_en": "Fatal", "zh": "辱骂", "en": "Abuse", "fatal": True},
    ],
}
FULL = {"item_greeting": 40, "item_record": 60, "item_rude": "no", "comment": "良好"}


@pytest.fixture(autouse=True)
def sheet(city: City) -> ScoreSheet:
    actions.import_score_sheets(rows=[SHEET])
    return ScoreSheet.objects.get()


def browser(city: City, username: str) -> Client:
    client = Client()
    client.force_login(city.staff[username])
    return client


def talk(city: City, seat: str = "seat", *, days: int = 2, channel: str = "voice", **more: Any) -> Conversation:
    """A talk of a seat that ended some days ago, with two turns."""
    made = Conversation.objects.create(channel=channel, seat=city.staff[seat], status=Conversation.Status.ENDED, **more)
    at = timezone.now() - timedelta(days=days)
    Conversation.objects.filter(pk=made.pk).update(ended_at=at, started_at=at)
    Turn.objects.create(conversation=made, seq=1, speaker="citizen", text="我的电话是19900000001，路灯坏了", at=at)
    Turn.objects.create(conversation=made, seq=2, speaker="seat", text="您好，已记录", at=at + timedelta(seconds=5))
    return made


def plan(city: City, **changes: Any) -> SamplingPlan:
    given: dict[str, Any] = {"name": "日常抽检", "sheet": ScoreSheet.objects.get(), "amount": 2, "measure": "number"}
    return actions.save_plan(staff=city.staff["quality"], **(given | changes))


def period() -> dict[str, str]:
    today = timezone.localdate()
    return {"from_day": (today - timedelta(days=7)).isoformat(), "until_day": (today - timedelta(days=1)).isoformat()}


def drawn(city: City, **changes: Any) -> Draw:
    today = timezone.localdate()
    return actions.draw_samples(
        plan=plan(city, **changes),
        staff=city.staff["quality"],
        from_day=today - timedelta(days=7),
        until_day=today - timedelta(days=1),
        seed="公证种子",
    )


def test_a_plan_is_made_and_drawn_on_the_pages_and_the_seed_is_kept(city: City) -> None:
    for _n in range(6):
        talk(city)
        talk(city, "seat2")
    client = browser(city, "quality")
    form = {"name": "电话抽检", "sheet": ScoreSheet.objects.get().pk, "channel": "voice", "trigger": "any", "measure": "number"}
    form |= {"amount": 2, "silence_seconds": 60, "is_active": "on"}
    assert client.post("/desk/quality/plans/new/", form | {"amount": 0}).status_code == 400
    assert "方案已保存" in client.post("/desk/quality/plans/new/", form, follow=True).content.decode()
    pk = SamplingPlan.objects.get().pk
    today = timezone.localdate().isoformat()
    assert client.post(f"/desk/quality/plans/{pk}/draw/", period() | {"until_day": today}).status_code == 400
    page = client.post(f"/desk/quality/plans/{pk}/draw/", period(), follow=True).content.decode()
    made = Draw.objects.get()
    assert "已从 12 件会话中抽取 4 件" in page and made.seed in page and "同一种子抽取结果一致" in page
    assert client.post(f"/desk/quality/plans/{pk}/draw/", period()).status_code == 400 and Draw.objects.count() == 1


def test_the_seed_alone_decides_and_every_seat_gives_its_share(city: City) -> None:
    talks = [(talk(city, seat).pk, city.staff[seat].pk) for seat in ("seat", "seat2") for _n in range(10)]
    one = sampling.draw(talks, seed="a", amount=30, measure="share")
    assert one == sampling.draw(reversed(talks), seed="a", amount=30, measure="share")
    assert len(one) == 6 and len({seat for _pk, seat in one}) == 2
    assert any(sampling.draw(talks, seed=seed, amount=3, measure="number") != one for seed in "bcde")


def test_channel_and_trigger_narrow_the_pool_and_sealed_matters_stay_out(city: City) -> None:
    def size(**changes: Any) -> int:
        today = timezone.localdate()
        made = SamplingPlan(name="x", sheet=ScoreSheet.objects.get(), **changes)
        return len(sampling.pool(made, today - timedelta(days=7), today - timedelta(days=1)))

    plain, chat = talk(city), talk(city, channel="chat")
    assert (size(), size(channel="chat"), size(channel="sms")) == (2, 1, 0)
    Turn.objects.create(conversation=plain, seq=3, speaker="citizen", text="喂", at=timezone.now() - timedelta(days=1))
    assert (size(trigger="silence", silence_seconds=60), size(trigger="low_rating")) == (1, 0)
    ConversationEvent.objects.create(conversation=chat, kind="queued", by="bot")
    assert size(trigger="handed_over") == 1
    order = city.order()
    Rating.objects.create(order=order, kind="call", score=1, channel="sms", at=timezone.now())
    Conversation.objects.filter(pk=plain.pk).update(order_number=order.number)
    assert size(trigger="low_rating") == 1
    WorkOrder.objects.filter(pk=order.pk).update(secrecy="sealed")
    assert size(trigger="low_rating") == 0 and size() == 1


def test_a_talk_is_scored_appealed_against_and_reviewed_by_another_person(city: City) -> None:
    conversation = talk(city)
    drawn(city)
    sample, client = Sample.objects.get(), browser(city, "quality")
    url = f"/desk/quality/{sample.pk}/"
    page = client.get(url).content.decode()
    assert "路灯坏了" in page and "19900000001" not in page
    assert browser(city, "seat").get(url).status_code == 404
    assert client.post(f"{url}score/", FULL | {"item_record": 61}).status_code == 400
    assert "已评分：70%" in client.post(f"{url}score/", FULL | {"item_record": 30}, follow=True).content.decode()
    assert client.post(f"{url}score/", FULL).status_code == 409

    seat = browser(city, "seat")
    assert "不合格" in seat.get("/desk/quality/mine/").content.decode()
    assert browser(city, "seat2").post(f"{url}appeal/", {"text": "不是我"}).status_code == 404
    assert seat.post(f"{url}appeal/", {"text": " "}).status_code == 400
    assert "申诉已提交" in seat.post(f"{url}appeal/", {"text": "地址已记录"}, follow=True).content.decode()
    assert seat.post(f"{url}appeal/", {"text": "再"}).status_code == 409
    assert client.post(f"{url}review/", FULL | {"keep": "no", "text": "自己复核"}).status_code == 403
    again = browser(city, "leader").post(f"{url}review/", FULL | {"keep": "no", "text": "确已记录"}, follow=True)
    sample.refresh_from_db()
    assert (sample.score, sample.first_score, sample.passed, sample.state) == (100, 70, True, "reviewed")
    assert "复核前 70%" in again.content.decode()
    rows = browser(city, "boss").get("/api/quality/seats/").json()
    assert [(row["talks"], row["average"], row["passed_share"], row["appeals"], row["changed"]) for row in rows] == [
        (1, 100.0, 100, 1, 1)
    ]
    assert city.staff["seat"].display_name in browser(city, "boss").get("/desk/quality/seats/").content.decode()
    assert conversation.samples.count() == 1


def test_a_violated_fatal_item_makes_the_score_nought(city: City) -> None:
    talk(city)
    drawn(city)
    url = f"/api/quality/samples/{Sample.objects.get().pk}/"
    client = browser(city, "quality")
    assert client.post(f"{url}score/", {"item_greeting": 41}, content_type="application/json").status_code == 400
    scored = client.post(f"{url}score/", {"item_rude": "yes"}, content_type="application/json").json()
    assert (scored["score"], scored["fatal"], scored["passed"]) == (0, True, False)
    assert client.post(f"{url}score/", {}, content_type="application/json").status_code == 409
    seat = browser(city, "seat")
    assert seat.post(f"{url}appeal/", {"text": "误判"}, content_type="application/json").json()["state"] == "appealed"
    kept = browser(city, "leader").post(f"{url}review/", {"keep": "yes", "text": "属实"}, content_type="application/json").json()
    assert (kept["score"], kept["state"]) == (0, "reviewed")


def test_nobody_scores_their_own_talk(city: City) -> None:
    talk(city, "quality")
    drawn(city)
    sample = Sample.objects.get()
    assert browser(city, "quality").post(f"/desk/quality/{sample.pk}/score/", FULL).status_code == 403


def test_the_recording_plays_for_those_who_see_the_talk_alone(city: City, settings: Any, tmp_path: Any) -> None:
    settings.RECORDINGS_DIR = tmp_path
    (tmp_path / "a.wav").write_bytes(b"RIFF0000WAVE")
    conversation = talk(city)
    kept = Recording.objects.create(
        conversation=conversation, path="a.wav", state="kept", rate=8000, retention_until=timezone.localdate()
    )
    drawn(city)
    url = f"/desk/quality/{Sample.objects.get().pk}/recordings/{kept.pk}/"
    answer = browser(city, "quality").get(url)
    assert answer.status_code == 200 and answer["Content-Type"] == "audio/wav"
    assert browser(city, "seat").get(url).status_code == 404  # not scored yet
    assert browser(city, "light").get(url).status_code == 403
    Recording.objects.update(path="../../etc/passwd")
    assert browser(city, "quality").get(url).status_code == 404


@pytest.mark.parametrize("username", ["dispatcher", "light", "callback", "editor", "inspector", "admin"])
def test_others_are_let_in_nowhere(city: City, username: str) -> None:
    talk(city)
    made = drawn(city)
    pk, client = Sample.objects.get().pk, browser(city, username)
    pages = ("", "seats/", "plans/", "plans/new/", "mine/", f"{pk}/", f"draws/{made.pk}/")
    for url in pages:
        assert client.get(f"/desk/quality/{url}").status_code == 403, url
        assert Client().get(f"/desk/quality/{url}").status_code == 302
    for url in (f"{pk}/score/", f"{pk}/appeal/", f"{pk}/review/", f"plans/{made.plan_id}/draw/"):
        assert client.post(f"/desk/quality/{url}", FULL).status_code == 403, url
    assert client.get("/api/quality/samples/").status_code == 403
    assert client.post(f"/api/quality/plans/{made.plan_id}/draw/", period(), content_type="application/json").status_code == 403


def test_lists_are_searched_filtered_and_cost_the_same_however_long(city: City, django_assert_max_num_queries: Any) -> None:
    client = browser(city, "quality")
    assert "尚未抽取会话" in client.get("/desk/quality/").content.decode()
    for _n in range(30):
        talk(city)
        talk(city, "seat2")
    made = drawn(city, amount=30)
    with django_assert_max_num_queries(12):
        page = client.get("/desk/quality/").content.decode()
    assert "下一页" in page
    assert "没有符合条件的会话" in client.get("/desk/quality/", {"q": "查无此人"}).content.decode()
    assert "一号坐席" not in client.get("/desk/quality/", {"q": "二号"}).content.decode().split("<tbody>")[1]
    with django_assert_max_num_queries(16):
        assert client.get(f"/desk/quality/draws/{made.pk}/").status_code == 200
    assert client.get("/api/quality/samples/", {"state": "waiting"}).json()["count"] == 60
    assert browser(city, "seat").get("/api/quality/samples/").json()["count"] == 0
