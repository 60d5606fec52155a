"""The language of dispatch rules: what it means, what it refuses and where, and that every fact it asks for counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import City
from ticketing.dispatch import actions
from ticketing.dispatch.candidates import OrderFacts, rank
from ticketing.dispatch.conditions import ConditionError, Subject, compile_condition, quoted, written
from ticketing.dispatch.models import Alert, DispatchRule
from ticketing.dispatch.rules import BadRule, read_condition
from ticketing.outbox.models import FeedEvent

SUBJECT = Subject("中山路路灯坏了，晚上很黑", {"region": frozenset({"east", "东片区"}), "item": frozenset({"LAMP", "路灯不亮"})})


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ('"路灯"', True),
        ("“红绿灯”", False),
        ('"路灯" and "黑"', True),
        ('"路灯" and "红绿灯"', False),
        ('"红绿灯" or "路灯"', True),
        ('not "红绿灯"', True),
        ('"红绿灯" or "路灯" and "白天"', False),  # and binds closer than or
        ('("红绿灯" or "路灯") and "黑"', True),
        ('not ("路灯" and "黑")', False),
        ('any("红绿灯", "路灯")', True),
        ('all("红绿灯", "路灯")', False),
        ('region = "东片区"', True),
        ('region = ("west", "east")', True),
        ('region != "east"', False),
        ('item = "LAMP" and not region = "west"', True),
        ('urgency = "critical"', False),
        ('urgency != "critical"', True),
        ("「路灯」 且 非 「红绿灯」 且 区域 ＝ “东片区”", True),
        ("任一（“红绿灯”，“路灯”） 或 全部(“甲”、“乙”)", True),
    ],
)
def test_what_a_condition_means(condition: str, holds: bool) -> None:
    assert compile_condition(condition)(SUBJECT) is holds


@pytest.mark.parametrize(
    ("condition", "position"),
    [
        ("路灯", 1),
        ('"路灯" "黑"', 6),
        ('"路灯" and', 9),
        ('"路灯', 1),
        ('("路灯" or "黑"', 13),
        ('"路灯")', 5),
        ("any()", 5),
        ('any("甲" "乙")', 9),
        ('region "east"', 8),
        ("region = east", 10),
        ('colour = "red"', 1),
        ('"路灯" & "黑"', 6),
        ('""', 1),
        ("", 1),
        ("(" * 40 + '"甲"', 31),
        ('"甲" or ' * 400, 2001),
    ],
)
def test_what_does_not_read_is_refused_at_its_position(condition: str, position: int) -> None:
    with pytest.raises(ConditionError) as refused:
        compile_condition(condition)
    assert refused.value.position == position
    assert str(position) in str(refused.value)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_never_anything_else(text: str) -> None:
    try:
        compile_condition(text)(SUBJECT)
    except ConditionError as error:
        assert 1 <= error.position <= len(text) + 1


@given(st.lists(st.text("路灯黑\"“”'「」", min_size=1, max_size=5), min_size=1, max_size=4))
def test_words_of_columns_become_a_condition_that_reads(words: list[str]) -> None:
    usable = [w for w in words if quoted(w)[1:-1].strip()]
    if usable:
        compile_condition(written(any_of=usable, all_of=usable, item="LAMP", region="east", condition='"甲" or "乙"'))


def test_codes_and_names_must_exist_here(city: City) -> None:
    read_condition('item = "LAMP" and region = "东片区" and category = "城乡建设" and type = "投诉" and urgency = "critical"')
    for wrong in ('item = "NOPE"', 'region = "NOPE"', 'category = "NOPE"', 'type = "NOPE"', 'urgency = "NOPE"'):
        with pytest.raises(BadRule) as refused:
            read_condition(wrong)
        assert refused.value.position == wrong.index('"') + 1


FACTS = {
    '"路灯"': {"text": "别的"},
    'item = "LAMP"': {"duty_item": None},
    'category = "城乡建设"': {"duty_item": None},
    'region = "东片区"': {"region": None},
    'urgency = "urgent"': {"urgency": "normal"},
    'type = "complaint"': {"order_type": "praise"},
}


@pytest.mark.parametrize("condition", FACTS)
def test_without_the_fact_that_a_rule_asks_for_its_reason_and_weight_go(city: City, condition: str) -> None:
    DispatchRule.objects.create(name="规则", condition=condition, to_unit=city.units["HOUSE"])
    facts = OrderFacts(
        text="路灯坏了", duty_item=city.items["LAMP"], region=city.regions["east1"], urgency="urgent", order_type="complaint"
    )
    scores = {c.unit.code: c.score for c in rank(facts)}
    assert scores["HOUSE"] == 100
    assert "HOUSE" not in {c.unit.code for c in rank(replace(facts, **FACTS[condition]))}


def test_the_first_rule_that_holds_decides_and_later_ones_only_add(city: City) -> None:
    DispatchRule.objects.create(name="先", position=10, condition='"路灯"', to_unit=city.units["HOUSE"])
    DispatchRule.objects.create(name="后", position=20, condition='"路灯"', to_unit=city.units["LIGHT"])
    order = city.order()
    [decision] = actions.route_orders(order_ids=[order.pk])
    assert decision.automatic and decision.chosen_unit == city.units["HOUSE"]
    assert [c["score"] for c in decision.candidates] == [100, 50]


def test_a_rule_that_raises_is_switched_off_once_with_a_notice_and_the_order_goes_on(city: City) -> None:
    good = DispatchRule.objects.create(name="好规则", condition='"路灯"', to_unit=city.units["LIGHT"])
    broken = DispatchRule.objects.create(name="坏规则", position=1, condition='"路灯" and', to_unit=city.units["HOUSE"])
    order, other = city.order(), city.order(content="路灯又坏了")
    [decision, _second] = actions.route_orders(order_ids=[order.pk, other.pk])
    assert decision.automatic and decision.chosen_unit == city.units["LIGHT"]
    broken.refresh_from_db()
    good.refresh_from_db()
    assert good.is_active and not broken.is_active and "9" in broken.switched_off_because
    alert = Alert.objects.get()
    assert (alert.kind, alert.data["rule"], alert.noted_at) == (Alert.Kind.RULE_OFF, "坏规则", None)
    assert FeedEvent.objects.filter(stream="inbox", kind="alert").count() == 1
