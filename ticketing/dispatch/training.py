"""Training the router: on what people decided, on a table of messages, or on the duty list's own words in varied sentences.

A call is routed on its first sentence, so every source is also learned from by the beginnings of its texts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from ticketing.dispatch import learning
from ticketing.dispatch.classifier import MODEL
from ticketing.dispatch.labelled import Message, Table
from ticketing.dispatch.learning import Fitted, Progress
from ticketing.dispatch.model_report import Summary, summarise
from ticketing.dispatch.model_versions import CARD, REPORT
from ticketing.dispatch.models import Decision
from ticketing.orders.models import OrderEvent, Secrecy, WorkOrder
from ticketing.orders.phrasing import Phrasebook, get_phrasebook
from ticketing.orders.workflow import Action, State
from ticketing.organisation.models import DutyItem, Place

TEXTS_PER_ITEM = 12
HELD_OUT_EVERY = 5  # every fifth sentence frame is never trained on while measuring
OPENING_CHARS = 16
MAX_MESSAGES = 60_000
"""The newest so many decided orders are learned from: more take minutes and change little."""
MAX_JUDGED = 6_000
"""So many are held out in turn; enough for thresholds, and memory stays small with hundreds of items."""


class NothingToTrainOn(Exception):
    """There is nothing to learn from; the message says what to do."""


@dataclass(slots=True)
class Source:
    """What is learned from. `folds` as in learning.fit; None: drawn by label."""

    kind: str  # composed, table or history
    description: str
    limits: str
    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    openings: list[str] = field(default_factory=list)
    folds: list[int] | None = None
    remarks: list[str] = field(default_factory=list)


def composed(*, seed: int = 12345) -> Source:
    """Sentences made of the duty list's words and the city's phrases; whole sentence frames are held out for measuring.

    Raises NothingToTrainOn without a duty list.
    """
    book, rng = get_phrasebook(), Random(seed)
    source = Source(
        kind="composed",
        description="composed from the duty list's words and the city's phrases; contains no citizen's text",
        limits="Measured on composed texts. Says nothing about real calls; the classifier alone never dispatches.",
        folds=[],
    )
    places = list(Place.objects.order_by("code").values_list("name", flat=True)) or ["这里"]
    for item in DutyItem.objects.filter(is_active=True).select_related("order_type").order_by("code"):
        words = [w for w in [item.name, *item.keywords] if w]
        frames = book.frames(item.order_type.code)
        if words and frames:
            _compose(source, rng, book, item.code, words, frames, places)
    if len(set(source.labels)) < 2:
        raise NothingToTrainOn("There are no duty items to train on: run manage.py load_city first.")
    return source


def _compose(
    source: Source, rng: Random, book: Phrasebook, code: str, words: Sequence[str], frames: Sequence[str], places: Sequence[str]
) -> None:
    assert source.folds is not None
    for held_out, count in ((False, TEXTS_PER_ITEM), (True, TEXTS_PER_ITEM // HELD_OUT_EVERY)):
        mine = [f for n, f in enumerate(frames) if (n % HELD_OUT_EVERY == 0) == held_out]
        for n in range(count if mine else 0):
            what = words[n % len(words)]
            text = book.fill(rng.choice(mine), rng, what=what, place=rng.choice(places))
            rows = [text] if held_out else [text, what, text[: max(OPENING_CHARS, text.find(what) + len(what))]]
            source.texts.extend(rows)
            source.labels.extend([code] * len(rows))
            source.openings.extend([""] * len(rows))
            source.folds.extend([0 if held_out else learning.ALWAYS] * len(rows))


def from_table(table: Table) -> Source:
    """The messages of a CSV file. A label that is the name of a duty item stands for its code.

    Labels that are no duty item can be learned, but dispatch cannot use them; the remarks say which.
    """
    codes = dict(DutyItem.objects.values_list("name", "code"))
    known = set(codes.values())
    labels = [m.label if m.label in known else codes.get(m.label, m.label) for m in table.messages]
    strange = sorted(set(labels) - known)
    source = Source(
        kind="table",
        description=f"{table.name}: {len(table.messages)} messages, {len(set(labels))} labels",
        limits="As good as the labels of that file, and for messages like those in it.",
        texts=[m.whole for m in table.messages],
        labels=labels,
        openings=[m.title for m in table.messages],
        remarks=table.report(),
    )
    if strange:
        shown = ", ".join(strange[:8]) + (" …" if len(strange) > 8 else "")
        source.remarks.append(
            f"{len(strange)} of {len(set(labels))} labels are neither code nor name of a duty item here, so that dispatch "
            f"cannot use them: {shown}."
        )
    return source


def decided_orders() -> list[Message]:
    """Orders whose duty item people stood by: dispatched by a dispatcher here, or brought over from an earlier system.

    Never generated examples, never sealed reports, never what the machine alone decided. An order that came back teaches what
    it was dispatched as afterwards, and until then nothing. Newest first, at most MAX_MESSAGES.
    """
    events = OrderEvent.objects.filter(order=OuterRef("pk"), actor_kind="staff", action__in=[Action.DISPATCH, Action.REASSIGN])
    choices = Decision.objects.filter(order=OuterRef("pk"), automatic=False, chosen_unit__isnull=False)
    rows = (
        WorkOrder.objects.filter(duty_item__isnull=False)
        .exclude(origin=WorkOrder.Origin.GENERATED)
        .exclude(secrecy=Secrecy.SEALED)
        .exclude(return_count__gt=0, state__in=[State.TRIAGE, State.RETURN_REVIEW, State.DISPUTE])
        .filter(Q(origin=WorkOrder.Origin.IMPORT) | Exists(events) | Exists(choices))
        .order_by("-created_at")
        .values_list("content", "duty_item__code", "title")[:MAX_MESSAGES]
    )
    return [Message(content, code, title) for content, code, title in rows]


def from_history(*, seed: int = 12345) -> Source:
    """What people decided, with the composed sentences beside it, so that items without a past can be suggested too.

    Only decided orders are measured on. Raises NothingToTrainOn when people have decided too little.
    """
    messages = decided_orders()
    if len({m.label for m in messages}) < 2:
        raise NothingToTrainOn(
            f"The database holds {len(messages)} orders that people decided, of {len({m.label for m in messages})} duty items; "
            "at least two items are needed. Generated examples never count. Dispatch or import orders first, or train without "
            "--from-history."
        )
    numbers = {code: n for n, code in enumerate(sorted({m.label for m in messages}))}
    folds = learning.draw_folds(np.array([numbers[m.label] for m in messages]), seed)
    folds[MAX_JUDGED:] = learning.ALWAYS
    source = Source(
        kind="history",
        description=f"{len(messages)} orders decided by people, and sentences composed from the duty list's words",
        limits="Decided orders are measured on texts held out; items without decided orders were not measured at all.",
        texts=[m.whole for m in messages],
        labels=[m.label for m in messages],
        openings=[m.title for m in messages],
        folds=folds.tolist(),
    )
    try:
        aside = composed(seed=seed)
    except (NothingToTrainOn, FileNotFoundError):
        source.remarks.append("There was nothing to compose sentences from; items without decided orders cannot be suggested.")
        return source
    assert source.folds is not None
    source.texts += aside.texts
    source.labels += aside.labels
    source.openings += aside.openings
    source.folds += [learning.ALWAYS] * len(aside.texts)
    return source


def train(
    source: Source | None = None,
    *,
    seed: int = 12345,
    progress: Progress = lambda stage, share: None,
    directory: Path | None = None,
) -> Summary:
    """Train, measure, write model, card and report to MODELS_DIR/router. Raises NothingToTrainOn."""
    source = source or composed(seed=seed)
    try:
        fitted = learning.fit(
            source.texts,
            source.labels,
            openings=source.openings,
            folds=None if source.folds is None else np.array(source.folds, dtype=np.int64),
            learn_all=source.kind != "composed",
            seed=seed,
            progress=progress,
        )
    except learning.TooFewLabels as error:
        raise NothingToTrainOn(f"There is too little to train on: {error}.") from error
    summary = summarise(fitted)
    _write(directory or Path(settings.MODELS_DIR) / "router", fitted, source, summary)
    return summary


def stored_report(directory: Path | None = None) -> str:
    """The report of the model in use. Raises FileNotFoundError when none was written."""
    return ((directory or Path(settings.MODELS_DIR) / "router") / REPORT).read_text(encoding="utf-8")


def _write(directory: Path, fitted: Fitted, source: Source, summary: Summary) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    card: dict[str, Any] = {
        "trained_at": timezone.now().isoformat(),
        "source": source.kind,
        "data": source.description,
        "data_sha256": sha256("\n".join(map("\t".join, zip(source.labels, source.texts, strict=True))).encode()).hexdigest(),
        "remarks": source.remarks,
        "labels": len(fitted.model.labels),
        "texts": len(source.texts),
        "features": len(fitted.model.vocabulary),
        "parts": [part.name for part in fitted.model.parts],
        "measured_on": summary.judged,
        "figures": summary.as_json(),
        "limits": source.limits,
    }
    (directory / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1), encoding="utf-8")
    (directory / REPORT).write_text(summary.markdown(card), encoding="utf-8")
    fitted.model.save(directory / MODEL)
