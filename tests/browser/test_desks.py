"""The desks with several people at work: hand-over, dispatch by one key, signature, reply, review, call-back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_citizen import begin_chat, say, track
from tests.doors import Doors, eventually

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
MATTER = "建设路的路灯坏了三天没人修"
LAMP_OUT = "020301"  # the duty item


def test_a_person_takes_over_and_goes_on_where_the_bot_stopped(visit: Visit) -> None:
    citizen, first, second = visit(), visit("seat1"), visit("seat2")
    page = citizen.go("/chat/")
    begin_chat(page, MATTER)
    page.locator(".turn-bot").last.wait_for()
    say(page, "我要找人工")

    queues = [seat.go("/desk/seat/") for seat in (first, second)]
    words = [queue.locator(".queue-row", has_text=re.compile("路灯|人工")).last for queue in queues]
    for row in words:
        expect(row).to_be_visible()
    # The second person's list is as it was a moment ago: nothing tells it yet that somebody was faster.
    take = words[1].locator("form").get_attribute("action") or ""
    words[0].get_by_role("button", name=re.compile("接")).click()
    queues[0].wait_for_url(re.compile("/desk/seat/[0-9a-f-]{36}/"))

    log = queues[0].locator("#talk-log")
    expect(log).to_contain_text(MATTER)
    expect(log).to_contain_text("我要找人工")
    form = queues[0].locator("#order-form")
    filled = " ".join(str(field.input_value()) for field in form.locator("input:not([type=hidden]), textarea").all())
    assert "路灯" in filled and "建设路" in filled, f"the form filled itself: {filled}"
    first.screen("seat-desk")

    queues[1].evaluate(
        """action => {
          const form = document.querySelector("#queue form[action]") || document.querySelector("form[method=post]");
          form.action = action;
          form.submit();
        }""",
        take,
    )
    expect(queues[1].locator("main .note").first).to_contain_text(re.compile("坐席|接|人"))
    expect(queues[1].locator("#talk-say")).to_have_count(0)

    queues[0].locator("#say-text").fill("您好，我是人工坐席，路灯的事我来登记。")
    queues[0].locator("#talk-say button").click()
    expect(page.locator("#turns .turn-seat").last).to_contain_text("路灯的事我来登记")
    page.locator("#text").fill("好的，谢谢您")
    page.locator("#say button").click()
    expect(log).to_contain_text("好的，谢谢您")


def take_in(doors: Doors, content: str, **fields: str) -> str:
    """An order that a seat brought in."""
    return str(doors.sign_in("seat1").take_in(content, **fields)["number"])


def test_a_dispatcher_sends_with_one_key_and_takes_it_back(visit: Visit, full_doors: Doors) -> None:
    number = take_in(full_doors, "小区门口那条路总是脏兮兮的，味道也大，希望有人管管", place="", place_text="云港小区门口")
    staff = full_doors.sign_in("dispatch1")
    eventually(lambda: staff.order(number)["candidates"], what="candidates for the dispatcher")
    assert staff.order(number)["state"] == "triage", "nobody dispatches by the classifier alone"

    dispatcher = visit("dispatch1")
    page = dispatcher.go(f"/desk/inbox/?order={number}")
    first = page.locator("#inbox-detail .candidate").first
    expect(first).to_be_visible()
    assert 2 <= page.locator("#inbox-detail .candidate").count() <= 3, "a choice, and not too long a one"
    expect(first.locator(".reasons li").first).not_to_be_empty()
    unit = first.locator("b").first.inner_text()
    dispatcher.screen("inbox")
    page.locator("body").press("1")
    undo = page.locator("form[action*='/undo/'] button").first
    expect(undo).to_be_visible()
    sent = staff.order(number)
    assert (sent["state"], sent["unit_name"]) == ("dispatched", unit)
    undo.click()
    eventually(lambda: staff.order(number)["state"] == "triage", what="the order is back in the inbox")


def press(page: Page, words: str) -> None:
    """Press a button of the order's action bar."""
    page.locator(".action-bar").get_by_text(words, exact=True).first.click()


def test_a_matter_goes_from_the_unit_through_the_review_to_the_rated_close(visit: Visit, full_doors: Doors) -> None:
    seat = full_doors.sign_in("seat1")
    created = seat.take_in(MATTER, place_text="建设路", duty_item=LAMP_OUT)
    number, code = created["number"], created["query_code"]
    dispatcher = full_doors.sign_in("dispatch1")
    order = eventually(lambda: (o := dispatcher.order(number))["state"] == "dispatched" and o, what="dispatch by the duty list")
    assert order["unit"] == "990100-LDGS", order["unit_name"]

    clerk = visit("ldgs-clerk")
    page = clerk.go("/desk/unit/")
    expect(page.locator("main")).to_contain_text(MATTER[:6])
    clerk.go(f"/desk/orders/{number}/")
    clerk.screen("order")
    press(page, "签收")
    expect(page.locator(".note").first).to_contain_text("签收")
    press(page, "提交办结")
    dialog = page.locator("dialog[open]")
    dialog.locator("textarea[name=public_text]").fill("您好，维修人员已到建设路现场更换灯头，三盏路灯均已恢复照明。")
    dialog.locator("input[name=solved]").first.check()
    when = dialog.locator("input[name=contacted_at]")
    if when.count() and not when.input_value():
        when.fill(page.evaluate("new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 16)"))
    dialog.locator("button.btn-primary").click()
    eventually(lambda: dispatcher.order(number)["state"] == "reply_review", what="the reply waits for review")

    full_doors.sign_in("ldgs-review").act(number, "endorse_reply")
    reviewer = visit("dispatch1")
    page = reviewer.go(f"/desk/inbox/?state=reply_review&order={number}")
    expect(page.locator("#inbox-detail")).to_contain_text("三盏路灯均已恢复照明")
    page.locator("#inbox-detail").get_by_text("审核通过", exact=True).first.click()
    page.locator("#doing button.btn-primary").click()
    eventually(lambda: dispatcher.order(number)["state"] == "callback", what="the reply is approved")

    caller = visit("callback1")
    page = caller.go(f"/desk/callback/?order={number}")
    detail = page.locator("#callback-detail")
    expect(detail).to_contain_text("三盏路灯均已恢复照明")
    detail.locator("input[name=solved]").first.check(force=True)
    detail.locator("input[name=satisfaction][value='5']").check(force=True)
    detail.locator("button[name=reached][value=yes]").click()
    eventually(lambda: dispatcher.order(number)["state"] == "closed", what="the order is closed")

    citizen = visit(narrow=True)
    page = citizen.go("/track/")
    track(page, number, code)
    expect(page.locator("main")).to_contain_text("三盏路灯均已恢复照明")
    expect(page.locator(".note-done")).to_contain_text("5")
    assert citizen.overflow() <= 0
    citizen.screen("tracking-390")


def test_the_wall_moves_by_itself(visit: Visit, full_doors: Doors) -> None:
    watcher = visit("head1")
    page = watcher.go("/desk/wall/")
    page.locator("main h1").wait_for()
    before = page.locator("main").inner_text()
    take_in(full_doors, "人民路井盖破损，电动车差点摔倒", place_text="人民路")
    page.wait_for_function("before => document.querySelector('main').innerText !== before", arg=before, timeout=40_000)
    watcher.screen("wall")
