"""The frame of every page: language, look, sign-in, errors in plain words, nothing that the policy forbids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.template.loader import render_to_string
from django.test import Client, override_settings

from ticketing.ui.messages import note_from

ROOMS = Path(settings.BASE_DIR)
OURS = [*(ROOMS / "ticketing/ui/templates").rglob("*.html"), *(ROOMS / "ticketing/desk/templates").rglob("*.html")]


@pytest.mark.django_db
def test_sign_in_is_chinese_by_default_and_english_by_a_switch(client: Client) -> None:
    page = client.get("/accounts/login/")
    assert "工作人员登录" in page.content.decode() and 'lang="zh-CN"' in page.content.decode()
    client.post("/i18n/setlang/", {"language": "en", "next": "/accounts/login/"})
    assert "Staff sign-in" in client.get("/accounts/login/").content.decode()


@pytest.mark.django_db
def test_demo_logins_are_listed_in_demo_mode_alone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from ticketing.ui import nav

    monkeypatch.setattr(nav, "_demo_logins", [lambda: [nav.DemoLogin("Seat", "A. Person", "Unit", "seat-login", "pass-word")]])
    with override_settings(DEMO=True):
        assert "seat-login" in client.get("/accounts/login/").content.decode()
    with override_settings(DEMO=False):
        assert "seat-login" not in client.get("/accounts/login/").content.decode()


def test_the_look_is_kept_and_goes_back_only_to_this_site(client: Client) -> None:
    answer = client.post("/ui/look/", {"elder": "1", "theme": "dark", "next": "/accounts/login/?a=1"})
    assert answer.status_code == 302 and answer["Location"] == "/accounts/login/?a=1"
    assert client.cookies["elder"].value == "1" and client.cookies["theme"].value == "dark"
    assert client.post("/ui/look/", {"elder": "9", "next": "https://elsewhere.example/"})["Location"] == "/"
    assert client.cookies["elder"].value == "1"
    assert client.get("/ui/look/").status_code == 405


@pytest.mark.django_db
def test_large_print_marks_the_page(client: Client) -> None:
    client.cookies["elder"] = "1"
    html = client.get("/accounts/login/").content.decode()
    assert 'class="citizen elder"' in html and 'aria-pressed="true"' in html


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "409", "429", "500"])
def test_error_pages_say_what_was_kept_and_what_to_do_without_any_context(code: str) -> None:
    html = render_to_string(f"{code}.html")
    title = re.search(r"<title>(.+?)</title>", html)
    assert title and title[1].strip()
    assert html.count("<p") >= 4 and 'href="/"' in html


@pytest.mark.django_db
def test_an_unknown_page_is_told_in_plain_words(client: Client) -> None:
    answer = client.get("/desk/no-such-page/")
    assert answer.status_code == 404 and "没有找到这个页面" in answer.content.decode()


def test_no_template_has_inline_script_style_or_handler() -> None:
    wrong = re.compile(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:")
    assert [path.name for path in OURS if wrong.search(path.read_text(encoding="utf-8"))] == []


def test_every_icon_named_in_a_template_is_one_word_of_the_set() -> None:
    names = re.compile(r'{% icon "([^"]+)"')
    for path in OURS:
        assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names.findall(path.read_text(encoding="utf-8"))), path


def test_a_note_carries_what_kept_next_and_undo() -> None:
    note = note_from(Message(messages.SUCCESS, "Done\nKept\nNext", extra_tags="undo:30:/desk/x/undo/ draft:x-reply"))
    assert (note["what"], note["more"], note["meaning"]) == ("Done", ["Kept", "Next"], "done")
    assert (note["undo_url"], note["undo_seconds"]) == ("/desk/x/undo/", 30)
    assert note["draft"] == "x-reply"
    assert note_from(Message(messages.ERROR, "Wrong"))["meaning"] == "overdue"
