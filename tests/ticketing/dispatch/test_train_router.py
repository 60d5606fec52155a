"""`manage.py train_router`: what it learns from, what it refuses to learn from, what it leaves beside the model."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.cast import City
from tests.ticketing.dispatch.messages import messages, write_csv
from ticketing.dispatch import classifier, training
from ticketing.dispatch.classifier import Router, get_router
from ticketing.dispatch.models import Decision
from ticketing.orders import actions as orders
from ticketing.orders.models import WorkOrder
from ticketing.orders.selectors import actor_for
from ticketing.orders.workflow import Action


@pytest.fixture(autouse=True)
def models(tmp_path: Path, settings: Any) -> Path:
    settings.MODELS_DIR = tmp_path / "models"
    return tmp_path / "models" / "router"


def train(*options: str) -> str:
    out = StringIO()
    call_command("train_router", *options, stdout=out)
    return out.getvalue()


def by_people(city: City, item: str, content: str, **changes: Any) -> WorkOrder:
    order = city.order(content=content, place=None)
    Decision.objects.create(order=order, candidates=[], automatic=False, chosen_unit=city.units["LIGHT"], at=order.created_at)
    WorkOrder.objects.filter(pk=order.pk).update(duty_item=city.items[item], **changes)
    return order


def test_without_history_it_learns_from_the_duty_list_and_says_so(city: City, models: Path) -> None:
    said = train()
    assert "composed from the duty list" in said
    assert "No order in this database was decided by people yet" in said
    assert get_router().reason_degraded == ""
    assert get_router().suggest("中山路的路灯不亮了")[0].item_code == "LAMP"
    assert {p.name for p in models.iterdir()} == {"router.npz", "card.json", "report.md"}


def test_a_table_is_learned_with_names_of_items_read_as_codes(city: City, models: Path, tmp_path: Path) -> None:
    name = city.items["LAMP"].name
    rows = [(text, name if label == "噪声" else label) for text, label in messages(90)]
    said = train("--csv", str(write_csv(tmp_path / "a.csv", rows)))
    assert "2 of 3 labels are neither code nor name of a duty item here" in said
    assert get_router().suggest("工地夜里施工")[0].item_code == "LAMP"
    card = json.loads((models / "card.json").read_text(encoding="utf-8"))
    assert (card["source"], card["labels"], card["measured_on"]) == ("table", 3, 90)
    assert card["figures"]["whole"]["top1"] > 0.9


def test_the_report_shows_confusions_labels_and_calibration(city: City, tmp_path: Path) -> None:
    rows = messages(90)
    rows += [(f"{text}。", "供水" if label == "公交" else label) for text, label in rows[:30]]
    train("--csv", str(write_csv(tmp_path / "a.csv", rows)))
    report = train("--report")
    for heading in ("## By length", "## Calibration curve", "## Most often taken for another", "## By label"):
        assert heading in report
    assert "| 公交 | 供水 |" in report or "| 供水 | 公交 |" in report
    assert "Limits:" in report


def test_people_s_decisions_are_learned_and_only_theirs(city: City, models: Path) -> None:
    for n in range(12):
        by_people(city, "LAMP", f"巷口那盏灯又黑了{n}")
        by_people(city, "NOISE", f"楼上电钻声响个没完{n}")
    by_people(city, "NOISE", "样例一", origin="generated")
    by_people(city, "NOISE", "举报一", secrecy="sealed")
    machine = by_people(city, "NOISE", "机器派的")
    machine.decisions.update(automatic=True)
    by_people(city, "LAMP", "旧系统的", origin="import").decisions.all().delete()
    assert len(training.decided_orders()) == 25
    said = train("--from-history")
    assert "25 orders decided by people" in said
    assert "on 25 texts held out" in said
    assert get_router().suggest("电钻声响个没完")[0].item_code == "NOISE"
    assert "train_router --from-history learns from them" in train()


def test_a_dispatcher_s_dispatch_is_a_decision(city: City) -> None:
    order = city.order()
    orders.dispatch_order(
        order=order,
        actor=actor_for(city.staff["dispatcher"], order, Action.DISPATCH),
        unit=city.units["LIGHT"],
        reason="归口",
        duty_item=city.items["LAMP"],
    )
    assert [m.label for m in training.decided_orders()] == ["LAMP"]


def test_too_little_history_is_said_plainly(city: City) -> None:
    by_people(city, "LAMP", "只有这一件")
    with pytest.raises(CommandError, match="1 orders that people decided, of 1 duty items; at least two items are needed"):
        train("--from-history")


def test_bad_files_and_missing_reports_get_one_sentence(city: City, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="needs the columns text,label"):
        train("--csv", str(write_csv(tmp_path / "a.csv", [("x", "y")], ("content", "unit"))))
    with pytest.raises(CommandError, match="too little to train on"):
        train("--csv", str(write_csv(tmp_path / "b.csv", [("停水", "供水")])))
    with pytest.raises(CommandError, match=r"run manage\.py train_router first"):
        train("--report")


def test_without_a_model_the_router_says_what_to_do(models: Path) -> None:
    router = Router(models)
    assert router.suggest("路灯不亮") == []
    assert "train_router" in router.reason_degraded


def test_a_broken_model_is_reported_and_a_new_one_is_taken_up(city: City, models: Path) -> None:
    models.mkdir(parents=True)
    (models / classifier.MODEL).write_bytes(b"half a file")
    router = Router(models)
    assert router.suggest("路灯不亮") == []
    assert "not a text model" in router.reason_degraded
    train()
    assert router.suggest("路灯不亮")[0].item_code == "LAMP"
    assert router.reason_degraded == ""
    (models / classifier.MODEL).unlink()
    assert router.suggest("路灯不亮") == []


def test_using_a_model_does_not_load_the_learning_libraries() -> None:
    """The server is ready at once: what serves needs numpy alone."""
    import subprocess
    import sys

    code = "import sys; import ticketing.dispatch.text_model; sys.exit(any(m in sys.modules for m in ('sklearn', 'scipy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
