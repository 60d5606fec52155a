"""What rules decide alone: emergencies, yes and no, a wanted person, noise, numbers that prove themselves, times."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.nlu import rules
from chatbot.nlu.numerals import digit_runs, parse_number, spoken_digits
from chatbot.nlu.text import MAX_CHARS, normalise
from chatbot.nlu.times import find_times
from ticketing.orders.numbers import format_number

NOW = datetime(2026, 11, 22, 16, 30)  # a Sunday


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("着火了", "119"),
        ("楼上冒烟了 火很大", "119"),
        ("煤气泄漏 满屋都是味", "119"),
        ("工地塌方埋了两个人", "119"),
        ("化工厂爆炸了", "119"),
        ("小孩掉河里了", "119"),
        ("电梯里困住人了", "119"),
        ("有人要跳楼", "110"),
        ("有人拿刀砍人", "110"),
        ("他抢了我的包 抢劫", "110"),
        ("有贼进屋了", "110"),
        ("他在打我 快来", "110"),
        ("救命啊", "110"),
        ("老人晕倒了叫不醒", "120"),
        ("我爸胸口很疼喘不上气", "120"),
        ("学生食物中毒了", "120"),
        ("流了好多血", "120"),
        ("出车祸了", "122"),
        ("我被电动车撞倒了", "122"),
    ],
)
def test_emergencies_are_found_with_the_number_to_call(text, number):
    found = rules.find_emergency(text)
    assert found is not None
    assert found.number == number


@pytest.mark.parametrize(
    "text",
    [
        "消防通道被堵了",
        "楼道有火灾隐患",
        "交通事故怎么认定",
        "火车站在哪里",
        "饭店油烟太大",
        "去年着火赔偿怎么申请",
        "我火大得很",
        "工厂晚上偷偷排黑烟",
        "煤气费太贵了",
        "灭火器多少钱",
        "我担心会着火",
        "小区抢车位",
        "麻烦打扫一下",
        "手机掉水里了",
        "打架斗殴怎么处罚",
        "孩子要生日了",
        "井盖没了 差点掉进去",
        "我要投诉邻居打桩",
        "抢修太慢",
        "路灯坏了",
    ],
)
def test_what_only_sounds_like_an_emergency_is_none(text):
    assert rules.find_emergency(text) is None


@pytest.mark.parametrize(
    "text", ["转人工", "我要找真人", "接线员", "嗯 转一下人工吧", "不跟机器人说", "找个人跟我讲", "human please"]
)
def test_a_wanted_person_is_understood(text):
    assert rules.says("human", text)


@pytest.mark.parametrize("text", ["人工智能学校在哪", "人工湖的水很臭", "不用转人工", "你是真人吗", "路边没人管"])
def test_words_that_only_contain_it_are_no_wish_for_a_person(text):
    assert not rules.says("human", text)


@pytest.mark.parametrize(
    "text", ["对", "对的", "是的", "没错", "嗯 对", "好的 提交吧", "可以可以", "就是这样", "yes", "没问题的", "对对对"]
)
def test_yes(text):
    assert rules.yes_or_no(text) == rules.YES


@pytest.mark.parametrize("text", ["不对", "不是", "没有", "错了", "不用了 谢谢", "嗯 不对", "没有了", "no", "不是不是"])
def test_no(text):
    assert rules.yes_or_no(text) == rules.NO


@pytest.mark.parametrize("text", ["嗯", "嗯嗯", "啊", "哦"])
def test_a_hesitation_is_only_a_weak_yes(text):
    assert rules.yes_or_no(text) == rules.WEAK_YES


@pytest.mark.parametrize(
    "text", ["对面", "是不是", "好像不对吧是昨天", "对但是地址错了", "。", "😀", "qwert", "咕噜咕噜", "12", "好贵", ""]
)
def test_neither_yes_nor_no(text):
    assert rules.yes_or_no(text) == ""


@pytest.mark.parametrize("text", ["", "。", "!!!", "😀😀", "嗯", "啊啊啊", "咕噜咕噜", "qwert", "x", "哈哈哈哈", "…", "滴滴滴"])
def test_noise(text):
    assert rules.is_noise(normalise(text))


@pytest.mark.parametrize("text", ["停水", "对", "人工", "12", "喂你好", "火", "hello", "110"])
def test_short_words_are_no_noise(text):
    assert not rules.is_noise(text)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("我要投诉物业", "report_complaint"),
        ("嗯 我想表扬一下社区的同志", "praise"),
        ("你好我想提个建议", "suggest"),
        ("我要实名举报一个人", "report_violation"),
        ("想咨询一下公积金", "consult_policy"),
        ("我要撤单", "cancel_ticket"),
        ("他们投诉我", ""),
        ("路灯坏了", ""),
    ],
)
def test_what_a_call_is_for_when_it_is_said_plainly(text, intent):
    assert rules.declared_intent(text) == intent


def kinds(text: str) -> dict[str, str]:
    return {span.kind: span.value for span in rules.find_spans(text, NOW)}


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("我电话13800001234", "13800001234"),
        ("138 0000 1234", "13800001234"),
        ("138-0000-1234", "13800001234"),
        ("幺三八零零零零幺二三四", "13800001234"),
        ("一三八 四个零 一二三四", "13800001234"),
        ("+8613800001234", "13800001234"),
        ("座机025-80000012", "02580000012"),
    ],
)
def test_telephone_numbers_written_and_spoken(text, phone):
    assert kinds(text)["phone"] == phone


def test_order_number_must_prove_itself():
    number = format_number(date(2026, 11, 18), 12)
    spans = rules.find_spans(f"编号{number}", NOW)
    assert [(s.kind, s.value, s.confidence) for s in spans] == [("order_number", number, 1.0)]
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert [(s.kind, s.confidence) for s in rules.find_spans(f"编号{wrong}", NOW)] == [("order_number", 0.3)]


@given(st.integers(1, 99_999), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_of_an_order_number_is_always_noticed(sequence, place, shift):
    number = format_number(date(2026, 11, 18), sequence)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not any(span.kind == "order_number" and span.confidence > 0.9 for span in rules.find_spans(wrong, NOW))


def test_spoken_order_number_is_read():
    number = format_number(date(2026, 11, 18), 12)
    assert kinds(spoken_digits(number, group=(4,)))["order_number"] == number


def test_identity_number_by_checksum():
    assert rules.is_id_number("11010519491231002X")  # the worked example of GB 11643
    assert not rules.is_id_number("110105194912310021")
    assert kinds("身份证11010519491231002x")["id_number"] == "11010519491231002X"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三百六十五", 365), ("两千零五", 2005), ("一万二", 12_000), ("三百五", 350), ("十", 10), ("二十", 20), ("一百零八", 108),
        ("三万五千", 35_000), ("幺三八", 138), ("一亿三千万", 130_000_000), ("42", 42), ("两", 2), ("三千零五十", 3050),
        ("二三百", None), ("", None), ("路灯", None),
    ],
)  # fmt: skip
def test_numerals(text, value):
    assert parse_number(text) == value


@given(st.text(alphabet="0123456789", min_size=2, max_size=18))
def test_digits_read_out_are_understood_again(digits):
    assert "".join(run for run, _, _ in digit_runs(spoken_digits(digits, group=(4,)))) == digits


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("昨天晚上十点", "2026-11-21T22:00"),
        ("三天前", "2026-11-19"),
        ("上周五下午三点半", "2026-11-13T15:30"),
        ("十月二十号", "2026-10-20"),
        ("昨晚11点多", "2026-11-21T23:00"),
        ("今早", "2026-11-22T08:00"),
        ("2026年5月3日", "2026-05-03"),
        ("两个小时前", "2026-11-22T14:30"),
        ("凌晨两点", "2026-11-22T02:00"),
        ("礼拜三", "2026-11-18"),
        ("半个月了", "半个月"),
        ("每天晚上", "每天晚上"),
        ("晚上十点以后", "晚上十点以后"),
        ("下午一点到三点", "2026-11-22T13:00"),
        ("去年冬天", "去年冬天"),
    ],
)
def test_times_relative_to_a_moment(text, value):
    assert find_times(text, NOW)[0].value == value


@pytest.mark.parametrize("text", ["人民路88号", "中山路三号院", "幸福路十五号", "快一点", "我有点生气", "晚一点再说"])
def test_what_is_no_time(text):
    assert find_times(text, NOW) == []


@given(st.text(max_size=80), st.datetimes(datetime(2020, 1, 2), datetime(2030, 12, 30)))
def test_no_text_breaks_the_rules(text, now):
    folded = normalise(text)
    for span in rules.find_spans(folded, now):
        assert folded[span.start : span.end] == span.text
    rules.find_emergency(folded)
    rules.yes_or_no(folded)
    rules.is_noise(folded)


def test_long_text_is_cut_and_control_characters_go():
    assert len(normalise("啊" * 100_000)) == MAX_CHARS
    assert normalise("路\u200b灯\u202e坏\x00了") == "路灯坏了"
    assert normalise("１２３　路灯") == "123 路灯"
