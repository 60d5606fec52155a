"""The call session with a scripted recogniser and a clock of its own."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from hotline.voice import session as session_module
from hotline.voice.events import ClearSpeech, Ended, TurnShown
from hotline.voice.listening import Expected
from speech_models.scripted import Utterance
from tests.hotline.voice.calls import LOUD, QUIET, Call, FakeTalk

pytestmark = pytest.mark.usefixtures("voice_out")


async def test_greets_hears_and_answers():
    call = Call(FakeTalk(answers=["在什么地方？"]), ["我 要 投诉"])
    await call.begin()
    assert call.spoken == ["您好，请讲。"]
    await call.listen()
    await call.say()
    assert call.said == ["我要投诉"]
    assert call.spoken[-1] == "在什么地方？"
    assert [event.turn["speaker"] for event in call.of(TurnShown)] == ["bot", "citizen", "bot"]
    assert call.partials and "我要投诉".startswith(call.partials[0])
    await call.end()
    assert call.talk.broken_off == "hung_up"


async def test_partials_come_at_most_five_times_a_second():
    call = Call(FakeTalk(), [Utterance("一 二 三 四 五 六 七 八 九 零 一 二 三 四 五 六 七 八 九 零", 2000)])
    await call.begin()
    await call.listen()
    await call.sound(2000)
    assert 2 <= len(call.partials) <= 10
    await call.end()


async def test_who_has_the_call_reads_what_is_being_said_at_most_four_times_a_second():
    words = "路灯 坏 了 很 久 没 有 人 来 修 晚上 看 不 见 路 很 危险 请 快 修"
    call = Call(FakeTalk(owner="seat"), [Utterance(words, 2000)])
    await call.begin()
    await call.listen()
    await call.say(2000)
    heard = call.talk.overheard
    assert 4 <= len(heard) <= 9
    assert all(text and later.startswith(text) for text, later in pairwise(heard))
    assert call.said[0].startswith(heard[-1])
    await call.end()


async def test_nobody_overhears_the_bot():
    call = Call(FakeTalk(answers=["好的。"]), ["路灯 坏 了"])
    await call.begin()
    await call.listen()
    await call.say()
    assert call.said == ["路灯坏了"] and call.talk.overheard == []
    await call.end()


async def test_on_hold_the_caller_hears_now_and_then_that_we_are_there_and_is_listened_to():
    talk = FakeTalk(owner="seat", held=True)
    call = Call(talk, ["还 在 吗"])
    await call.begin("请稍等。")
    await call.listen()
    await call.sound(19_000, QUIET)
    assert talk.hold_prompt not in call.spoken
    await call.sound(2000, QUIET)
    assert call.spoken.count(talk.hold_prompt) == 1
    await call.listen()
    await call.say()
    assert call.said == ["还在吗"]
    talk.held = False
    call.session.nudge()
    await call.settle()
    await call.sound(30_000, QUIET)
    assert call.spoken.count(talk.hold_prompt) == 1
    await call.end()


async def test_silence_is_no_turn_and_the_question_comes_again_after_five_seconds():
    call = Call(FakeTalk(), ["我"])
    await call.begin()
    await call.listen()
    await call.sound(4800, QUIET)
    assert call.talk.heard == []
    await call.sound(600, QUIET)
    assert call.talk.heard == [("silent", "")]
    assert call.spoken[-1] == "您还在吗？"
    await call.end()


async def test_noise_without_words_is_no_turn():
    call = Call(FakeTalk(), [""])
    await call.begin()
    await call.listen()
    await call.say(400)
    assert call.said == []
    await call.end()


async def test_a_pause_within_a_number_does_not_end_it():
    talk = FakeTalk(expected=Expected("digits", 11))
    call = Call(talk, [Utterance("幺 三 九 零 零 零 零 零 零 零 幺", 3000)])
    await call.begin()
    await call.listen()
    await call.sound(1200)
    await call.sound(1200, QUIET)
    assert call.said == []
    await call.sound(1200)
    await call.sound(1800, QUIET)
    assert call.said == ["13900000001"]
    await call.end()


async def test_a_closed_question_is_answered_sooner_than_an_open_one():
    spent = {}
    for expected in (Expected("closed"), Expected("open")):
        call = Call(FakeTalk(expected=expected), [Utterance("是的", 400)])
        await call.begin()
        await call.listen()
        await call.sound(600)
        quiet = 0
        while not call.said:
            await call.sound(100, QUIET)
            quiet += 100
        spent[expected.kind] = quiet
        await call.end()
    assert 500 <= spent["closed"] < spent["open"] <= 3000


async def test_endless_noise_after_words_ends_the_turn_within_three_seconds():
    call = Call(FakeTalk(), [Utterance("我 要 投诉", 800)])
    await call.begin()
    await call.listen()
    await call.sound(800 + 3200)
    assert call.said == ["我要投诉"]
    await call.end()


async def test_speaking_half_a_second_stops_our_voice():
    call = Call(FakeTalk(answers=["好的。"]), [Utterance("等 一下 我 要 说", 2000)])
    await call.begin("您好，这里是热线，请说说您要办的事，我们会尽快为您办理。")
    await call.sound(400)
    assert not call.of(ClearSpeech)
    await call.sound(300)
    assert len(call.of(ClearSpeech)) == 1
    await call.sound(1300)
    await call.sound(1500, QUIET)
    assert call.said == ["等一下我要说"]
    await call.end()


async def test_a_short_nod_does_not_stop_our_voice():
    call = Call(FakeTalk(owner="queue"), [Utterance("嗯", 200)])
    await call.begin("您好，这里是热线，请说说您要办的事，我们会尽快为您办理，请您耐心等待。")
    await call.sound(240)
    await call.sound(1500, QUIET)
    assert not call.of(ClearSpeech) and call.said == []
    await call.end()


async def test_the_word_for_a_person_stops_our_voice_at_once():
    call = Call(FakeTalk(), [Utterance("转人工", 200)])
    await call.begin("您好，这里是热线，请说说您要办的事，我们会尽快为您办理。")
    await call.sound(400)
    await call.sound(40, QUIET)
    assert len(call.of(ClearSpeech)) == 1
    await call.end()


async def test_a_false_alarm_goes_on_where_it_was_interrupted():
    call = Call(FakeTalk(), [""])
    await call.begin("第一句话在这里说完。第二句话在这里说完。")
    await call.sound(700)
    assert len(call.of(ClearSpeech)) == 1
    await call.sound(1500, QUIET)
    assert call.spoken == ["第一句话在这里说完。", "第二句话在这里说完。", "第一句话在这里说完。", "第二句话在这里说完。"]
    assert call.session.figures.false_alarms == 1
    await call.end()


async def test_zero_calls_a_person_and_stops_our_voice():
    call = Call(FakeTalk(), ["我"])
    await call.begin("您好，这里是热线，请说说您要办的事。")
    call.session.key("0")
    await call.settle()
    assert call.talk.heard == [("keys", "0")] and call.session.owner == "queue"
    assert len(call.of(ClearSpeech)) == 1
    await call.end()


async def test_keyed_numbers_are_collected_and_zero_is_a_digit_within_them():
    call = Call(FakeTalk(expected=Expected("digits", 11)), ["我"])
    await call.begin()
    await call.listen()
    for digit in "13900000001":
        call.session.key(digit)
    await call.settle()
    assert call.talk.heard == [("keys", "13900000001")]
    await call.end()


async def test_a_number_of_unknown_length_ends_with_the_hash_or_after_a_pause_and_the_star_clears_it():
    call = Call(FakeTalk(expected=Expected("digits")), ["我"])
    await call.begin()
    await call.listen()
    for digit in "99*12#":
        call.session.key(digit)
    await call.settle()
    for digit in "34":
        call.session.key(digit)
    await call.wait(2.8)
    assert call.talk.heard == [("keys", "12")]
    await call.wait(0.5)
    assert call.talk.heard == [("keys", "12"), ("keys", "34")]
    await call.end()


async def test_keys_that_are_on_no_telephone_are_ignored():
    call = Call(FakeTalk(), ["我"])
    await call.begin()
    for key in ("", "A", "12", "#️⃣"):
        call.session.key(key)
    await call.settle()
    assert call.talk.heard == []
    await call.end()


async def test_a_line_that_breaks_in_mid_sentence_keeps_what_was_said():
    call = Call(FakeTalk(), [Utterance("我 要 投诉 中山路", 2000)])
    await call.begin()
    await call.listen()
    await call.sound(1500)
    assert call.said == []
    await call.end("hung_up")
    assert call.said == ["我要投诉"] or call.said == ["我要投诉中山路"]
    assert call.talk.broken_off == "hung_up"
    assert call.source.streams[0].closed


async def test_digits_that_were_keyed_before_the_line_broke_are_kept():
    call = Call(FakeTalk(expected=Expected("digits", 11)), ["我"])
    await call.begin()
    call.session.key("1")
    call.session.key("3")
    await call.end()
    assert call.talk.heard == [("keys", "13")]


async def test_missing_sound_is_noticed_and_ends_an_open_turn():
    call = Call(FakeTalk(), [Utterance("我 要 投诉", 600)])
    await call.begin()
    await call.listen()
    await call.sound(800)
    await call.wait(0.4)
    assert call.session.figures.audio_gaps == 0
    await call.wait(0.3)
    assert call.session.figures.audio_gaps == 1
    assert call.session.gaps[0]["why"] == "network"
    await call.wait(3)
    assert call.said == ["我要投诉"]
    await call.end()


async def test_after_the_last_word_the_line_is_closed():
    talk = FakeTalk(answers=["感谢来电，再见。"])
    call = Call(talk, ["没有 了"])
    await call.begin()
    await call.listen()

    async def over() -> None:
        talk.status = "ended"

    talk.before_answer = over
    await call.say()
    assert not call.of(Ended)
    await call.listen()
    assert len(call.of(Ended)) == 1
    await call.end("done")


async def test_a_mark_that_never_comes_back_is_given_up():
    talk = FakeTalk(status="ended")
    call = Call(talk, ["我"])
    await call.begin("再见。")
    await call.wait(0.5)
    assert not call.of(Ended)
    await call.wait(1.5)
    assert len(call.of(Ended)) == 1
    await call.end("done")


async def test_what_a_person_says_is_spoken_and_the_bot_is_not_asked_for_silence():
    talk = FakeTalk(owner="seat")
    call = Call(talk, ["我"])
    await call.begin()
    await call.listen()
    talk.pending.append(talk.turn("seat", "您好，我是坐席。"))
    call.session.nudge()
    await call.settle()
    assert call.spoken[-1] == "您好，我是坐席。"
    await call.listen()
    await call.sound(8000, QUIET)
    assert ("silent", "") not in talk.heard
    await call.end()


async def test_typed_words_are_a_turn():
    call = Call(FakeTalk(answers=["好的。"]), ["我"])
    await call.begin()
    call.session.text("路灯坏了")
    await call.settle()
    assert call.said == ["路灯坏了"] and call.spoken[-1] == "好的。"
    await call.end()


async def test_without_a_recogniser_keys_and_text_remain():
    call = Call(FakeTalk(answers=["好的。"]), [], recogniser=None)
    await call.begin()
    await call.say()
    assert call.said == []
    call.session.text("路灯坏了")
    await call.settle()
    assert call.said == ["路灯坏了"]
    await call.end()


async def test_sound_of_another_rate_is_resampled():
    call = Call(FakeTalk(), ["我 要 投诉"], rate=16000)
    await call.begin()
    await call.listen()
    wide = b"".join(LOUD[i : i + 2] * 2 for i in range(0, len(LOUD), 2))
    await call.sound(1000, wide)
    await call.sound(1400, bytes(640))
    assert call.said == ["我要投诉"]
    await call.end()


async def test_the_recording_has_both_sides_in_step(settings, tmp_path):
    settings.RECORDINGS_DIR = tmp_path
    from hotline.voice.recording import finish_file, read_caller

    call = Call(FakeTalk(), ["我 要 投诉"], recording="a/b.wav")
    await call.begin("您好。")
    await call.sound(600, QUIET)
    await call.say(600, 1400)
    await call.end()
    path = tmp_path / "a" / "b.wav"
    finished = finish_file(path, 8000)
    assert finished.ms == 2600 and len(finished.sha256) == 64
    assert finish_file(path, 8000) == finished
    assert path.stat().st_mode & 0o077 == 0
    caller = read_caller(path, 8000, 600, 600, 8000)
    assert caller == LOUD * 30
    assert read_caller(path, 8000, 0, 100, 8000) == QUIET * 5
    import numpy as np

    ours = np.frombuffer(path.read_bytes()[44:], "<i2").reshape(-1, 2)[:, 1]
    assert (ours[:2400] == 16).all() and not ours[2400:].any()
    assert call.talk.closed_gaps == []


async def test_what_a_full_queue_dropped_is_a_gap_in_the_recording():
    call = Call(FakeTalk(), [Utterance("我 要 投诉", 800)])
    await call.begin()
    await call.listen()
    for _ in range(250):
        call.session.feed(LOUD)  # five seconds at once: no time to decode
    assert call.session.gaps and all(gap["why"] == "dropped" for gap in call.session.gaps)
    await call.settle()
    await call.end()


async def test_references_differ_between_two_streams_of_one_call():
    talk = FakeTalk()
    for _ in range(2):
        call = Call(talk, ["我 要"])
        await call.begin()
        await call.listen()
        await call.say()
        await call.end()
    assert len(set(talk.refs)) == 2


async def test_the_report_of_a_call_holds_nothing_that_was_said(caplog, capsys):
    caplog.set_level("DEBUG")
    call = Call(FakeTalk(answers=["好的。"]), [Utterance("我 的 手机号 是 幺 三 九 零 零 二 二", 900)])
    await call.begin()
    await call.listen()
    await call.say()
    await call.end()
    out = capsys.readouterr()
    for text in (caplog.text, out.out, out.err):
        assert "1390022" not in text and "手机号" not in text


async def test_hanging_up_twice_is_once():
    call = Call(FakeTalk(), ["我"])
    await call.begin()
    await call.end("hung_up")
    await call.session.hang_up("again")
    assert call.talk.broken_off == "hung_up"
    call.session.feed(LOUD)
    call.session.tick()
    call.session.key("0")
    assert call.talk.heard == []


async def test_a_slow_answer_is_not_spoken_over_new_words(monkeypatch):
    monkeypatch.setattr(session_module, "SILENCE_S", 60)
    talk = FakeTalk(answers=["第一个回答很长很长。", "第二个回答。"])
    call = Call(talk, ["我 要", "不 是"])
    await call.begin()
    await call.listen()
    gate = asyncio.Event()

    async def slow() -> None:
        if len(talk.heard) == 1:
            await gate.wait()

    talk.before_answer = slow
    await call.sound(1000)
    for _ in range(50):
        call.now += 0.02
        call.session.feed(QUIET)
        await asyncio.sleep(0.001)
    assert call.said == ["我要"]
    gate.set()
    await call.settle()
    await call.say()
    assert call.said == ["我要", "不是"]
    assert call.spoken[-1] == "第二个回答。"
    await call.end()
