"""Chromium on a running platform: pages that remember every complaint of the browser, at both widths, in both languages."""

from __future__ import annotations

import os
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.doors import DEMO_PASSWORD, ROOT, Doors, doors  # noqa: F401  a fixture

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
SCREENS = ROOT / "docs" / "screens"
SCREEN_BYTES = 150_000
ACTION_MS = 20_000


@dataclass
class Visitor:
    """One person with one browser. `complaints` are errors of the console and of scripts."""

    context: BrowserContext
    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page of the platform."""
        self.page.goto(self.base + path)
        return self.page

    def sign_in(self, username: str) -> Page:
        """Sign in by the page."""
        page = self.go("/accounts/login/")
        page.locator("input[name=login]").fill(username)
        page.locator("input[name=password]").fill(DEMO_PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_url("**/desk/**")
        return page

    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def violations(self) -> list[str]:
        """What axe-core finds against WCAG 2.0 to 2.2, levels A and AA."""
        self.page.evaluate(AXE)
        tags = {"runOnly": {"type": "tag", "values": AXE_TAGS}, "resultTypes": ["violations"]}
        found: dict[str, Any] = self.page.evaluate("options => axe.run(document, options)", tags)
        return [
            f"{rule['id']}: {node['html'][:160]} ({'; '.join(c['message'] for c in node['any'][:1] or node['all'][:1] or node['none'][:1])})"
            for rule in found["violations"]
            for node in rule["nodes"][:3]
        ]

    def screen(self, name: str) -> None:
        """A small picture for docs/screens/, only when SCREENS=1 asks for it."""
        if os.environ.get("SCREENS") != "1":
            return
        SCREENS.mkdir(parents=True, exist_ok=True)
        path = SCREENS / f"{name}.png"
        self.page.wait_for_load_state("networkidle")
        self.page.screenshot(path=path)
        for colours in (128, 64, 32, 16):
            with Image.open(path) as picture:
                picture.convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
            if path.stat().st_size <= SCREEN_BYTES:
                return
        raise AssertionError(f"{path.name} is larger than {SCREEN_BYTES} bytes")


@pytest.fixture(scope="session")
def full_doors(doors: Doors, request: pytest.FixtureRequest) -> Doors:  # noqa: F811
    """The platform with some months of orders, so that lists are as long as in life."""
    if not os.environ.get("BASE_URL"):
        request.getfixturevalue("platform").manage("generate_history", "--orders", "200", seconds=300)
    return doors


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright, ended with this folder's tests: it keeps an event loop that other tests must not meet."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """One Chromium."""
    started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
    yield started
    started.close()


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, full_doors: Doors) -> Iterator[Visit]:
    """Make visitors; when the test is over none of them may have seen an error in the console."""
    visitors: list[Visitor] = []

    def make(username: str = "", *, narrow: bool = False, english: bool = False, with_browser: Browser | None = None) -> Visitor:
        context = (with_browser or browser).new_context(
            viewport=NARROW if narrow else WIDE,
            locale="en-GB" if english else "zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            permissions=["microphone"] if with_browser else [],
        )
        context.set_default_timeout(ACTION_MS)
        cookies = [{"name": "django_language", "value": "en", "url": full_doors.url}] if english else []
        context.add_cookies(cookies)  # type: ignore[arg-type]
        visitor = Visitor(context, context.new_page(), full_doors.url)
        visitor.page.on(
            "console", lambda m: visitor.complaints.append(f"{visitor.page.url}: {m.text}") if m.type == "error" else None
        )
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(f"{visitor.page.url}: {error}"))
        visitors.append(visitor)
        if username and not english:
            visitor.sign_in(username)
        elif username:
            page = visitor.go("/accounts/login/")
            page.locator("input[name=login]").fill(username)
            page.locator("input[name=password]").fill(DEMO_PASSWORD)
            page.locator("input[name=password]").press("Enter")
            page.wait_for_url("**/desk/**")
        return visitor

    yield make
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.context.close()
    assert not complaints, "the console says: " + "\n".join(complaints)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small photograph."""
    path = tmp_path / "lamp.jpg"
    Image.effect_noise((320, 240), 60).convert("RGB").save(path, quality=70)
    return path


def mu_law_to_wave(source: Path, target: Path, *, before: float, after: float) -> None:
    """A recording of the demo as 16-bit sound between two silences, in seconds, as Chromium's false microphone wants it."""
    raw = source.read_bytes()
    data = np.frombuffer(raw[raw.index(b"data") + 8 :], dtype=np.uint8)
    inverted = (~data).astype(np.int32)
    size = (((inverted & 0x0F) << 3) + 0x84) << ((inverted & 0x70) >> 4)
    samples = np.where(inverted & 0x80, 0x84 - size, size - 0x84).astype(np.int16)
    quiet = np.zeros(8000, dtype=np.int16)
    with wave.open(str(target), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        parts = [np.resize(quiet, int(before * 8000)), samples, np.resize(quiet, int(after * 8000))]
        out.writeframes(np.concatenate(parts).tobytes())
