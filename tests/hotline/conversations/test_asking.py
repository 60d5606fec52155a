"""A question of the hotline reaches the citizen in the open chat, and the answer comes back into the order."""

from __future__ import annotations

from hotline.conversations import actions as conversations
from hotline.conversations.models import Conversation
from tests.cast import City
from ticketing.orders.actions import ask_info
from ticketing.orders.models import WorkOrder
from ticketing.orders.selectors import actor_for
from ticketing.orders.workflow import Action
from ticketing.outbox import runner


def asked(city: City) -> tuple[Conversation, WorkOrder]:
    """An order of a chat that is still open, about which the dispatcher asks."""
    talk = conversations.start_conversation(channel="chat", with_bot=False)
    order = city.order(conversation_ref=str(talk.pk))
    talk = conversations.link_order(conversation=talk, order_number=order.number, by="bot")
    actor = actor_for(city.staff["dispatcher"], order, Action.ASK_INFO)
    return talk, ask_info(order=order, actor=actor, question="是哪一盏灯？")


def test_the_question_is_read_in_the_chat_and_the_answer_goes_into_the_order(city: City) -> None:
    talk, order = asked(city)
    runner.drain()
    runner.drain()
    assert [turn.text for turn in talk.turns.all() if "是哪一盏灯？" in turn.text].__len__() == 1
    turns = conversations.citizen_says(conversation=talk, text="公园门口第三盏")
    assert [turn.speaker for turn in turns] == ["citizen", "system"] and order.number in turns[1].text
    order = WorkOrder.objects.get(pk=order.pk)
    assert order.state == "triage" and "公园门口第三盏" in order.content
    # What is written afterwards is the bot's again.
    assert WorkOrder.objects.get(pk=order.pk).events.filter(action="supply_info").count() == 1


def test_a_chat_that_is_over_is_left_alone(city: City) -> None:
    talk, order = asked(city)
    conversations.end(conversation=talk, by="citizen", reason="left")
    before = talk.turns.count()
    runner.drain()
    assert talk.turns.count() == before and WorkOrder.objects.get(pk=order.pk).state == "need_info"
