"""Staff of a small centre, and a bot that says what a test wrote down for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.core.cache import cache

from chatbot.dialogue.moves import Move, Step, Utterance
from chatbot.dialogue.state import Choice
from hotline.conversations import bot
from ticketing.organisation.models import Appointment, OrderType, Staff, Unit
from ticketing.organisation.roles import Role


@pytest.fixture(autouse=True)
def fresh_limits():
    """No test eats another's rate limit."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def centre(city) -> Unit:
    return city.units["HOT"]


@pytest.fixture
def make_staff(centre) -> Callable[..., Staff]:
    def make(username: str, role: Role = Role.SEAT, unit: Unit | None = None) -> Staff:
        staff = Staff.objects.create_user(
            username=username, password="x" * 12, display_name=username, employee_number=f"8{username[-1]}"
        )
        Appointment.objects.create(staff=staff, role=role, unit=unit or centre)
        return staff

    return make


@pytest.fixture
def seat(make_staff) -> Staff:
    return make_staff("seat-1")


@pytest.fixture
def other_seat(make_staff) -> Staff:
    return make_staff("seat-2")


@pytest.fixture
def order_type(city) -> OrderType:
    return city.types["complaint"]


class ScriptedBot:
    """Answers by `answers[text]`, else repeats what it heard; counts what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Move]] = {}
        self.heard: list[Utterance] = []
        self.before_answer: Callable[[], None] = lambda: None

    def __call__(self, *, state, utterance, services) -> Step:
        self.heard.append(utterance)
        self.before_answer()
        if utterance.text == "break":
            raise RuntimeError("the bot is broken")
        moves = self.answers.get(utterance.text)
        if moves is None and utterance.kind == "start":
            moves = [Move(kind="say", text="您好,请讲。", speech="您好 请讲", prompt="greeting")]
        state = replace(state, turn=state.turn + 1, choices=[c for m in moves or [] for c in m.choices])
        return Step(state=state, moves=moves if moves is not None else [Move(kind="say", text=f"听到:{utterance.text}")])


@pytest.fixture
def scripted_bot(monkeypatch) -> ScriptedBot:
    scripted = ScriptedBot()
    scripted.answers["人工"] = [Move(kind="hand_over", text="好的,为您转人工。", data={"reason": "asked"})]
    scripted.answers["着火了"] = [Move(kind="hand_over", text="请立即拨打119。", data={"reason": "emergency"})]
    scripted.answers["再见"] = [Move(kind="end", text="再见。")]
    scripted.answers["选"] = [Move(kind="ask", text="是吗?", choices=(Choice("是", "yes", "1"), Choice("不是", "no", "2")))]
    scripted.answers["办证"] = [
        Move(
            kind="answer",
            text="带身份证。",
            data={"article_code": "K001", "version": 2, "title": "办证", "sources": [{"title": "某法", "article": "第一条"}]},
        )
    ]
    scripted.answers["建单"] = [Move(kind="order_created", text="已登记。", data={"number": "261122000017"})]
    monkeypatch.setattr(bot, "step", scripted)
    monkeypatch.setattr(bot, "services_for", lambda conversation: None)
    return scripted
