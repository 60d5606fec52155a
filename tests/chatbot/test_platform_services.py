"""The platform behind the port: real orders, real rows, through the engine and directly."""

from __future__ import annotations

import pytest

from chatbot.dialogue.engine import step
from chatbot.dialogue.moves import Utterance
from chatbot.dialogue.ports import OrderDraft, ServiceRefused
from chatbot.dialogue.services import PlatformServices
from chatbot.dialogue.state import DialogueState
from chatbot.nlu import service
from chatbot.nlu.city import City
from chatbot.nlu.service import Understander
from search import answers
from ticketing.orders.models import WorkOrder
from ticketing.organisation.actor import Actor
from ticketing.organisation.roles import Role

BOT = Actor(kind="bot", role=Role.BOT, name="bot", channel="chat")


@pytest.fixture
def platform(city, engine, monkeypatch) -> PlatformServices:
    monkeypatch.setattr(service, "_current", Understander(main=engine, city=City()))
    return PlatformServices(conversation_ref="c-1", channel="chat", actor=BOT)


def draft(**changes) -> OrderDraft:
    wanted = {
        "intent": "report_complaint",
        "title": "中山路 路灯不亮",
        "content": "中山路的路灯坏了三天",
        "place_text": "中山路88号",
        "contact_phone": "13900001234",
        "serial": 1,
    }
    return OrderDraft(**(wanted | changes))


def order_of(created) -> WorkOrder:
    return WorkOrder.objects.get(number=created.number)


def test_an_order_is_created_once_for_one_serial(platform):
    first, again = platform.create_order(draft()), platform.create_order(draft())
    other = platform.create_order(draft(serial=2))
    assert first == again
    assert other.number != first.number
    order = order_of(first)
    assert (order.order_type.code, order.channel, order.conversation_ref) == ("complaint", "chat", "c-1")
    assert order.citizen.phone == "13900001234"
    assert order.place_text == "中山路88号"


def test_place_and_duty_item_become_rows(platform, city):
    place = city.places["中山路"]
    item = next(iter(city.items.values()))
    order = order_of(platform.create_order(draft(place_code=place.code, duty_code=item.code)))
    assert (order.place, order.duty_item, order.region) == (place, item, place.region)


def test_an_anonymous_violation_keeps_no_contact_and_is_sealed(platform, city):
    city_type = city.types["report"]
    city_type.sealed_by_default = True
    city_type.save()
    order = order_of(platform.create_order(draft(intent="report_violation", secrecy="anonymous")))
    assert order.citizen is None
    assert order.secrecy == "sealed"
    order = order_of(platform.create_order(draft(intent="report_violation", secrecy="open", serial=2)))
    assert order.secrecy == "open"


def test_a_secret_complaint_hides_the_contact_from_the_unit(platform):
    assert order_of(platform.create_order(draft(secrecy="secret"))).secrecy == "confidential"


def test_a_wrong_telephone_is_refused_with_a_sentence(platform):
    with pytest.raises(ServiceRefused):
        platform.create_order(draft(contact_phone="12"))


def test_status_opens_by_number_and_code_only(platform):
    created = platform.create_order(draft())
    assert platform.order_status(created.number, "000000" if created.query_code != "000000" else "000001") is None
    assert platform.order_status("261120000430", created.query_code) is None
    status = platform.order_status(created.number, created.query_code)
    assert status is not None
    assert status.title == "中山路 路灯不亮"
    assert status.state_text
    assert "工单" not in status.state_text


def test_orders_of_a_telephone(platform):
    created = platform.create_order(draft())
    assert [status.number for status in platform.orders_of_caller("13900001234")] == [created.number]
    assert platform.orders_of_caller("13900009999") == []


def test_urge_add_withdraw_and_what_is_too_late(platform):
    created = platform.create_order(draft())
    platform.urge(created.number, "快一点")
    platform.add_facts(created.number, "又坏了两盏")
    assert "又坏了两盏" in order_of(created).content
    assert order_of(created).urge_count == 1
    platform.withdraw(created.number, "修好了")
    assert order_of(created).state == "withdrawn"
    with pytest.raises(ServiceRefused):
        platform.urge(created.number, "")


def test_rating_an_order_that_waits_for_its_call_back_closes_it(platform):
    created = platform.create_order(draft())
    WorkOrder.objects.filter(number=created.number).update(state="callback")
    platform.rate(created.number, 5, "")
    order = order_of(created)
    assert order.state == "closed"
    assert order.ratings.get().score == 5


def test_duty_items_questions_and_places_come_from_the_rows(platform, city):
    item = next(item for item in city.items.values() if item.questions.exists())
    word = item.keywords[0] if item.keywords else item.name
    assert item.code in [match.code for match in platform.identify_duty(f"{word}坏了 {item.name}")]
    assert [question.slot for question in platform.questions(item.code)] == list(item.questions.values_list("slot", flat=True))
    place = city.places["中山路"]
    assert platform.find_place("就在中山路88号")[0].code == place.code


def test_an_answer_carries_its_source_and_an_unknown_question_files_a_gap(platform, monkeypatch):
    assert platform.answer("火星上的户口怎么办理").known is False
    source = answers.Source("住房公积金管理条例", "第二十四条", None, "")
    known = answers.Answer("a-1", 3, "租房提取", "可以提取。", (source,), 0.9, "embedded", False, None)
    monkeypatch.setattr(answers, "answer", lambda **_: known)
    found = platform.answer("租房怎么提取公积金")
    assert (found.known, found.article_code, found.version) == (True, "a-1", 3)
    assert found.sources[0].title == "住房公积金管理条例"


def test_a_whole_report_by_text_makes_a_real_order(platform, city):
    state = DialogueState.begin(channel="chat", caller_phone="13900001234")
    made = []
    said = ["中山路的路灯坏了 从昨天晚上开始的 希望尽快修好", *["不清楚"] * 6]
    for seq, text in enumerate(said, start=1):
        done = step(state=state, utterance=Utterance(text, seq=seq), services=platform)
        state = done.state
        if done.moves[-1].kind == "read_back":
            done = step(state=state, utterance=Utterance("对", seq=seq + 1), services=platform)
            state = done.state
            made = [move for move in done.moves if move.kind == "order_created"]
            break
    assert made
    order = WorkOrder.objects.get(number=made[0].data["number"])
    assert order.place == city.places["中山路"]
    assert order.citizen.phone == "13900001234"
    assert order.wish == "尽快修好"
