"""Answers from the knowledge base, and the offer of articles that came near when none is sure enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatbot.dialogue.moves import ANSWER
from chatbot.dialogue.ports import ConsultAnswer, NearArticle
from chatbot.dialogue.state import Choice
from chatbot.dialogue.turn import Turn

STEP = "near"
MOST = 3  # so many can be kept in mind on the telephone
HUMAN = "human"


def tell(turn: Turn, found: ConsultAnswer) -> None:
    """Says an answer with article, version and sources."""
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


def ask(turn: Turn, near: Sequence[NearArticle], *, data: dict[str, Any]) -> None:
    """Offers the titles of the nearest articles, and a person."""
    choices = [Choice(article.title, article.code, str(number)) for number, article in enumerate(near[:MOST], start=1)]
    choices.append(Choice(turn.words("choice.human"), HUMAN, str(len(choices) + 1)))
    titles = "".join(turn.words("consult.near_one", key=choice.key, title=choice.label) for choice in choices)
    turn.ask("consult.near", step=STEP, expecting="choice", choices=choices, data=data, titles=titles)


def picked(turn: Turn, code: str) -> bool:
    """Tells the article that was chosen; False when it may not be told any more."""
    found = turn.services.article(code)
    if found.known:
        tell(turn, found)
    return found.known
