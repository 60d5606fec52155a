"""A draft is replayed over past orders: who would have got what, and which returns it would have saved or caused."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.cast import City
from tests.ticketing.dispatch.messages import messages
from ticketing.dispatch import learning
from ticketing.dispatch.models import DispatchRule
from ticketing.dispatch.rehearsal import Outcome, Setup, rehearse
from ticketing.orders.models import OrderEvent, WorkOrder


@pytest.fixture(autouse=True)
def _own_models(tmp_path: Path, settings: Any) -> None:
    settings.MODELS_DIR = tmp_path / "models"


def settled(city: City, by: str, *, gave_back: str = "", **changes: Any) -> WorkOrder:
    """A lamp that was put right by a unit, perhaps after another one gave the order back."""
    order = city.order(duty_item=city.items["LAMP"], content=f"中山路路灯坏了{WorkOrder.objects.count()}", **changes)
    WorkOrder.objects.filter(pk=order.pk).update(unit=city.units[by], state="closed")
    if gave_back:
        OrderEvent.objects.create(
            order=order, seq=90, action="accept_return", at=timezone.now(), to_state="triage", actor_kind="staff",
            actor_role="dispatcher", actor_name="派单员", data={"from_unit": gave_back}, hash="-",
        )  # fmt: skip
    return order


def draft_file(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")
    return path


def rule_to(unit: str, **when: Any) -> dict[str, Any]:
    return {"name": f"路灯归{unit}", "when": when or {"any_keywords": ["路灯"]}, "then": {"unit": unit}}


def replay(tmp_path: Path, rows: list[dict[str, Any]]) -> Outcome:
    present = Setup.present()
    draft = present.draft(rules=draft_file(tmp_path / "rules.yml", rows))
    return rehearse(present=present, draft=draft, days=30)


def test_a_draft_that_sends_orders_where_they_ended_up_saves_the_returns(city: City, tmp_path: Path) -> None:
    settled(city, "HOUSE", gave_back="LIGHT")
    found = replay(tmp_path, [rule_to("HOUSE")])
    assert (found.orders, found.moved) == (1, 1)
    assert (found.right_now, found.right_then) == (0, 1)
    assert (found.returns_saved, found.returns_caused) == (1, 0)
    assert found.units["LIGHT"].returns_saved == 1
    assert (found.units["LIGHT"].loses, found.units["HOUSE"].gets) == (1, 1)
    assert found.examples[0]["draft"] == "HOUSE"


def test_a_draft_that_sends_orders_astray_causes_returns(city: City, tmp_path: Path) -> None:
    settled(city, "LIGHT")
    found = replay(tmp_path, [rule_to("HOUSE")])
    assert (found.returns_saved, found.returns_caused) == (0, 1)
    assert found.units["HOUSE"].returns_caused == 1


def test_the_same_rules_change_nothing(city: City, tmp_path: Path) -> None:
    DispatchRule.objects.create(name="路灯归HOUSE", any_keywords=["路灯"], to_unit=city.units["HOUSE"])
    settled(city, "LIGHT")
    found = replay(tmp_path, [rule_to("HOUSE")])
    assert (found.orders, found.moved, found.returns_saved, found.returns_caused) == (1, 0, 0, 0)


def test_a_rule_for_another_place_or_switched_off_does_not_count(city: City, tmp_path: Path) -> None:
    settled(city, "LIGHT")
    rows = [rule_to("HOUSE", any_keywords=["路灯"], region="west"), {**rule_to("HOUSE"), "active": False}]
    assert replay(tmp_path, rows).moved == 0


def test_a_drafted_duty_list_moves_its_orders(city: City, tmp_path: Path) -> None:
    settled(city, "HOUSE")
    present = Setup.present()
    file = draft_file(tmp_path / "items.yml", [{"code": "LAMP", "owner": "HOUSE", "acts_at": "city"}])
    found = rehearse(present=present, draft=present.draft(duty_list=file), days=30)
    assert (found.moved, found.right_then, found.returns_saved) == (1, 1, 1)


def test_a_drafted_model_changes_what_is_proposed_but_dispatches_nothing(city: City, tmp_path: Path) -> None:
    order = settled(city, "LIGHT")
    WorkOrder.objects.filter(pk=order.pk).update(duty_item=None)
    rows = [
        (f"{text}路灯坏了" if n % 3 == 0 else text, "LAMP" if n % 3 == 0 else "X") for n, (text, _) in enumerate(messages(60))
    ]
    learning.fit([t for t, _ in rows], [label for _, label in rows]).model.save(tmp_path / "other" / "router.npz")
    present = Setup.present()
    found = rehearse(present=present, draft=present.draft(model=tmp_path / "other"), days=30)
    assert (found.right_now, found.right_then) == (0, 1)
    assert (found.automatic_now, found.automatic_then) == (0, 0)


def test_sealed_old_and_undispatched_orders_are_left_out(city: City, tmp_path: Path) -> None:
    settled(city, "LIGHT", secrecy="sealed")
    city.order(content="还没派")
    old = settled(city, "LIGHT")
    WorkOrder.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    assert replay(tmp_path, [rule_to("HOUSE")]).orders == 0


def test_nothing_is_written_and_queries_do_not_grow(city: City, tmp_path: Path, django_assert_max_num_queries: Any) -> None:
    for _ in range(6):
        settled(city, "LIGHT")
    before = DispatchRule.objects.count()
    with django_assert_max_num_queries(16):
        assert replay(tmp_path, [rule_to("HOUSE")]).moved == 6
    assert DispatchRule.objects.count() == before


def test_the_command_tells_and_ends_with_json(city: City, tmp_path: Path) -> None:
    settled(city, "HOUSE", gave_back="LIGHT")
    out, file = StringIO(), draft_file(tmp_path / "rules.yml", [rule_to("HOUSE")])
    call_command("rehearse_dispatch", "--rules", str(file), "--days", "30", "--json", stdout=out)
    lines = out.getvalue().strip().splitlines()
    assert json.loads(lines[-1])["returns_saved"] == 1
    assert lines[-2].endswith("Returns saved 1, caused 0.")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("- {name: 甲, when: {any_keywords: [路灯]}, then: {unit: NOWHERE}}", "dispatch rule '甲': 'NOWHERE' is unknown"),
        ("甲: 乙", "must be a list of entries"),
        ("- [", "is not readable YAML"),
    ],
)
def test_a_draft_that_will_not_do_gets_one_sentence(city: City, tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(CommandError) as raised:
        call_command("rehearse_dispatch", "--rules", str(file))
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_draft_must_be_named_and_exist(city: City, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Name a draft"):
        call_command("rehearse_dispatch")
    with pytest.raises(CommandError, match="There is no file"):
        call_command("rehearse_dispatch", "--rules", str(tmp_path / "none.yml"))
    with pytest.raises(CommandError, match="holds no usable"):
        call_command("rehearse_dispatch", "--model", str(tmp_path))
