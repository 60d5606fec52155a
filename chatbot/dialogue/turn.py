"""One turn while it is being worked out: the state, what was heard, and the moves made so far."""

from __future__ import annotations

from typing import Any

from chatbot.dialogue import prompts
from chatbot.dialogue.flows import Flow, flows
from chatbot.dialogue.moves import ASK, HAND_OVER, SAY, Move, Utterance
from chatbot.dialogue.ports import PlaceMatch, Services
from chatbot.dialogue.state import PERSON, Choice, DialogueState, Slot
from chatbot.nlu import rules
from chatbot.nlu.numerals import spoken_digits
from chatbot.nlu.text import bare
from chatbot.nlu.types import Span, Understanding

MAX_FAILURES = 2
SKIPPED = "skipped"
_SURE_PLACE = 0.8
_INNER = ("serial", "intent", "duty_asked", "place_options")
_SECRECY_RULES = (("anonymous", "anonymous"), ("secret", "secret"))


class Turn:
    """Everything acts and steps work on. `moves` is what the bot will do."""

    def __init__(self, state: DialogueState, utterance: Utterance, services: Services, heard: Understanding) -> None:
        self.state, self.utterance, self.services, self.heard = state, utterance, services, heard
        self.moves: list[Move] = []

    # --- speaking ----------------------------------------------------------------------------------------------------
    def words(self, code: str, /, **args: str) -> str:
        """The sentence `code` as shown."""
        return prompts.say(code, self.state.language, **args).text

    def say(self, code: str, /, *, kind: str = SAY, data: dict[str, Any] | None = None, **args: str) -> None:
        """Adds a sentence."""
        said = prompts.say(code, self.state.language, **args)
        self.moves.append(Move(kind=kind, text=said.text, speech=said.speech, prompt=code, args=args, data=data or {}))

    def ask(
        self,
        code: str,
        /,
        *,
        step: str,
        expecting: str,
        choices: list[Choice] | None = None,
        words: str = "",
        data: dict[str, Any] | None = None,
        **args: str,
    ) -> None:
        """Adds a question and waits for the answer. `words` replaces the prompt (questions of duty items have their own)."""
        said = (
            prompts.Said(words, prompts.spoken(first_sentence(words)))
            if words
            else prompts.say(code, self.state.language, **args)
        )
        offered = tuple(choices or ())
        prompt = "" if words else code
        self.moves.append(
            Move(kind=ASK, text=said.text, speech=said.speech, prompt=prompt, args=args, choices=offered, data=data or {})
        )
        self.wait(step=step, expecting=expecting, choices=list(offered))

    def wait(self, *, step: str, expecting: str, choices: list[Choice]) -> None:
        """Notes what the next utterance should answer."""
        state = self.state
        state.asked[step] = state.asked.get(step, 0) + 1
        state.step, state.expecting, state.choices, state.keyed = step, expecting, choices, ""

    def want(self) -> list[Choice]:
        """The two answers to an offer."""
        return self.yes_no("choice.want", "choice.dont")

    def yes_no(self, yes: str = "choice.yes", no: str = "choice.no") -> list[Choice]:
        """The two answers of a yes-no question."""
        return [Choice(self.words(yes), "yes", "1"), Choice(self.words(no), "no", "2")]

    # --- facts -------------------------------------------------------------------------------------------------------
    @property
    def flow(self) -> Flow | None:
        """The running flow."""
        return flows().get(self.state.flow)

    @property
    def intent(self) -> str:
        """The intent that the running flow was begun with."""
        return self.value("intent")

    def value(self, name: str) -> str:
        """The value of a fact, empty when it is unknown or skipped."""
        slot = self.state.slots.get(name)
        return slot.value if slot and slot.source != SKIPPED else ""

    def shown(self, name: str) -> str:
        """A fact in the words it was said with."""
        slot = self.state.slots.get(name)
        return (slot.text or slot.value) if slot and slot.source != SKIPPED else ""

    def known(self, name: str) -> bool:
        """Whether nothing more has to be asked about a fact: it is known, or the person declined."""
        return name in self.state.slots

    def skip(self, name: str) -> None:
        """Notes that the person does not know or does not want to say."""
        self.state.slots[name] = Slot(value="", source=SKIPPED, seq=self.utterance.seq)

    def values(self) -> dict[str, str]:
        """All facts of the running flow, without the inner ones."""
        return {name: self.value(name) for name in self.state.slots if name not in _INNER and self.value(name)}

    def absorb(self, *, text: str, asked: str = "") -> list[str]:
        """Takes every fact the utterance holds that is not known yet; returns the names of those taken."""
        taken: list[str] = []
        slots, seq = self.state.slots, self.utterance.seq
        if asked != "place" and not self.known("place") and self.heard.first("place") and self.take_place(text, asked=False):
            taken.append("place")
        for kind in ("time", "phone", "name"):
            span = self.heard.first(kind)
            if span and span.confidence >= 0.7 and asked != kind and not self.known(kind) and _plausible(kind, span):
                slots[kind] = Slot(span.value, span.text, span.confidence, seq)
                taken.append(kind)
        wish = rules.find_wish(text)
        if wish and asked != "wish" and not self.known("wish"):
            slots["wish"] = Slot(wish, wish, 0.8, seq)
            taken.append("wish")
        for key, value in _SECRECY_RULES:
            if rules.says(key, text) and self.value("secrecy") != value:
                slots["secrecy"] = Slot(value, text, 1.0, seq)
                taken.append("secrecy")
                break
        return taken

    def take_place(self, text: str, *, asked: bool) -> bool:
        """Fills the place from `text`: from the gazetteer, by sound (then it is asked back), by its look, or as free words."""
        slots, seq = self.state.slots, self.utterance.seq
        matches = self.services.find_place(text)
        spans = self.heard.all("place")
        exact = [match for match in matches if match.exact]
        if exact:
            namesakes = [match for match in exact if match.name == exact[0].name]
            words = next((span.text for span in reversed(spans) if span.value == exact[0].code), exact[0].name)
            slots["place"] = Slot(exact[0].code, words, exact[0].confidence, seq)
            if len(namesakes) > 1:
                self._keep_options(namesakes[:3])
            return True
        if matches and spans:
            slots["place"] = Slot(matches[0].code, matches[0].name, min(matches[0].confidence, _SURE_PLACE - 0.01), seq)
            return True
        free = next((span for span in spans if span.source in {"pattern", "rasa"}), None)
        if free and (asked or len(free.text) >= 3):
            slots["place"] = Slot("", free.text, 0.81 if asked else free.confidence + 0.3, seq)
            return True
        if asked and len(bare(text)) >= 3 and self.heard.intent not in {"noise", "anger", "repeat", "chitchat", "out_of_scope"}:
            slots["place"] = Slot("", text[:60], 0.81, seq)
            return True
        return False

    def _keep_options(self, matches: list[PlaceMatch]) -> None:
        listed = "|".join(f"{match.code};{match.region}" for match in matches)
        self.state.slots["place_options"] = Slot(listed, source="rule")

    def place_is_doubtful(self) -> bool:
        """Whether the place was only heard by its sound and not confirmed yet."""
        slot = self.state.slots.get("place")
        return bool(slot and slot.source != SKIPPED and not slot.confirmed and slot.confidence < _SURE_PLACE)

    # --- handing over ------------------------------------------------------------------------------------------------
    def hand_over(self, reason: str, *, prompt: str = "", text: str = "") -> None:
        """Gives the conversation to a person, with all facts and a summary. The bot is silent from here."""
        code = prompt or f"hand_over.{reason}"
        said = prompts.say(code, self.state.language)
        shown = f"{text}\n{said.text}" if text else said.text
        spoken = f"{prompts.spoken(text)}。{said.speech}" if text else said.speech
        data: dict[str, Any] = {"reason": reason, "flow": self.state.flow, "slots": self.values(), "summary": self.summary()}
        data["parked"] = [
            {"flow": draft.flow, "slots": {k: s.value for k, s in draft.slots.items()}} for draft in self.state.parked
        ]
        self.moves.append(Move(kind=HAND_OVER, text=shown, speech=spoken, prompt="" if text else code, data=data))
        self.state.owner = PERSON
        self.state.step, self.state.expecting, self.state.choices = "", "", []

    def summary(self) -> str:
        """One line for the person who takes over: the matter and what is known of it."""
        known = [self.shown(name) for name in ("duty", "what", "place", "time", "wish") if self.value(name) or self.shown(name)]
        flow = f"summary.flow.{self.state.flow}"
        title = self.words(flow) if prompts.exists(flow) else ""
        return "；".join(part for part in (title, *known) if part)[:300]

    def fail(self) -> None:
        """Counts a turn that was not understood; the second in a row goes to a person."""
        self.state.failures += 1
        if self.state.failures >= MAX_FAILURES:
            self.hand_over("failures")
            return
        self.again()

    def again(self) -> None:
        """Asks the open question once more in other words, offering a person."""
        state = self.state
        if not state.expecting or state.step == "more":
            self.ask("not_understood", step=state.step or "open", expecting=state.expecting, choices=state.choices)
            return
        code = f"again.{state.expecting}"
        self.ask(code, step=state.step, expecting=state.expecting, choices=state.choices)


def phone_words(number: str, language: str) -> str:
    """The last four digits of a telephone number, spoken one by one."""
    tail = number[-4:]
    return spoken_digits(tail) if prompts.short_language(language) == "zh" else " ".join(tail)


def number_words(number: str, group: int, language: str) -> str:
    """A long number as it is read out, in groups."""
    if prompts.short_language(language) == "zh":
        return spoken_digits(number, group=(group,))
    return ", ".join(" ".join(number[at : at + group]) for at in range(0, len(number), group))


def grouped(number: str, group: int) -> str:
    """A long number as it is shown, in groups."""
    return " ".join(number[at : at + group] for at in range(0, len(number), group))


def first_sentence(text: str, limit: int = 24) -> str:
    """The first sentence of a long question: what is spoken when the rest only explains."""
    if len(text) <= limit:
        return text
    for end, char in enumerate(text, start=1):
        if char in "。？?！!" and end <= limit:
            return text[:end]
    return text


def _plausible(kind: str, span: Span) -> bool:
    """Words such as 一直 or 现在 alone say too little to save the question when it happened."""
    return kind != "time" or span.text not in {
        "现在",
        "一直",
        "今天",
        "每天",
        "天天",
        "最近",
        "晚上",
        "早上",
        "中午",
        "下午",
        "上午",
        "夜里",
        "半夜",
        "凌晨",
    }
