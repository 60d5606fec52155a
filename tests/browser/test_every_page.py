"""Every page: no rule of WCAG 2.0 to 2.2 A/AA broken, no complaint in the console, nothing wider than a telephone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser.conftest import NARROW, WIDE, Visit, Visitor
from tests.browser.test_citizen import begin_chat, report, say, track
from tests.doors import Doors

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# Who sees the page (empty: a citizen), and its address. "{order}" is an order that this person may see.
PAGES: dict[str, tuple[str, ...]] = {
    "": (
        "/",
        "/chat/",
        "/voice/",
        "/report/",
        "/track/",
        "/privacy/",
        "/knowledge/",
        "/knowledge/?q=工伤认定",
        "/knowledge/?q=zzzz",
        "/services/",
        "/services/?q=zzzz",
        "/health/",
        "/accounts/login/",
    ),
    "seat1": ("/desk/", "/desk/seat/", "/desk/orders/", "/desk/orders/?q=路灯", "/desk/orders/?q=zzzz"),
    "leader1": ("/desk/", "/desk/inbox/", "/desk/supervision/"),
    "dispatch1": ("/desk/", "/desk/inbox/", "/desk/inbox/?state=reply_review", "/desk/orders/{order}/"),
    "ldgs-clerk": ("/desk/", "/desk/unit/", "/desk/orders/"),
    "callback1": ("/desk/", "/desk/callback/"),
    "supervise1": ("/desk/", "/desk/supervision/", "/desk/supervision/?kind=watched"),
    "quality1": ("/desk/", "/desk/orders/"),
    "head1": ("/desk/", "/desk/wall/"),
    "inspect1": ("/desk/",),
    "editor1": ("/desk/", "/knowledge/desk/", "/knowledge/desk/draft/"),
    "publish1": ("/knowledge/desk/", "/catalogue/"),
    "admin1": ("/desk/", "/desk/import/", "/catalogue/", "/exports/", "/accounts/logout/"),
}


def look_at(visitor: Visitor, problems: list[str], where: str = "") -> None:
    """Judge the page that is open, at both widths."""
    where = where or visitor.page.url.removeprefix(visitor.base)
    for size in (WIDE, NARROW):
        visitor.page.set_viewport_size(size)  # type: ignore[arg-type]
        problems += [f"{where} at {size['width']}: {found}" for found in visitor.violations()]
        if visitor.overflow() > 0:
            problems.append(f"{where} at {size['width']}: {visitor.overflow()} px wider than the window")
    visitor.page.set_viewport_size(WIDE)  # type: ignore[arg-type]


def tour(visitor: Visitor, pages: tuple[str, ...], problems: list[str]) -> None:
    """Open pages one after the other and judge them."""
    for path in pages:
        if "{order}" in path:
            visitor.go("/desk/orders/")
            link = visitor.page.locator("a[href*='/desk/orders/2']").first.get_attribute("href") or ""
            path = re.sub(r"\?.*", "", link)
        answer = visitor.page.goto(visitor.base + path)
        assert answer and answer.status == 200, f"{path}: {answer and answer.status}"
        look_at(visitor, problems)


@pytest.mark.parametrize("username", list(PAGES))
def test_pages_of(visit: Visit, username: str) -> None:
    problems: list[str] = []
    tour(visit(username), PAGES[username], problems)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("username", ["", "dispatch1", "ldgs-clerk"])
def test_pages_in_english(visit: Visit, username: str) -> None:
    problems: list[str] = []
    visitor = visit(username, english=True)
    for path in PAGES[username]:
        if "{" not in path and "?" not in path:
            visitor.go(path)
            assert visitor.page.locator("html").get_attribute("lang") == "en"
            look_at(visitor, problems, f"{path} (English)")
    assert not problems, "\n".join(problems)


def test_large_print_and_dark_pages(visit: Visit) -> None:
    problems: list[str] = []
    visitor = visit()
    url = visitor.base
    for cookie, value in (("elder", "1"), ("theme", "dark")):
        visitor.context.clear_cookies()
        visitor.context.add_cookies([{"name": cookie, "value": value, "url": url}])
        for path in ("/", "/chat/", "/report/", "/track/"):
            visitor.go(path)
            look_at(visitor, problems, f"{path} ({cookie} {value})")
    assert not problems, "\n".join(problems)


def test_the_steps_of_a_report_and_its_tracking(visit: Visit, photo: Path) -> None:
    problems: list[str] = []
    visitor = visit()
    page = visitor.go("/report/")
    page.locator("main form.report .btn-primary").click()  # with nothing filled in: the errors are a page too
    page.locator(".field-error").first.wait_for()
    look_at(visitor, problems, "/report/ with errors")
    visitor.complaints.clear()  # the browser notes the status of the refusal
    visitor.go("/report/")
    number, code = report(page, photo, content="人民路的路灯坏了，" + "这一段路特别黑而且车很多" * 8)
    look_at(visitor, problems)
    page.go_back()
    visitor.go("/track/")
    track(page, number, code)
    look_at(visitor, problems)
    assert not problems, "\n".join(problems)


def test_a_chat_with_cards_and_choices(visit: Visit) -> None:
    problems: list[str] = []
    visitor = visit()
    page = visitor.go("/chat/")
    begin_chat(page)
    say(page, "工伤认定要多长时间")
    look_at(visitor, problems, "/chat/ with an answer")
    say(page, "我要找人工")
    look_at(visitor, problems, "/chat/ in the queue")
    seat = visit("seat3")
    seat.go("/desk/seat/")
    seat.page.locator(".queue-row", has_text=re.compile("人工|工伤")).last.locator("a").click()
    seat.page.locator("#talk-log").wait_for()
    look_at(seat, problems, "/desk/seat/ with a conversation")
    assert not problems, "\n".join(problems)


def test_forms_of_the_desks(visit: Visit, full_doors: Doors) -> None:
    problems: list[str] = []
    number = full_doors.sign_in("seat1").take_in("我要反映一个不太清楚的问题，路面也脏", place_text="人民路")["number"]
    dispatcher = visit("dispatch1")
    for action in ("dispatch", "ask_info", "close_direct", "merge", "transfer", "reject"):
        answer = dispatcher.page.goto(f"{dispatcher.base}/desk/orders/{number}/do/{action}/")
        if answer and answer.status == 200:
            look_at(dispatcher, problems, f"do/{action}/")
    dispatcher.complaints.clear()  # an action that the state does not allow any more is refused with its status
    assert not problems, "\n".join(problems)


def test_pages_of_errors(visit: Visit) -> None:
    problems: list[str] = []
    visitor = visit()
    for path, status in (("/nowhere/", 404), ("/knowledge/article/K-9999/", 404), ("/track/000000000000/", None)):
        answer = visitor.page.goto(visitor.base + path)
        assert answer and (status is None or answer.status == status)
        look_at(visitor, problems, path)
    visitor.complaints.clear()  # the browser notes each 404
    assert not problems, "\n".join(problems)


def test_pictures_of_the_empty_and_the_full(visit: Visit) -> None:
    """The home page at both widths; with SCREENS=1 the pictures go to docs/screens/."""
    for narrow in (False, True):
        citizen = visit(narrow=narrow)
        citizen.go("/")
        citizen.screen(f"home-{390 if narrow else 1440}")
        assert citizen.overflow() <= 0
