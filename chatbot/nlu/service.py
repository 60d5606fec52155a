"""Understanding as the platform asks for it: rules first, then the engine in use, then what the two may not decide alone."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from chatbot.nlu import rules, training
from chatbot.nlu.city import City
from chatbot.nlu.rasa_client import RasaEngine
from chatbot.nlu.text import normalise
from chatbot.nlu.types import NOISE, UNKNOWN, Classified, Engine, EngineUnavailable, Span, Understanding

log = structlog.get_logger(__name__)

RULES = "rules"
UNSURE = 0.3
"""An engine's best guess below this counts as unknown. There are 25 intents, so a guess at random is 0.04."""

_ONLY_WHEN_ASKED = frozenset({"affirm", "deny"})
_RULE_INTENTS = (("human", "ask_human"), ("anger", "anger"), ("repeat", "repeat"))


class Understander:
    """One interface over rules, gazetteer and engines. Thread-safe; `understand` never raises."""

    def __init__(self, *, main: Engine, fallback: Engine | None = None, city: City | None = None) -> None:
        self.main, self.fallback = main, fallback
        self.city = city or City()
        self.last_reason = ""

    def understand(self, text: str, *, expecting: str = "", now: datetime | None = None) -> Understanding:
        """Intent and spans of `text`.

        `expecting` is the kind of answer the bot waits for; yes and no are understood only when it is "yes_no", and then only
        from the word list. Emergencies, the wish for a person, anger and noise are decided by rules before any engine is asked.
        Times are read relative to `now` (default: the present).
        """
        folded = normalise(text)
        moment = timezone.localtime(now) if now is None or timezone.is_aware(now) else now
        if rules.is_noise(folded) and not (expecting == "yes_no" and rules.yes_or_no(folded)):
            return Understanding(folded, NOISE, 1.0, (), (), RULES, False, "")
        spans = self._rule_spans(folded, moment)
        decided = self._by_rule(folded, expecting)
        if decided:
            intent, confidence = decided
            return Understanding(folded, intent, confidence, ((intent, confidence),), tuple(spans), RULES, False, "")
        classified, engine, reason = self._classify(folded, spans)
        spans = _merge(spans, classified.spans)
        intent, confidence, ranking = _settle(classified.ranking)
        return Understanding(folded, intent, confidence, ranking, tuple(spans), engine, bool(reason), reason)

    def _by_rule(self, text: str, expecting: str) -> tuple[str, float] | None:
        if rules.find_emergency(text):
            return "emergency", 1.0
        for key, intent in _RULE_INTENTS:
            if rules.says(key, text):
                return intent, 1.0
        if expecting == "yes_no":
            answer = rules.yes_or_no(text)
            if answer:
                return {rules.YES: ("affirm", 1.0), rules.WEAK_YES: ("affirm", 0.5), rules.NO: ("deny", 1.0)}[answer]
        declared = rules.declared_intent(text)
        return (declared, 1.0) if declared else None

    def _rule_spans(self, text: str, now: datetime) -> list[Span]:
        try:
            return _merge(self.city.names().gazetteer.find(text), rules.find_spans(text, now))
        except Exception:  # a span is a help, not a need: the turn goes on without it
            log.exception("chatbot.spans_failed")
            return []

    def _classify(self, text: str, spans: list[Span]) -> tuple[Classified, str, str]:
        """What the engine in use says, or the one behind it with the reason why the first did not."""
        reason = ""
        for engine in (self.main, self.fallback):
            if engine is None:
                continue
            try:
                classified = engine.classify(text, spans)
            except EngineUnavailable as problem:
                reason = reason or str(problem)
                continue
            except Exception as problem:
                log.exception("chatbot.engine_failed", engine=engine.name)
                reason = reason or f"{engine.name}: {type(problem).__name__}"
                continue
            self._note(reason)
            return classified, engine.name, reason
        self._note(reason)
        return Classified(()), RULES, reason

    def _note(self, reason: str) -> None:
        if reason != self.last_reason:
            log.warning("chatbot.degraded", reason=reason) if reason else log.info("chatbot.recovered", engine=self.main.name)
            self.last_reason = reason


def _settle(ranking: tuple[tuple[str, float], ...]) -> tuple[str, float, tuple[tuple[str, float], ...]]:
    """The best intent an engine may decide. Yes and no are never an engine's to say: both engines hear "yes" in line noise."""
    allowed = tuple((name, sure) for name, sure in ranking if name not in _ONLY_WHEN_ASKED and name in training.intents())
    left_out = sum(sure for name, sure in ranking if name in _ONLY_WHEN_ASKED)
    if not allowed or allowed[0][1] < UNSURE or left_out > allowed[0][1]:
        return UNKNOWN, 0.0, allowed
    return allowed[0][0], allowed[0][1], allowed


def _merge(first: list[Span], second: list[Span] | tuple[Span, ...]) -> list[Span]:
    """Both lists without overlap of unlike kinds; the surer span stays, the first list wins a tie."""
    kept = list(first)
    for span in second:
        rivals = [other for other in kept if other.start < span.end and span.start < other.end and _compete(other, span)]
        if all((span.confidence, span.end - span.start) > (other.confidence, other.end - other.start) for other in rivals):
            kept = [other for other in kept if other not in rivals] + [span]
    return sorted(kept, key=lambda span: (span.start, span.end))


def _compete(one: Span, other: Span) -> bool:
    """A duty word may lie inside another span; all other kinds exclude one another."""
    return "duty_item" not in (one.kind, other.kind)


@cache
def _shared_city() -> City:
    return City()


_building = threading.Lock()
_current: Understander | None = None


def get_understander() -> Understander:
    """The one understander of this process, by settings: Rasa with the embedded engine behind it, or the embedded engine alone.

    The first call loads the model, and fits it (about a second) when no model of the present data was saved.
    """
    global _current
    if _current is None:
        with _building:
            if _current is None:
                _current = _build()
    return _current


def reload() -> None:
    """Builds the understander anew with the next call: after training, or when settings change in a test."""
    global _current
    with _building:
        _current = None
    _shared_city().forget()


def _build() -> Understander:
    from chatbot.nlu import embedded  # scikit-learn takes seconds to import: not at the start of every command

    own = embedded.load_or_fit(settings.MODELS_DIR / "understanding")
    if settings.RASA_URL:
        rasa = RasaEngine(settings.RASA_URL, timeout=settings.RASA_TIMEOUT, token=settings.RASA_TOKEN)
        return Understander(main=rasa, fallback=own, city=_shared_city())
    return Understander(main=own, city=_shared_city())


@dataclass(frozen=True, slots=True)
class Probe:
    """The state of this part for the health page."""

    implementation: str
    degraded: bool
    reason: str
    latency_ms: float
    to_get_real: str


def probe() -> Probe:
    """Asks the engine in use one harmless sentence. Bounded by RASA_TIMEOUT."""
    wish = _("Set RASA_URL to a Rasa 3.6 server trained by `make rasa-train`.")
    started = time.monotonic()
    try:
        understander = get_understander()
        if isinstance(understander.main, RasaEngine):
            status = understander.main.status()
            name = f"Rasa {status.version}"
            return Probe(name, understander.main.breaker.open, understander.last_reason, round(status.latency_ms, 1), "")
        understander.main.classify("路灯坏了")
    except EngineUnavailable as problem:
        reason = _("Rasa does not answer: %(reason)s. The embedded engine has taken over.") % {"reason": problem}
        return Probe("Rasa", True, str(reason), round((time.monotonic() - started) * 1000, 1), str(wish))
    except Exception as problem:
        log.exception("chatbot.probe_failed")
        return Probe(
            RULES, True, f"{type(problem).__name__}: {problem}", round((time.monotonic() - started) * 1000, 1), str(wish)
        )
    from chatbot.nlu import embedded

    card = embedded.read_card(settings.MODELS_DIR / "understanding")
    trained = card.trained_at if card else ""
    name = _("embedded model of %(date)s") % {"date": trained[:10]}
    return Probe(str(name), False, "", round((time.monotonic() - started) * 1000, 1), str(wish))
