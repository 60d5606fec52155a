"""The three steps of an article (采编, 审核, 签发) as data: who may take a version from where to where.

Practice of Chinese hotlines is draft by the unit or the hotline's editor, check by a second person, release by a third.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ticketing.organisation.roles import Role

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class State(TextChoices):
    """State of one version. At most one version of an article is published at a time."""

    DRAFT = "draft", pgettext_lazy("article version", "Draft")
    SUBMITTED = "submitted", pgettext_lazy("article version", "Waiting for review")
    REVIEWED = "reviewed", pgettext_lazy("article version", "Reviewed, waiting for release")
    PUBLISHED = "published", pgettext_lazy("article version", "Published")
    SUPERSEDED = "superseded", pgettext_lazy("article version", "Replaced by a newer version")
    WITHDRAWN = "withdrawn", pgettext_lazy("article version", "Withdrawn")


@dataclass(frozen=True, slots=True)
class Step:
    """One edge: the verb, the states it starts from, where it ends, who may take it."""

    verb: str
    label: StrOrPromise
    sources: frozenset[State]
    target: State
    roles: frozenset[Role]
    second_person: bool = False  # the actor must not be the author of the version


EDITORS = frozenset({Role.KNOWLEDGE_EDITOR, Role.ADMIN, Role.SYSTEM})
REVIEWERS = frozenset({Role.KNOWLEDGE_REVIEWER, Role.ADMIN, Role.SYSTEM})
PUBLISHERS = frozenset({Role.KNOWLEDGE_PUBLISHER, Role.ADMIN, Role.SYSTEM})
READERS_OF_GAPS = EDITORS | REVIEWERS | PUBLISHERS

STEPS: tuple[Step, ...] = (
    Step("submit", _("Submit for review"), frozenset({State.DRAFT}), State.SUBMITTED, EDITORS),
    Step("review", _("Approve"), frozenset({State.SUBMITTED}), State.REVIEWED, REVIEWERS, second_person=True),
    Step(
        "reject",
        _("Return to the author"),
        frozenset({State.SUBMITTED, State.REVIEWED}),
        State.DRAFT,
        REVIEWERS | PUBLISHERS,
    ),
    Step("publish", _("Release"), frozenset({State.REVIEWED}), State.PUBLISHED, PUBLISHERS, second_person=True),
    Step("withdraw", pgettext_lazy("step of an article", "Withdraw"), frozenset({State.PUBLISHED}), State.WITHDRAWN, PUBLISHERS),
)
BY_VERB = {step.verb: step for step in STEPS}


def steps_from(state: State | str, role: Role) -> list[Step]:
    """The steps that `role` may take from `state`."""
    return [step for step in STEPS if State(state) in step.sources and role in step.roles]


VERB_LABELS = {
    "save_draft": pgettext_lazy("step of an article", "Draft kept"),
    "import": pgettext_lazy("step of an article", "Brought in from files"),
    **{step.verb: step.label for step in STEPS},
}
