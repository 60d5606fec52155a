"""The rules page and its API: draft, look, publish, roll back, refusals; who may, and what is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.cast import City
from tests.ticketing.steering.conftest import SignIn, send, text
from ticketing.dispatch import actions
from ticketing.dispatch.models import DispatchRule, Release, ReleaseEvent

PAGE = "/desk/steering/"
RULE = {"name": "路灯归住房局", "position": "10", "when": '"路灯"', "unit": "HOUSE", "active": "on"}


@pytest.fixture
def _one_rule(city: City) -> None:
    actions.import_rules([{"name": "老规则", "when": {"any_keywords": ["井盖"]}, "then": {"unit": "HOUSE"}}])


@pytest.mark.usefixtures("_one_rule")
def test_a_rule_is_drafted_looked_at_published_and_rolled_back(city: City, leader: Client) -> None:
    city.order()
    city.order(secrecy="sealed")
    assert "老规则" in text(leader.get(PAGE)) and "begin" not in text(leader.get(PAGE))
    page = leader.post(PAGE + "do/rules/open/").headers["Location"]
    assert "没有改动" in text(leader.get(page))
    looked = text(leader.post(PAGE + "rule/", RULE | {"look": "1"}))
    assert "1条工单中会命中1条" in looked.replace(" ", "") and not DispatchRule.objects.filter(name=RULE["name"]).exists()
    assert leader.post(PAGE + "rule/", RULE).status_code == 302
    assert RULE["name"] in text(leader.get(PAGE)) and DispatchRule.objects.count() == 1
    leader.post(PAGE + "do/rules/publish/", {"reason": "照明移交住房局"})
    assert set(DispatchRule.objects.values_list("name", flat=True)) == {"老规则", "路灯归住房局"}
    order = city.order(content="另一盏路灯坏了")
    [decision] = actions.route_orders(order_ids=[order.pk])
    assert decision.chosen_unit == city.units["HOUSE"]
    leader.post(PAGE + "do/rules/roll-back/", {"reason": "移交推迟"})
    assert list(DispatchRule.objects.values_list("name", flat=True)) == ["老规则"]
    shown = text(leader.get(PAGE))
    assert "照明移交住房局" in shown and "移交推迟" in shown and "班长" in shown
    steps = ReleaseEvent.objects.filter(staff=city.staff["leader"]).order_by("pk").values_list("what", "actor_role")
    assert [what for what, _role in steps] == ["opened", "changed", "published", "rolled_back"]
    assert {role for _what, role in steps} == {"shift_leader"}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"when": '"路灯" and'}, "第9个字符"),
        ({"when": ""}, "条件"),
        ({"when": 'region = "火星"'}, "火星"),
        ({"unit": "NOWHERE"}, "NOWHERE"),
        ({"unit": ""}, "单位或事项"),
        ({"duty_item": "LAMP"}, "单位或事项"),
        ({"position": "abc"}, "整数"),
        ({"name": " "}, "名称"),
        ({"name": "老规则"}, "同名"),
    ],
)
@pytest.mark.usefixtures("_one_rule")
def test_a_rule_that_will_not_do_keeps_what_was_typed_and_says_why(leader: Client, wrong: dict[str, str], sentence: str) -> None:
    leader.post(PAGE + "do/rules/open/")
    answer = leader.post(PAGE + "rule/", RULE | wrong)
    assert answer.status_code == 400
    assert sentence in text(answer) and 'role="alert"' in text(answer)
    assert len(Release.objects.get(state="draft").content) == 1


@pytest.mark.usefixtures("_one_rule")
def test_a_rule_is_changed_in_place_and_taken_out(leader: Client) -> None:
    leader.post(PAGE + "do/rules/open/")
    url = PAGE + "rule/?name=老规则"
    assert "井盖" in text(leader.get(url))
    leader.post(url, RULE | {"name": "新名"})
    assert [r["name"] for r in Release.objects.get(state="draft").content] == ["新名"]
    assert leader.get(url).status_code == 404
    leader.post(PAGE + "rule/?name=新名", RULE | {"remove": "1"})
    assert Release.objects.get(state="draft").content == []
    leader.post(PAGE + "do/rules/discard/")
    assert DispatchRule.objects.get().name == "老规则" and not Release.objects.filter(state="draft").exists()


def test_what_cannot_be_done_now_is_answered_with_words(leader: Client) -> None:
    for verb, words in (("publish", "先"), ("roll-back", "没有"), ("discard", "先")):
        leader.post(PAGE + f"do/rules/{verb}/", {"reason": "试一试"})
        assert words in text(leader.get(PAGE))
    leader.post(PAGE + "do/rules/open/")
    leader.post(PAGE + "do/rules/open/")
    assert "已有草稿" in text(leader.get(PAGE))
    leader.post(PAGE + "do/rules/publish/", {"reason": " "})
    assert "原因" in text(leader.get(PAGE)) and Release.objects.filter(state="draft").exists()
    assert leader.post(PAGE + "do/rules/explode/").status_code == 404
    assert leader.post(PAGE + "do/nothing/publish/").status_code == 404
    assert leader.get(PAGE + "?version=999").status_code == 404


@pytest.mark.usefixtures("_one_rule")
def test_what_was_changed_past_the_page_is_kept_as_a_version(leader: Client) -> None:
    leader.post(PAGE + "do/rules/open/")
    DispatchRule.objects.filter(name="老规则").update(is_active=False, switched_off_because="坏了")
    send(leader, "put", "/api/steering/rules/", {"rules": []})
    leader.post(PAGE + "do/rules/publish/", {"reason": "清空"})
    assert not DispatchRule.objects.exists()
    leader.post(PAGE + "do/rules/roll-back/", {"reason": "恢复"})
    rule = DispatchRule.objects.get()
    assert (rule.is_active, rule.switched_off_because) == (False, "坏了")


def test_who_may_look_edit_and_publish(sign_in: SignIn) -> None:
    answers = {}
    for username in ("dispatcher", "supervisor", "leader", "seat", "light", "editor"):
        client = sign_in(username)
        opened = client.post(PAGE + "do/rules/open/").status_code
        answers[username] = (
            client.get(PAGE).status_code,
            opened,
            client.post(PAGE + "do/rules/publish/", {"reason": "试试"}).status_code,
            client.get("/api/steering/rules/").status_code,
        )
    assert answers == {
        "dispatcher": (200, 302, 403, 200),
        "supervisor": (200, 403, 302, 200),
        "leader": (200, 302, 302, 200),
        "seat": (403, 403, 403, 403),
        "light": (403, 403, 403, 403),
        "editor": (403, 403, 403, 403),
    }
    assert Client().get(PAGE).status_code == 302


def test_programs_put_look_publish_and_are_refused_alike(city: City, leader: Client, sign_in: SignIn) -> None:
    city.order()
    row = {"name": "甲", "when": '"路灯"', "then": {"unit": "HOUSE"}}
    assert send(leader, "put", "/api/steering/rules/", {"rules": [row]}).json()["state"] == "draft"
    wrong = send(leader, "put", "/api/steering/rules/", {"rules": [row | {"when": '"路灯" ('}]})
    assert (wrong.status_code, wrong.json()["field"], wrong.json()["position"]) == (400, "when", 6)
    looked = send(leader, "post", "/api/steering/rules/preview/", {"when": '"路灯"'}).json()
    assert (looked["read"], looked["count"]) == (1, 1)
    assert send(leader, "post", "/api/steering/releases/rules/roll-back/", {"reason": "没有前版"}).status_code == 409
    assert send(leader, "post", "/api/steering/releases/rules/publish/", {"reason": "启用"}).json()["state"] == "published"
    dispatcher = sign_in("dispatcher")
    assert send(dispatcher, "post", "/api/steering/releases/rules/roll-back/", {"reason": "越权"}).status_code == 403
    assert send(leader, "post", "/api/steering/releases/rules/roll-back/", {"reason": "撤回"}).status_code == 200
    assert leader.get("/api/steering/rules/").json()["rules"] == []
    assert [r["number"] for r in leader.get("/api/steering/releases/").json()] == [2, 1]
    assert leader.get("/api/steering/releases/?kind=nothing").status_code == 400


def test_the_page_asks_the_same_few_questions_of_many_rules(leader: Client, django_assert_max_num_queries: Any) -> None:
    rows = [{"name": f"规则{n}", "when": f'"词{n}"', "then": {"unit": "HOUSE"}} for n in range(120)]
    actions.import_rules(rows)
    with django_assert_max_num_queries(16):
        page = leader.get(PAGE)
    assert "120" in text(page) and "规则119" not in text(page)
    assert "规则119" in text(leader.get(PAGE + "?q=规则119"))
    assert "没有规则含有这些字" in text(leader.get(PAGE + "?q=没有这条"))
