"""The seat's desk: the form fills itself, an order or a direct answer comes of it, two seats cannot hold one talk."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from hotline.conversations import actions as conversations
from hotline.conversations.models import Conversation
from hotline.seats import selectors
from ticketing.orders.models import Reply, WorkOrder
from ticketing.organisation.roles import Role

pytestmark = pytest.mark.django_db

MEMORY = {
    "flow": "report",
    "slots": {
        "intent": {"value": "report_complaint", "confidence": 0.9, "seq": 2},
        "what": {"value": "中山路路灯坏了", "text": "中山路路灯坏了", "confidence": 0.9, "seq": 2},
        "duty": {"value": "LAMP", "text": "路灯不亮", "confidence": 0.94, "seq": 2},
        "place": {"value": "中山路", "text": "中山路", "confidence": 0.6, "seq": 2},
        "q.how_many": {"value": "3", "text": "三盏", "confidence": 1.0, "seq": 4, "confirmed": True},
        "wish": {"value": "", "source": "skipped"},
    },
    "caller": {"phone": {"value": "19900001234", "text": "19900001234", "source": "line", "confirmed": True}},
}


@pytest.fixture(autouse=True)
def quiet_engines(monkeypatch):
    """No engine is asked here; what was understood is in the dialogue's memory."""

    class Nothing:
        spans = ()

    monkeypatch.setattr(selectors, "get_understander", lambda: type("U", (), {"understand": lambda self, text: Nothing()})())
    monkeypatch.setattr(selectors.knowledge, "suggest", lambda **_: [])


@pytest.fixture
def talk(scripted_bot, city):
    talk = conversations.start_conversation(channel="chat")
    conversations.citizen_says(conversation=talk, text="中山路路灯坏了")
    Conversation.objects.filter(pk=talk.pk).update(dialogue=json.dumps(MEMORY))
    conversations.hand_over(conversation=talk, reason="asked", by="citizen")
    return Conversation.objects.get(pk=talk.pk)


@pytest.fixture
def desk(client, seat):
    client.force_login(seat)
    return client


def send(desk, talk, **more):
    fields = {
        "key": "k1",
        "order_type": "complaint",
        "duty_item": "LAMP · 路灯不亮",
        "content": "中山路路灯坏了",
        "place_text": "中山路",
    }
    return desk.post(f"/desk/seat/{talk.pk}/order/", {**fields, **more})


def test_the_form_fills_itself(desk, talk):
    filled = selectors.filled_form(talk)
    assert {
        name: filled[name].value for name in ("order_type", "duty_item", "content", "place_text", "place", "answer_how_many")
    } == {
        "order_type": "complaint",
        "duty_item": "LAMP",
        "content": "中山路路灯坏了",
        "place_text": "中山路",
        "place": "中山路",
        "answer_how_many": "3",
    }
    assert (filled["duty_item"].percent, filled["duty_item"].seq, filled["place_text"].sure) == (94, 2, "fair")
    assert filled["answer_how_many"].sure == "confirmed" and "wish" not in filled
    page = desk.get(f"/desk/seat/{talk.pk}/").content.decode()
    assert "LAMP · 路灯不亮" in page and "94%" in page and 'href="#turn-2"' in page and "坏了几盏" in page
    assert "19900001234" not in page


def test_live_facts_hold_no_contact(desk, talk):
    answer = desk.get(f"/desk/seat/{talk.pk}/filled/")
    assert answer.json()["duty_item"]["value"] == "LAMP · 路灯不亮"
    assert answer.json()["phone"]["placeholder"] == "199****1234" and "19900001234" not in answer.content.decode()


def test_take_create_end(desk, talk, seat):
    assert desk.post(f"/desk/seat/{talk.pk}/take/").status_code == 302
    assert send(desk, talk, answer_how_many="3").status_code == 302
    order = WorkOrder.objects.get()
    assert (order.duty_item.code, order.place.code, order.answers, order.channel) == ("LAMP", "中山路", {"how_many": "3"}, "chat")
    assert order.citizen.phone == "19900001234" and order.conversation_ref == str(talk.pk)
    assert order.events.get(seq=1).actor_staff == seat
    talk.refresh_from_db()
    assert talk.order_number == order.number
    told = talk.turns.filter(speaker="seat").get().text
    assert order.number in told and order.query_code in told
    desk.post(f"/desk/seat/{talk.pk}/end/")
    talk.refresh_from_db()
    assert talk.status == "ended"


def test_double_click_makes_one_order(desk, talk):
    desk.post(f"/desk/seat/{talk.pk}/take/")
    send(desk, talk)
    send(desk, talk)
    assert WorkOrder.objects.count() == 1 and talk.turns.filter(speaker="seat").count() == 1
    send(desk, talk, key="k2")
    assert WorkOrder.objects.count() == 2


def test_direct_answer_is_never_dispatched(desk, talk):
    desk.post(f"/desk/seat/{talk.pk}/take/")
    assert send(desk, talk, direct="1", answer="").status_code == 422
    send(desk, talk, direct="1", answer="三天内修好", article="K001", article_version="2")
    order = WorkOrder.objects.get()
    assert order.state == "closed_direct"
    said = order.events.get(action="close_direct").data
    assert (said["article"], said["article_version"]) == ("K001", 2) and "三天内修好" not in str(said)


def test_only_the_holder_creates(desk, talk):
    answer = send(desk, talk)
    assert answer.status_code == 422 and WorkOrder.objects.count() == 0
    assert "中山路路灯坏了" in answer.content.decode()


def test_second_seat_is_told(desk, talk, other_seat, client):
    conversations.take(conversation=talk, seat=other_seat)
    page = desk.post(f"/desk/seat/{talk.pk}/take/", follow=True).content.decode()
    assert other_seat.display_name in page
    assert desk.post(f"/desk/seat/{talk.pk}/say/", {"text": "喂"}, follow=True).status_code == 200
    assert not talk.turns.filter(speaker="seat").exists() and talk.events.filter(kind="dropped").exists()


def test_unknown_item_is_named(desk, talk):
    desk.post(f"/desk/seat/{talk.pk}/take/")
    assert send(desk, talk, duty_item="NOPE").status_code == 422


def test_anonymous_keeps_nobody(desk, talk):
    desk.post(f"/desk/seat/{talk.pk}/take/")
    send(desk, talk, secrecy="anonymous")
    assert WorkOrder.objects.get().citizen is None


def test_earlier_orders_and_duplicates(desk, talk, city, seat):
    earlier = city.order(duty_item=city.items["LAMP"])
    help_ = selectors.assist(talk, seat)
    assert [o.number for o in help_.duplicates] == [earlier.number]
    assert earlier.number in desk.get(f"/desk/seat/{talk.pk}/assist/").content.decode()


def test_the_persons_first_order_and_its_last_reply_stand_beside_the_talk(desk, talk, city, seat):
    first = city.order(duty_item=city.items["LAMP"])
    assert selectors.assist(talk, seat).repeat is None  # another person's
    talk.citizen = first.citizen
    talk.save(update_fields=["citizen"])
    assert (selectors.assist(talk, seat).repeat, selectors.assist(talk, seat).last_reply) == (first, None)
    for text, status in (("已安排抢修，两日内修好。", "approved"), ("还没审核的话", "submitted")):
        values = {"unit": city.units["LIGHT"], "solved": True, "created_at": timezone.now()}
        Reply.objects.create(order=first, public_text=text, status=status, **values)
    shown = desk.get(f"/desk/seat/{talk.pk}/assist/").content.decode()
    assert first.number in shown and "已安排抢修" in shown and "还没审核的话" not in shown
    assert desk.get(f"/desk/orders/{first.number}/do/add_facts/").status_code == 200
    WorkOrder.objects.filter(pk=first.pk).update(state="closed")
    assert selectors.assist(talk, seat).repeat is None


@pytest.mark.parametrize("path", ["", "queue/", "00000000-0000-0000-0000-000000000000/"])
def test_only_for_seats(client, make_staff, path):
    assert client.get(f"/desk/seat/{path}").status_code == 302
    client.force_login(make_staff("clerk-7", Role.UNIT_CLERK))
    assert client.get(f"/desk/seat/{path}").status_code == 403


def test_queue_part_and_states(desk, talk, seat):
    desk.post("/desk/seat/state/", {"state": "break"})
    assert selectors.presence_of(seat).state == "break"
    assert desk.post("/desk/seat/state/", {"state": "asleep"}).status_code == 302
    part = desk.get("/desk/seat/queue/").content.decode()
    assert str(talk.pk) in part and "<html" not in part


def test_the_queue_shows_no_number_that_was_keyed(desk, talk):
    conversations.citizen_says(conversation=talk, text="我的电话19900000007")
    part = desk.get("/desk/seat/queue/").content.decode()
    assert "199****0007" in part and "19900000007" not in part


def test_number_said_to_the_seat_is_the_contact(desk, talk, monkeypatch):
    from chatbot.nlu.types import Span, Understanding

    class Hears:
        def understand(self, text):
            spans = (Span("phone", "19900005678", "19900005678", 0, 11, 1.0, "rule"),) if "5678" in text else ()
            return Understanding(text, "inform", 1.0, (), spans, "rules", False, "")

    monkeypatch.setattr(selectors, "get_understander", Hears)
    Conversation.objects.filter(pk=talk.pk).update(dialogue=json.dumps({**MEMORY, "caller": {}}))
    desk.post(f"/desk/seat/{talk.pk}/take/")
    conversations.citizen_says(conversation=talk, text="我的电话是19900005678")
    page = desk.get(f"/desk/seat/{talk.pk}/").content.decode()
    assert 'placeholder="199****5678"' in page
    send(desk, talk)
    assert WorkOrder.objects.get().citizen.phone == "19900005678"


def test_own_order_is_no_duplicate(desk, talk, seat):
    desk.post(f"/desk/seat/{talk.pk}/take/")
    send(desk, talk)
    talk.refresh_from_db()
    assert selectors.assist(talk, seat).duplicates == []
