"""What the citizen says is stored, numbered and answered; limits, repeats and a broken bot."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from hotline.conversations import actions, selectors
from hotline.conversations.errors import ConversationEnded, EmptyText, TextTooLong, UnknownConversation, UnknownKey
from hotline.conversations.models import Conversation, Turn
from hotline.conversations.tasks import end_stale

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(scripted_bot) -> Conversation:
    return actions.start_conversation(channel="chat")


def test_begins_with_the_greeting_and_a_key(talk):
    assert [(t.seq, t.speaker, t.text) for t in selectors.turns_after(talk, 0)] == [(1, "bot", "您好,请讲。")]
    assert selectors.by_token(talk.token).pk == talk.pk
    assert talk.token not in talk.token_index


@pytest.mark.parametrize("token", ["", "0" * 32, "x'; drop table"])
def test_wrong_key(db, token):
    with pytest.raises(UnknownConversation):
        selectors.by_token(token)


def test_turns_are_numbered_without_gaps(talk):
    for text in ("一", "二", "三"):
        actions.citizen_says(conversation=talk, text=text)
    assert [t.seq for t in selectors.turns_after(talk, 0)] == [1, 2, 3, 4, 5, 6, 7]
    assert [t.seq for t in selectors.turns_after(talk, 5)] == [6, 7]


def test_same_reference_is_stored_and_answered_once(talk, scripted_bot):
    first = actions.citizen_says(conversation=talk, text="你好", client_ref="r1")
    second = actions.citizen_says(conversation=talk, text="你好", client_ref="r1")
    assert [t.seq for t in first] == [t.seq for t in second] == [2, 3]
    assert len(scripted_bot.heard) == 2  # the start and one utterance


def test_reference_whose_answer_was_lost_is_answered_now(talk, scripted_bot):
    actions.citizen_says(conversation=talk, text="你好", client_ref="r1")
    Turn.objects.filter(conversation=talk, seq=3).delete()  # as if the process had died before the answer
    assert [t.speaker for t in actions.citizen_says(conversation=talk, text="你好", client_ref="r1")] == ["citizen", "bot"]


@pytest.mark.parametrize("text", ["", "   ", "\x00\x07", "\ud800"])
def test_nothing_said(talk, text):
    with pytest.raises(EmptyText):
        actions.citizen_says(conversation=talk, text=text)
    assert talk.turns.count() == 1


def test_too_long_is_refused_whole(talk, settings):
    with pytest.raises(TextTooLong) as error:
        actions.citizen_says(conversation=talk, text="长" * 100_000)
    assert str(settings.TEXT_MAX_CHARS) in error.value.message
    assert talk.turns.count() == 1


def test_control_characters_go(talk):
    assert actions.citizen_says(conversation=talk, text="路\x00灯\n坏了")[0].text == "路灯\n坏了"


def test_words_are_sealed_in_the_database(talk):
    actions.citizen_says(conversation=talk, text="我住在秘密的地方")
    with connection.cursor() as cursor:
        cursor.execute("select text from conversations_turn")
        assert not any("秘密" in row[0] for row in cursor.fetchall())


def test_key_with_the_words_of_its_choice(talk, scripted_bot):
    actions.citizen_says(conversation=talk, text="选")
    pressed = actions.press_key(conversation=talk, digit="1")[0]
    assert (pressed.kind, pressed.text, pressed.data) == ("key", "1", {"label": "是"})
    assert scripted_bot.heard[-1].kind == "key"


@pytest.mark.parametrize("key", ["", "a", "1" * 21, "1 "])
def test_key_on_no_telephone(talk, key):
    with pytest.raises(UnknownKey):
        actions.press_key(conversation=talk, digit=key)


def test_answer_keeps_article_version_and_source(talk):
    turn = actions.citizen_says(conversation=talk, text="办证")[1]
    assert (turn.kind, turn.data["article_code"], turn.data["version"]) == ("card", "K001", 2)
    assert turn.data["sources"] == [{"title": "某法", "article": "第一条"}]


def test_created_order_is_linked(talk):
    turn = actions.citizen_says(conversation=talk, text="建单")[1]
    talk.refresh_from_db()
    assert talk.order_number == turn.data["number"] == "261122000017"
    assert talk.events.filter(kind="linked").exists()


def test_end_by_the_bot_and_nothing_after_it(talk):
    actions.citizen_says(conversation=talk, text="再见")
    talk.refresh_from_db()
    assert talk.status == "ended"
    with pytest.raises(ConversationEnded):
        actions.citizen_says(conversation=talk, text="还有")


def test_broken_bot_hands_over_and_keeps_the_words(talk):
    turns = actions.citizen_says(conversation=talk, text="break")
    talk.refresh_from_db()
    assert [t.speaker for t in turns] == ["citizen", "system"]
    assert (talk.owner, talk.hand_over_reason) == ("queue", "bot_fault")


def test_caller_becomes_a_citizen_known_by_number(scripted_bot):
    first = actions.start_conversation(channel="voice", caller="+86 199-0000-0001")
    second = actions.start_conversation(channel="sms", caller="19900000001")
    assert first.citizen_id and first.citizen_id == second.citizen_id
    assert actions.start_conversation(channel="voice", caller="anonymous").citizen_id is None


def test_same_outside_reference_is_the_same_conversation(scripted_bot):
    first = actions.start_conversation(channel="voice", external_id="CA1")
    assert actions.start_conversation(channel="voice", external_id="CA1").pk == first.pk
    actions.end(conversation=first, by="citizen", reason="hung_up")
    assert actions.start_conversation(channel="voice", external_id="CA1").pk != first.pk


def test_line_that_a_person_answers_first(scripted_bot):
    class Line:
        number, answer_first = "12345", "person"

    talk = actions.start_conversation(channel="voice", line=Line(), greeting="您好,12345。")
    assert talk.owner == "queue" and scripted_bot.heard == []
    assert selectors.turns_after(talk, 0)[0].text == "您好,12345。"


def test_memory_changed_by_another_process_is_not_overwritten(talk, scripted_bot):
    tries = []

    def meddle():
        tries.append(1)
        if len(tries) == 1:
            Conversation.objects.filter(pk=talk.pk).update(dialogue='{"turn": 40}')

    scripted_bot.before_answer = meddle
    turns = actions.citizen_says(conversation=talk, text="你好")
    assert len(tries) == 2 and len(turns) == 2
    talk.refresh_from_db()
    assert '"turn": 41' in talk.dialogue


def test_bot_that_lost_ownership_is_not_heard(talk, scripted_bot, seat):
    scripted_bot.before_answer = lambda: actions.hand_over(conversation=talk, reason="asked", by="citizen")
    turns = actions.citizen_says(conversation=talk, text="你好")
    assert [t.speaker for t in turns] == ["citizen"]
    assert not Turn.objects.filter(conversation=talk, text="听到:你好").exists()
    assert talk.events.filter(kind="dropped", by="bot").exists()


def test_left_behind(talk, scripted_bot):
    unfinished = actions.start_conversation(channel="chat")
    Conversation.objects.filter(pk=unfinished.pk).update(dialogue='{"flow": "report"}')
    Conversation.objects.update(active_at=timezone.now() - timedelta(hours=2))
    end_stale()
    talk.refresh_from_db()
    unfinished.refresh_from_db()
    assert (talk.status, talk.end_reason) == ("ended", "left")
    assert (unfinished.status, unfinished.owner) == ("broken_off", "queue")


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_each_its_own_number(scripted_bot):
    talk = actions.start_conversation(channel="chat")
    failures = []

    def say(n):
        try:
            actions.citizen_says(conversation=talk, text=f"第{n}句", client_ref=f"r{n}")
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=say, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [t.seq for t in selectors.turns_after(talk, 0)] == list(range(1, 18))
