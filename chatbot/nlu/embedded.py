"""The engine inside the process: character n-grams and a linear model, trained from the same files as Rasa.

TF-IDF over one and two characters, a linear support vector machine, probabilities by temperature scaling on out-of-fold scores
(so that 0.9 means about nine in ten). Fitting takes about a second, a prediction about a millisecond. Saved with skops, which
loads only known types: a model file is data, not code.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC
from skops.io import dump, get_untrusted_types, load

from chatbot.nlu import rules, training
from chatbot.nlu.gazetteer import Entry, Gazetteer
from chatbot.nlu.text import bare, join_han
from chatbot.nlu.types import Classified, Span

RECIPE = "names masked, char-1-2 tf-idf, LinearSVC C=0.5, temperature; 3"
FOLDS = 5
# Private types of the calibration that skops does not know by itself; anything else in a model file is refused.
TRUSTED = ["sklearn.calibration._CalibratedClassifier", "sklearn.calibration._TemperatureScaling"]
_SIGNS = {"place": "①", "unit": "②", "phone": "③", "order_number": "④", "time": "⑤"}
_ANY_MOMENT = datetime(2026, 1, 15, 12, 0)
"""Times are only found here, not used, so any moment does; a fixed one keeps the model the same from day to day."""
_DIGITS = re.compile(r"[0-9]")
_BREAKS = re.compile(r"[^\w\u3400-\u9fff①-⑤]+")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Card:
    """What a trained model is: from which data, by which recipe, how good. Accuracies are shares from 0 to 1."""

    data_hash: str
    recipe: str
    sklearn: str
    trained_at: str
    model_file: str
    model_sha256: str
    examples: int
    intents: dict[str, int]
    features: int
    cv_accuracy: float | None = None
    cv_accuracy_sd: float | None = None
    cv_macro_f1: float | None = None
    holdout_examples: int = 0
    holdout_accuracy: float | None = None
    holdout_note: str = "written by the author of the training data; says little about real callers"
    cv_recall: dict[str, float] = field(default_factory=dict)


class ModelMissing(Exception):
    """No trained model of the present data is there. Run `manage.py train_understanding`."""


class EmbeddedEngine:
    """The linear model behind the Engine door."""

    name = "embedded"

    def __init__(self, fitted: Pipeline) -> None:
        self._pipeline = fitted
        self._labels: list[str] = [str(label) for label in fitted.classes_]
        vectorizer: TfidfVectorizer = fitted.steps[0][1]
        self._known = {token for token in vectorizer.vocabulary_ if len(token) == 1}

    def classify(self, text: str, spans: Sequence[Span] = ()) -> Classified:
        """Intents by probability; nothing when no character of the text was ever seen in training."""
        masked = mask(text, spans)
        letters = bare(masked)
        known = sum(1 for char in letters if char in self._known or char.isdigit())
        if not letters or not known:
            return Classified(())
        scores = self._pipeline.predict_proba([prepare(masked)])[0]
        # What the model has never seen cannot speak for any intent: its share takes from the confidence of all.
        share = min(1.0, 0.25 + known / len(letters))
        order = np.argsort(scores)[::-1][:10]
        return Classified(tuple((self._labels[i], round(float(scores[i]) * share, 4)) for i in order))


def mask(text: str, spans: Sequence[Span]) -> str:
    """The text with places, units, numbers and times as one sign each: the model learns 在①, not the roads of one city."""
    out, at = [], 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.kind in _SIGNS and span.start >= at:
            out += [text[at : span.start], _SIGNS[span.kind]]
            at = span.end
    return "".join(out) + text[at:]


def masked_texts(examples: Sequence[training.Example]) -> list[str]:
    """Training and hold-out texts as the model sees them, names found by the lookup tables of the data."""
    names = Gazetteer(
        [Entry("place", word, word) for word in training.lookup("location")]
        + [Entry("unit", word, word) for word in training.lookup("department")]
    )
    found = []
    for example in examples:
        spans = names.find(example.text)
        spans += [
            span
            for span in rules.find_spans(example.text, _ANY_MOMENT)
            if not any(span.start < s.end and s.start < span.end for s in spans)
        ]
        found.append(prepare(mask(example.text, spans)))
    return found


def prepare(text: str) -> str:
    """A masked text as the model sees it: lower case, digits alike, pauses as one blank, with its ends marked."""
    folded = _BREAKS.sub(" ", join_han(text).lower()).strip()
    return f"^{_DIGITS.sub('0', folded)}$"


def pipeline() -> Pipeline:
    """The recipe, not fitted."""
    return make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True, lowercase=False),
        CalibratedClassifierCV(LinearSVC(C=0.5), method="temperature", cv=3, ensemble=False),
    )


def fit(examples: list[training.Example]) -> Pipeline:
    """A pipeline fitted on `examples`."""
    return pipeline().fit(masked_texts(examples), [example.intent for example in examples])


def cross_validate(examples: list[training.Example], progress: Progress) -> dict[str, Any]:
    """Accuracy, its spread over the folds, macro F1 and recall by intent over FOLDS stratified folds."""
    texts = np.array(masked_texts(examples))
    labels = np.array([example.intent for example in examples])
    guesses = np.empty_like(labels)
    scores = []
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=12345)
    for number, (learn, check) in enumerate(folds.split(texts, labels), start=1):
        guesses[check] = pipeline().fit(texts[learn], labels[learn]).predict(texts[check])
        scores.append(float((guesses[check] == labels[check]).mean()))
        progress("cross-validation", number, FOLDS)
    recall = {str(name): round(float((guesses[labels == name] == name).mean()), 3) for name in np.unique(labels)}
    return {
        "cv_accuracy": round(float(np.mean(scores)), 4),
        "cv_accuracy_sd": round(float(np.std(scores)), 4),
        "cv_macro_f1": round(float(f1_score(labels, guesses, average="macro")), 4),
        "cv_recall": recall,
    }


def train(folder: Path, *, evaluate: bool = True, progress: Progress = lambda *_: None) -> Card:
    """Fits, measures and saves a model into `folder`; a reader sees the old model or the new one, never half of one."""
    examples = training.training_examples()
    progress("fit", 0, 1)
    fitted = fit(examples)
    progress("fit", 1, 1)
    figures: dict[str, Any] = cross_validate(examples, progress) if evaluate else {}
    if evaluate:
        held = training.holdout_examples()
        guesses = fitted.predict(masked_texts(held))
        right = sum(guess == example.intent for guess, example in zip(guesses, held, strict=True))
        figures |= {"holdout_examples": len(held), "holdout_accuracy": round(right / len(held), 4)}
    with _locked(folder):
        return _save(folder, fitted, examples, figures)


def _save(folder: Path, fitted: Pipeline, examples: list[training.Example], figures: dict[str, Any]) -> Card:
    counts: dict[str, int] = {}
    for example in examples:
        counts[example.intent] = counts.get(example.intent, 0) + 1
    data_hash = training.data_hash()
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".skops", delete=False) as scratch:
        dump(fitted, scratch.name)
    content = Path(scratch.name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    model_file = f"understanding-{digest[:16]}.skops"
    Path(scratch.name).replace(folder / model_file)
    card = Card(
        data_hash=data_hash,
        recipe=RECIPE,
        sklearn=sklearn.__version__,
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
        model_file=model_file,
        model_sha256=digest,
        examples=len(examples),
        intents=counts,
        features=len(fitted.steps[0][1].vocabulary_),
        **figures,
    )
    pointer = folder / f".understanding.{os.getpid()}.json"
    pointer.write_text(json.dumps(asdict(card), ensure_ascii=False, indent=1), encoding="utf-8")
    pointer.replace(folder / "understanding.json")
    for old in folder.glob("understanding-*.skops"):
        if old.name != model_file:
            old.unlink(missing_ok=True)
    return card


def read_card(folder: Path) -> Card | None:
    """The card of the model in `folder`, None when there is none or it cannot be read."""
    try:
        return Card(**json.loads((folder / "understanding.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_current(card: Card | None) -> bool:
    """Whether a model was made from the present data by the present recipe and library."""
    return card is not None and (card.data_hash, card.recipe, card.sklearn) == (training.data_hash(), RECIPE, sklearn.__version__)


def load_engine(folder: Path) -> EmbeddedEngine:
    """The engine saved in `folder`. Raises ModelMissing when it is absent, altered, or of another library version."""
    card = read_card(folder)
    if card is None or card.sklearn != sklearn.__version__:
        raise ModelMissing(str(folder))
    path = folder / card.model_file
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise ModelMissing(str(path)) from problem
    if hashlib.sha256(content).hexdigest() != card.model_sha256:
        raise ModelMissing(f"{path} is not the file that was written")
    unknown = sorted(set(get_untrusted_types(file=path)) - set(TRUSTED))
    if unknown:
        raise ModelMissing(f"{path} holds types that are not loaded: {', '.join(unknown)}")
    return EmbeddedEngine(load(path, trusted=TRUSTED))


def load_or_fit(folder: Path) -> EmbeddedEngine:
    """The saved engine when it fits the present data, else one fitted now (about a second) and saved for the next start."""
    folder.mkdir(parents=True, exist_ok=True)
    if is_current(read_card(folder)):
        try:
            return load_engine(folder)
        except ModelMissing:
            pass
    train(folder, evaluate=False)
    return load_engine(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One trainer at a time, also among processes."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
