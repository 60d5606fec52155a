"""The named acts of the flows. Each says whether the flow may go on (True) or waits for an answer or is over (False)."""

from __future__ import annotations

from collections.abc import Callable

from chatbot.dialogue import nearest, order_acts, report_acts
from chatbot.dialogue.turn import Turn
from chatbot.nlu import rules
from chatbot.nlu.duty import is_sure

Act = Callable[[Turn], bool]


def answer_question(turn: Turn) -> bool:
    """Answers from the knowledge base with its source.

    When it is not sure it offers the nearest articles; when there are none, to register the matter or a person.
    """
    question = turn.value("question")
    found = turn.services.answer(question)
    if found.known:
        nearest.tell(turn, found)
        return True
    data = {"known": False, "gap_id": found.gap_id}
    duties = turn.services.identify_duty(question)
    if not rules.is_question(question) and is_sure([(match.score, match.code) for match in duties]):
        turn.say("consult.dont_know", data=data)
        turn.ask("consult.offer_report", step="offer_report", expecting="yes_no", choices=turn.want())
    elif found.nearest:
        nearest.ask(turn, found.nearest, data=data)
    else:
        turn.say("consult.dont_know", data=data)
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
