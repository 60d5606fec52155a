"""Drafts of rules, owners and model rehearsed on the page and by programs, published and rolled back in one step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.cast import City
from tests.ticketing.dispatch.messages import messages
from tests.ticketing.steering.conftest import SignIn, send, settled, text
from ticketing.dispatch.classifier import get_router
from ticketing.dispatch.models import DispatchRule, Rehearsal, Release
from ticketing.organisation.models import DutyItem
from ticketing.outbox import runner

PAGE = "/desk/steering/rehearsals/"
API = "/api/steering/"


@pytest.fixture(autouse=True)
def _own_models(tmp_path: Path, settings: Any) -> None:
    settings.MODELS_DIR = tmp_path / "models"


def draft(client: Client) -> Release:
    rule = {"name": "路灯归住房局", "when": '"路灯"', "then": {"unit": "HOUSE"}}
    assert send(client, "put", API + "rules/", {"rules": [rule]}).status_code == 200
    return Release.objects.get(kind="rules", state="draft")


def test_a_draft_is_rehearsed_with_a_bar_and_shows_which_orders_go_elsewhere_and_why(city: City, leader: Client) -> None:
    saved = settled(city, "HOUSE", gave_back="LIGHT")
    caused = settled(city, "LIGHT")
    settled(city, "LIGHT", secrecy="sealed", content="密封的路灯")
    release = draft(leader)
    page = leader.post(PAGE, {"release": release.pk, "days": "90"}).headers["Location"]
    assert "<progress" in text(leader.get(page)) and "every 2s" in text(leader.get(page))
    assert leader.post(PAGE, {"release": release.pk, "days": "90"}).headers["Location"] == page  # one at a time
    runner.drain()
    part = leader.get(page, headers={"HX-Request": "true"})
    assert part.headers["HX-Refresh"] == "true" and "<html" not in text(part)
    shown = text(leader.get(page))
    assert saved.number[:4] in shown and "派单目录将“路灯不亮”列为该单位职责" in shown and "规则“路灯归住房局”指定该单位" in shown
    assert "密封" not in shown
    only = text(leader.get(page + "?effect=caused"))
    assert caused.title in only and saved.title not in only
    run = Rehearsal.objects.get()
    assert (run.state, run.outcome["moved"], run.outcome["returns_saved"], run.outcome["returns_caused"]) == ("done", 2, 1, 1)
    assert not DispatchRule.objects.exists()
    leader.post("/desk/steering/do/rules/publish/", {"reason": "预演通过"})
    assert DispatchRule.objects.get().to_unit == city.units["HOUSE"]
    assert "路灯归住房局" in text(leader.get(page))


def test_programs_rehearse_read_the_orders_in_pages_and_are_refused(city: City, leader: Client, sign_in: SignIn) -> None:
    for _ in range(3):
        settled(city, "HOUSE", gave_back="LIGHT")
    assert send(leader, "post", API + "rehearsals/", {"kind": "rules"}).status_code == 404
    draft(leader)
    assert send(leader, "post", API + "rehearsals/", {"kind": "rules", "days": 0}).status_code == 400
    made = send(leader, "post", API + "rehearsals/", {"kind": "rules", "days": 30})
    assert (made.status_code, made.json()["state"]) == (202, "waiting")
    runner.drain()
    found = leader.get(f"{API}rehearsals/{made.json()['id']}/?effect=saved&limit=2").json()
    assert (found["state"], found["count"], len(found["orders"])) == ("done", 3, 2)
    row = found["orders"][0]
    assert (row["now_unit"], row["then_unit"], row["settled_by"]) == ("LIGHT", "HOUSE", "HOUSE")
    assert row["now_reasons"] and row["then_reasons"]
    assert leader.get(f"{API}rehearsals/999/").status_code == 404
    assert len(leader.get(f"{API}rehearsals/").json()) == 1
    for username in ("seat", "light"):
        assert send(sign_in(username), "post", API + "rehearsals/", {"kind": "rules"}).status_code == 403
        assert sign_in(username).get(PAGE).status_code == 403


def test_other_owners_are_drafted_rehearsed_published_and_put_back(city: City, leader: Client) -> None:
    settled(city, "HOUSE", gave_back="LIGHT")
    for wrong, words in (("NOPE,HOUSE", "NOPE"), ("LAMP,NOWHERE", "NOWHERE"), ("LAMP,HOUSE,moon", "层级"), ("", "事项")):
        answer = leader.post(PAGE, {"rows": wrong})
        assert answer.status_code == 400 and words in text(answer) and not Release.objects.filter(state="draft").exists()
    leader.post(PAGE, {"rows": "LAMP，HOUSE\n"})
    release = Release.objects.get(kind="owners", state="draft")
    page = leader.post(PAGE, {"release": release.pk, "days": "30"}).headers["Location"]
    runner.drain()
    assert Rehearsal.objects.get().outcome["returns_saved"] == 1
    assert DutyItem.objects.get(code="LAMP").owner == city.units["LIGHT"]
    assert leader.get(page).status_code == 200
    leader.post("/desk/steering/do/owners/publish/", {"reason": "职责移交"})
    assert DutyItem.objects.get(code="LAMP").owner == city.units["HOUSE"]
    assert "职责移交" in text(leader.get(PAGE))
    DutyItem.objects.filter(code="LAMP").update(owner=city.units["EAST"])
    leader.post("/desk/steering/do/owners/roll-back/", {"reason": "有误"})
    assert "期间已被修改" in text(leader.get(PAGE))
    DutyItem.objects.filter(code="LAMP").update(owner=city.units["HOUSE"])
    leader.post("/desk/steering/do/owners/roll-back/", {"reason": "有误"})
    assert DutyItem.objects.get(code="LAMP").owner == city.units["LIGHT"]


def test_a_trained_draft_of_the_model_changes_nothing_until_published_and_goes_back(
    city: City, leader: Client, tmp_path: Path
) -> None:
    table = tmp_path / "messages.csv"
    table.write_text("text,label\n" + "".join(f"{body},{label}\n" for body, label in messages(60)), encoding="utf-8")
    call_command("train_router", "--csv", str(table), "--draft")
    release = Release.objects.get(kind="model", state="draft")
    assert not get_router().suggest("路灯坏了")
    with pytest.raises(CommandError, match="草稿"):
        call_command("train_router", "--csv", str(table), "--draft")
    settled(city, "LIGHT")
    send(leader, "post", API + "rehearsals/", {"kind": "model", "days": 30})
    runner.drain()
    assert Rehearsal.objects.get().state == "done"
    answer = send(leader, "post", API + "releases/model/publish/", {"reason": "更准"})
    assert answer.json()["number"] == release.number
    assert get_router().suggest(messages(60)[0][0])
    assert send(leader, "post", API + "releases/model/roll-back/", {"reason": "退回"}).status_code == 200
    assert not get_router().suggest(messages(60)[0][0])


def test_an_empty_page_and_days_without_orders_say_what_to_do(city: City, leader: Client) -> None:
    assert "没有可预演的草稿" in text(leader.get(PAGE))
    release = draft(leader)
    assert leader.post(PAGE, {"release": release.pk, "days": "0"}).status_code == 400
    assert leader.post(PAGE, {"release": "x", "days": "30"}).status_code == 404
    page = leader.post(PAGE, {"release": release.pk, "days": "30"}).headers["Location"]
    runner.drain()
    assert "没有已派到单位的工单" in text(leader.get(page))
    send(leader, "post", API + "releases/rules/publish/", {"reason": "发布"})
    assert leader.post(PAGE, {"release": release.pk, "days": "30"}).status_code == 400
