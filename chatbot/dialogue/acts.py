"""The named acts of the flows. Each says whether the flow may go on (True) or waits for an answer or is over (False)."""

from __future__ import annotations

from collections.abc import Callable

from chatbot.dialogue import order_acts, report_acts
from chatbot.dialogue.moves import ANSWER
from chatbot.dialogue.turn import Turn
from chatbot.nlu import rules
from chatbot.nlu.duty import is_sure

Act = Callable[[Turn], bool]


def answer_question(turn: Turn) -> bool:
    """Answers from the knowledge base with its source; when it has none, offers to register the matter or a person."""
    question = turn.value("question")
    found = turn.services.answer(question)
    if found.known:
        zh = turn.state.language.startswith("zh")
        sources = ("；" if zh else "; ").join(" ".join(filter(None, (s.title, s.article, s.date))) for s in found.sources)
        data = {
            "known": True,
            "title": found.title,
            "article_code": found.article_code,
            "version": found.version,
            "sources": [{"title": s.title, "article": s.article, "date": s.date, "url": s.url} for s in found.sources],
            "valid_until": found.valid_until,
        }
        first = found.sources[0] if found.sources else None  # aloud, one source is enough; all are shown
        turn.say(
            "consult.answer",
            kind=ANSWER,
            data=data,
            answer=found.text,
            sources=sources or found.title,
            answer_spoken=found.text.rstrip("。."),
            source=f"{first.title} {first.article}".strip() if first else found.title,
        )
        return True
    turn.say("consult.dont_know", data={"known": False, "gap_id": found.gap_id})
    duties = turn.services.identify_duty(question)
    if not rules.is_question(question) and is_sure([(match.score, match.code) for match in duties]):
        turn.ask("consult.offer_report", step="offer_report", expecting="yes_no", choices=turn.want())
    else:
        turn.ask("consult.offer_person", step="offer_person", expecting="yes_no", choices=turn.want())
    return False


ACTS: dict[str, Act] = {
    "answer_question": answer_question,
    "identify_duty": report_acts.identify_duty,
    "confirm_place": report_acts.confirm_place,
    "ask_duty_questions": report_acts.ask_duty_questions,
    "ask_secrecy": report_acts.ask_secrecy,
    "read_back": report_acts.read_back,
    "create_order": report_acts.create_order,
    "find_order": order_acts.find_order,
    "tell_status": order_acts.tell_status,
    "urge_order": order_acts.urge_order,
    "add_facts": order_acts.add_facts,
    "withdraw_order": order_acts.withdraw_order,
    "rate_order": order_acts.rate_order,
}
