"""The acts of a report: what kind of matter, where exactly, the duty item's questions, reading back, creating."""

from __future__ import annotations

import re

from chatbot.dialogue import prompts, short_answers
from chatbot.dialogue.moves import ORDER_CREATED, READ_BACK, Move
from chatbot.dialogue.ports import OrderDraft, Question
from chatbot.dialogue.state import Choice, Slot
from chatbot.dialogue.turn import Turn, grouped, number_words, phone_words
from chatbot.nlu.duty import FLOOR, is_sure
from chatbot.nlu.text import bare

QUESTION_PREFIX = "q."
_PLACE_SLOTS = frozenset({"place", "where", "location", "address"})
_TIME_SLOTS = frozenset({"time", "when", "since", "start"})
_OTHER_SLOTS = {"wish": "wish", "phone": "phone", "contact": "phone", "what": "what"}
_MAX_SPOKEN_WHAT = 40


def identify_duty(turn: Turn) -> bool:
    """Finds the duty item of what was said. Sure: takes it. Some likeness: asks among three, once. None: goes on without."""
    if turn.known("duty"):
        return True
    matches = turn.services.identify_duty(turn.value("what"))
    if is_sure([(match.score, match.code) for match in matches]):
        turn.state.slots["duty"] = Slot(matches[0].code, matches[0].name, matches[0].score, turn.utterance.seq, source="rule")
        return True
    near = [match for match in matches if match.score >= FLOOR + 0.08][:3]
    if len(near) < 2 or turn.known("duty_asked"):
        turn.skip("duty")
        return True
    turn.state.slots["duty_asked"] = Slot("yes", source="rule")
    choices = [Choice(match.name, match.code, str(number)) for number, match in enumerate(near, start=1)]
    choices.append(Choice(turn.words("choice.none"), "none", str(len(near) + 1)))
    turn.ask("report.which", step="duty", expecting="choice", choices=choices)
    return False


def confirm_place(turn: Turn) -> bool:
    """Asks back a place that was heard by its sound only, or which of several places of one name is meant."""
    options = turn.value("place_options")
    if options and turn.known("place"):
        choices = []
        for number, option in enumerate(options.split("|"), start=1):
            code, _, region = option.partition(";")
            choices.append(Choice(region or code, code, str(number)))
        turn.ask("report.place_which", step="place_which", expecting="choice", choices=choices, place=turn.shown("place"))
        return False
    if turn.place_is_doubtful():
        turn.ask("report.place_sure", step="place_sure", expecting="yes_no", choices=turn.yes_no(), place=turn.shown("place"))
        return False
    return True


def ask_duty_questions(turn: Turn) -> bool:
    """Asks the duty item's own questions that nothing said so far answers."""
    duty = turn.value("duty")
    if not duty:
        return True
    for question in turn.services.questions(duty):
        name = slot_name(question)
        if turn.known(name):
            continue
        if question.kind == "choice" and (found := _choice_in(question, turn.value("what"))):
            turn.state.slots[name] = Slot(found[0], found[1], 0.8, turn.utterance.seq)
            continue
        choices = [Choice(c.label, c.value, str(n) if n < 10 else "") for n, c in enumerate(question.choices, start=1)]
        if question.kind == "yes_no":
            choices = _yes_no_choices(turn, question)
        turn.ask("", step=name, expecting=question.kind, choices=choices, words=question.prompt)
        return False
    return True


def slot_name(question: Question) -> str:
    """The fact a duty question is about: the general place, time, wish or phone, or one of its own."""
    if question.kind == "place" and question.slot in _PLACE_SLOTS:
        return "place"
    if question.kind == "time" and question.slot in _TIME_SLOTS:
        return "time"
    return _OTHER_SLOTS.get(question.slot, QUESTION_PREFIX + question.slot)


def question_of(turn: Turn, name: str) -> Question | None:
    """The duty question that fills the fact `name`."""
    duty = turn.value("duty")
    return next((q for q in turn.services.questions(duty) if slot_name(q) == name), None) if duty else None


def own_words(turn: Turn, name: str) -> str:
    """The duty item's own wording of a general question, empty when it has none."""
    question = question_of(turn, name) if name in {"place", "time", "wish"} else None
    return question.prompt if question else ""


def _choice_in(question: Question, text: str) -> tuple[str, str] | None:
    plain = bare(text)
    found = [(c.value, c.label) for c in question.choices if len(bare(c.label)) >= 2 and bare(c.label) in plain]
    return found[0] if len(found) == 1 else None


def ask_secrecy(turn: Turn) -> bool:
    """Asks who may know the reporter's name, unless it was said."""
    if turn.known("secrecy"):
        return True
    choices = [
        Choice(turn.words("choice.secret"), "secret", "1"),
        Choice(turn.words("choice.anonymous"), "anonymous", "2"),
        Choice(turn.words("choice.open"), "open", "3"),
    ]
    turn.ask("report.secrecy", step="secrecy", expecting="choice", choices=choices)
    return False


def read_back(turn: Turn) -> bool:
    """Reads all facts back and waits for a plain yes."""
    if turn.known("confirm"):
        return True
    parts = [prompts.say("read_back.begin", turn.state.language)]
    what = turn.value("what")
    lines: list[tuple[str, dict[str, str]]] = [("read_back.what", {"value": what})]
    for name in ("duty", "place", "time"):
        if turn.shown(name):
            lines.append((f"read_back.{name}", {"value": turn.shown(name)}))
    lines.extend(("read_back.answer", {"value": line}) for line in answer_lines(turn))
    if turn.shown("wish"):
        lines.append(("read_back.wish", {"value": turn.shown("wish")}))
    if turn.value("secrecy") in {"secret", "anonymous"}:
        lines.append((f"read_back.{turn.value('secrecy')}", {}))
    phone = turn.value("phone")
    if phone and turn.value("secrecy") != "anonymous":
        lines.append(("read_back.phone", {"value": phone[-4:], "value_spoken": phone_words(phone, turn.state.language)}))
    parts += [prompts.say(code, turn.state.language, **args) for code, args in lines]
    # Aloud, a long story is not told again: its beginning is enough to know which matter is meant.
    if len(what) > _MAX_SPOKEN_WHAT:
        parts[1] = prompts.Said(parts[1].text, prompts.say("read_back.what", turn.state.language, value=_clip(what)).speech)
    parts.append(prompts.say("read_back.end", turn.state.language))
    choices = turn.yes_no("choice.submit", "choice.change")
    turn.moves.append(
        Move(
            kind=READ_BACK,
            text="".join(part.text for part in parts),
            speech="".join(part.speech for part in parts),
            choices=tuple(choices),
            data={"slots": turn.values()},
        )
    )
    turn.wait(step="confirm", expecting="yes_no", choices=choices)
    return False


def answer_lines(turn: Turn) -> list[str]:
    """The answers to the duty item's own questions, as question and answer."""
    duty = turn.value("duty")
    lines = []
    for question in turn.services.questions(duty) if duty else []:
        name = slot_name(question)
        if name.startswith(QUESTION_PREFIX) and turn.shown(name):
            if question.kind == "yes_no":
                plain = {"yes": turn.words("choice.is"), "no": turn.words("choice.is_not")}
                lines.append(short_answers.statement(question.prompt, turn.value(name), **plain))
            else:
                topic = re.split(r"[？?]", question.prompt)[0].strip()
                lines.append(f"{topic}：{turn.shown(name)}")
    return lines


def _yes_no_choices(turn: Turn, question: Question) -> list[Choice]:
    """The buttons of a yes-no question in its own words: 有 and 没有, 能 and 不能."""
    words = short_answers.answer_words(question.prompt)
    if words is None:
        return turn.yes_no("choice.is", "choice.is_not")
    return [Choice(words[0], "yes", "1"), Choice(words[1], "no", "2")]


def _clip(text: str) -> str:
    cut = re.split(r"[，,。！!？?；;]", text[:_MAX_SPOKEN_WHAT])
    return "，".join(cut[:-1]) if len(cut) > 1 else text[:_MAX_SPOKEN_WHAT]


def create_order(turn: Turn) -> bool:
    """Creates the order, after the read-back was answered with a plain yes; says number and query code."""
    slots = turn.state.slots
    confirmed = slots.get("confirm")
    if confirmed is None or confirmed.value != "yes" or not confirmed.confirmed:
        raise ValueError("an order is only created after the citizen confirmed the read-back")
    anonymous = turn.value("secrecy") == "anonymous"
    created = turn.services.create_order(
        OrderDraft(
            intent=turn.intent,
            title=title(turn),
            content=turn.value("what"),
            wish=turn.value("wish"),
            duty_code=turn.value("duty"),
            place_code=turn.value("place"),
            place_text=turn.shown("place"),
            incident_time=_moment(turn),
            contact_phone="" if anonymous else turn.value("phone"),
            contact_name="" if anonymous else turn.value("name"),
            secrecy=turn.value("secrecy"),
            answers={
                name.removeprefix(QUESTION_PREFIX): turn.value(name)
                for name in slots
                if name.startswith(QUESTION_PREFIX) and turn.value(name)
            },
            language=turn.state.language,
            serial=int(turn.value("serial") or 0),
        )
    )
    turn.state.orders[created.number] = created.query_code
    turn.say(
        "report.created",
        kind=ORDER_CREATED,
        data={"number": created.number, "query_code": created.query_code},
        number=grouped(created.number, 4),
        code=grouped(created.query_code, 3),
        number_spoken=number_words(created.number, 4, turn.state.language),
        code_spoken=number_words(created.query_code, 3, turn.state.language),
    )
    turn.say("report.next")
    return True


def title(turn: Turn) -> str:
    """A short title: place and duty item, or the beginning of what was said."""
    item = turn.shown("duty")
    return " ".join(filter(None, (turn.shown("place")[:20], item or _clip(turn.value("what"))[:30])))[:60]


def _moment(turn: Turn) -> str:
    """The time in the words it was said with, and as a date when they name one."""
    value, words = turn.value("time"), turn.shown("time")
    return f"{words} ({value.replace('T', ' ')})" if value and value != words else words
