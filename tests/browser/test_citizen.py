"""A citizen alone with the pages: a report with a photo, a chat, a call from the browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser.conftest import ARGUMENTS, Visit, mu_law_to_wave
from tests.doors import ROOT, somebody

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def answer_required(page: Page) -> None:
    """Answer the questions of a duty item as somebody in a hurry would."""
    for group in page.locator("#questions fieldset").all():
        group.locator("label").first.click()
    for box in page.locator("#questions input[type=text], #questions input[type=number]").all():
        box.fill("3" if box.get_attribute("type") == "number" else "没有")


def report(page: Page, photo: Path, *, content: str = "建设路的路灯坏了三天，晚上很黑") -> tuple[str, str]:
    """Report by the three steps; number and query code."""
    page.locator("#id_order_type label", has_text="投诉").first.click()
    page.locator("#id_content").fill(content)
    page.locator("#id_place_text").press_sequentially("建设", delay=30)
    page.locator(".place-option", has_text="建设路").first.click()
    expect(page.locator("#place-chosen")).to_contain_text("建设路")
    page.locator("#id_wish").fill("尽快修好")
    page.locator("#id_photos").set_input_files(photo)
    page.locator("#id_name").fill("赵松风")
    page.locator("#id_phone").fill("19900000007")
    page.locator("#id_agreed").check()
    page.locator("main form.report .btn-primary").click()
    page.wait_for_url("**/item/")
    answer_required(page)
    page.locator("main form.report .btn-primary").click()
    page.wait_for_url("**/check/")
    expect(page.locator(".photo-row img")).to_be_visible()
    expect(page.locator(".read-back")).to_contain_text("建设路")
    page.locator("main form.button-row button.btn-primary").click()
    page.wait_for_url("**/receipt/")
    number = page.locator("#order-number").get_attribute("data-number") or ""
    return number, re.sub(r"\D", "", page.locator("#query-code").inner_text())


def track(page: Page, number: str, code: str) -> None:
    """Look a matter up by its two numbers."""
    page.locator("#id_number").fill(number)
    page.locator("#id_code").fill(code)
    page.locator("#track button").click()


@pytest.mark.parametrize("narrow", [False, True])
def test_a_report_with_photo_and_place_is_numbered_and_can_be_followed(visit: Visit, photo: Path, narrow: bool) -> None:
    citizen = visit(narrow=narrow)
    page = citizen.go("/")
    page.get_by_role("link", name=re.compile("我要反映")).first.click()
    number, code = report(page, photo)
    assert re.fullmatch(r"\d{12}", number) and re.fullmatch(r"\d{6}", code)
    assert citizen.overflow() <= 0
    page.get_by_role("link", name=re.compile("查看|跟踪|进度")).first.click()
    expect(page.locator("#id_number")).to_have_value(re.compile(number))
    track(page, number, code)
    expect(page.locator("main")).to_contain_text(re.sub(r"(\d{4})", r"\1", number)[:4])
    text = page.locator("main").inner_text()
    assert "19900000007" not in text and "赵松风" not in text


def test_a_wrong_code_shows_nothing(visit: Visit, photo: Path) -> None:
    citizen = visit()
    number, code = report(citizen.go("/report/"), photo, content="建设路的路灯一闪一闪，看着很晃眼")
    stranger = visit()
    page = stranger.go("/track/")
    track(page, number, f"{(int(code) + 1) % 1_000_000:06d}")
    expect(page.locator("[role=alert], .field-error, .note-overdue").first).to_be_visible()
    assert "建设路" not in page.locator("main").inner_text()
    stranger.complaints.clear()  # the browser notes the refusal's status


def say(page: Page, text: str) -> None:
    """Write in the chat and wait until the bot has answered."""
    before = page.locator("#turns .turn-bot").count()
    page.locator("#text").fill(text)
    page.locator("#say button").click()
    page.wait_for_function("count => document.querySelectorAll('#turns .turn-bot').length > count", arg=before)


def begin_chat(page: Page, text: str = "") -> None:
    """Begin a chat, perhaps with a first message."""
    if text:
        page.locator("#first").fill(text)
    page.get_by_role("button", name="开始").click()
    page.locator("#turns .turn").first.wait_for()


def test_a_policy_question_is_answered_with_its_source(visit: Visit) -> None:
    citizen = visit()
    page = citizen.go("/chat/")
    begin_chat(page)
    say(page, "工伤认定要多长时间")
    card = page.locator(".turn-card").first
    expect(card).to_contain_text("工伤保险条例")
    expect(card.locator("a")).to_have_attribute("href", re.compile("/knowledge/article/"))
    card.locator("a").click()
    expect(page.locator("h1")).to_contain_text("工伤")


def test_a_report_in_the_chat_ends_with_a_number(visit: Visit) -> None:
    citizen = visit(narrow=True)
    page = citizen.go("/chat/")
    begin_chat(page, "建设路的路灯坏了三天没人修")
    page.locator(".turn-bot").last.wait_for()
    for _ in range(12):
        if page.locator(".turn-card .order-number").count():
            break
        asked = page.locator("#turns .turn-bot .turn-text").last.inner_text()
        choices = page.locator("#choices button")
        before = page.locator("#turns .turn-bot").count()
        if "核对" in asked:
            choices.first.click()
            page.wait_for_function("count => document.querySelectorAll('#turns .turn-bot').length > count", arg=before)
        elif "电话" in asked:
            say(page, "19900000007")
        elif choices.count():
            choices.first.click()
            page.wait_for_function("count => document.querySelectorAll('#turns .turn-bot').length > count", arg=before)
        else:
            say(page, "没有")
    expect(page.locator(".turn-card .order-number")).to_be_visible()
    assert citizen.overflow() <= 0


def test_a_chat_that_lost_its_connection_catches_up(visit: Visit) -> None:
    citizen = visit()
    page = citizen.go("/chat/")
    begin_chat(page)
    say(page, "你好")
    said = page.locator("#turns .turn").count()
    citizen.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    page.locator("#text").fill("工伤认定要多长时间")
    page.locator("#say button").click()
    expect(page.locator(".turn-unsent")).to_be_visible()
    citizen.context.set_offline(False)
    page.reload()
    page.locator("#turns .turn").nth(said - 1).wait_for()
    say(page, "工伤认定要多长时间")
    numbers = [int(turn.get_attribute("data-seq") or 0) for turn in page.locator("#turns .turn").all()]
    assert numbers == list(range(1, len(numbers) + 1)), "every turn once and in order"
    citizen.complaints.clear()  # the browser notes that it was offline


def test_a_call_shows_what_it_hears_while_one_speaks(visit: Visit, playwright: Playwright, chromium: str, tmp_path: Path) -> None:
    sound = tmp_path / "voice.wav"
    mu_law_to_wave(ROOT / "demo" / "recordings" / "water-cut-matter.wav", sound, before=9, after=3)
    caller = playwright.chromium.launch(
        executable_path=chromium,
        args=[
            *ARGUMENTS,
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={sound}%noloop",
            "--autoplay-policy=no-user-gesture-required",
        ],
    )
    try:
        visitor = visit(with_browser=caller)
        page = visitor.go("/voice/")
        page.evaluate(
            """() => {
              window.heard = [];
              const partial = document.getElementById("call-partial");
              new MutationObserver(() => partial.textContent && window.heard.push(partial.textContent))
                .observe(partial, { childList: true, characterData: true, subtree: true });
            }"""
        )
        page.locator("#call-button").click()
        expect(page.locator("#call-talk li[data-speaker=bot]").first).to_be_visible()
        mine = page.locator("#call-talk li[data-speaker=citizen]").first
        expect(mine).to_contain_text("停水", timeout=60_000)
        partials = page.evaluate("window.heard")
        assert partials and any(len(words) < len(mine.inner_text()) for words in partials), "text appears while one speaks"
        phone = somebody()
        for _ in range(12):  # the rest is typed: a quiet microphone says nothing more
            if page.locator("#call-talk").get_by_text(re.compile(r"查询码")).count():
                break
            asked = page.locator("#call-talk li[data-speaker=bot]").last.inner_text()
            count = page.locator("#call-talk li[data-speaker=bot]").count()
            words = "是的" if "核对" in asked or "对吗" in asked else phone if "电话" in asked or "号码" in asked else "没有"
            page.locator("#call-text").fill(words)
            page.locator("#call-text").press("Enter")
            page.wait_for_function(
                "count => document.querySelectorAll('#call-talk li[data-speaker=bot]').length > count", arg=count
            )
        expect(page.locator("#call-talk")).to_contain_text("查询码")
        page.locator("#call-button").click()
        expect(page.locator("#call")).to_have_attribute("data-state", "idle")
        visitor.context.close()
    finally:
        caller.close()
