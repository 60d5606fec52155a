"""Recognised words become text that people read."""

import pytest

from speech_models import numerals
from speech_models.postprocess import Names, clean, is_digits


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("昨天 晚上 八 点 半 中山路 三 百 二 十 号 停电", "昨天晚上8点半中山路320号停电"),
        ("我 的 手机号 是 幺 三 八 零 零 一 二 三 四 五 六", "我的手机号是13800123456"),
        ("二 零 二 六 年 十 月 三 十 一 号", "2026年10月31号"),
        ("十 二 单元 五 零 二 室", "12单元502室"),
        ("三 百 零 二 室", "302室"),
        ("一 万 三 千 五", "13500"),
        ("两 点 五 分", "2点5分"),
        ("一 个 人 一直 等 一下", "一个人一直等一下"),
        ("一 起 交通事故", "一起交通事故"),
        ("三 次", "三次"),
        ("hello world 你好", "hello world你好"),
        ("", ""),
    ],
)
def test_numbers_are_written_and_words_stay_words(heard, written):
    assert clean(heard) == written


@pytest.mark.parametrize("number", [0, 5, 10, 14, 20, 101, 110, 320, 1005, 2026, 10000, 13500, 100010, 20300400])
def test_a_number_that_is_said_is_understood_again(number):
    words = list(numerals.spoken(number))
    if number >= 10:
        assert numerals.value(words) == number


def test_numbers_too_large_to_say_are_refused():
    with pytest.raises(ValueError, match="digits"):
        numerals.spoken(10**8)
    assert numerals.spelled("110") == "幺幺零"


def test_names_are_written_as_the_gazetteer_writes_them():
    names = Names(["中山路", "翠湖小区", "滨河路"])
    assert names.correct("钟山璐的翠湖小区在宾和路") == "中山路的翠湖小区在滨河路"
    assert clean("我 在 钟 山 璐", names=names) == "我在中山路"


def test_names_that_sound_alike_are_left_alone_and_short_ones_too():
    assert Names(["兰宁路", "南宁路"]).correct("蓝宁路") == "蓝宁路"
    assert Names(["城北"]).correct("成北") == "成北"
    assert Names([]).correct("随便") == "随便"


def test_digit_strings_are_known():
    assert is_digits(clean("一 二 三 四"))
    assert not is_digits(clean("一 个"))
