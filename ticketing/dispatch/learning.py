"""Learning a text model: features, linear models, and what is measured on texts that were held out.

The parts: a linear support vector machine on counts that are damped and scaled, label by label, with the naive-Bayes log-count
ratio mixed half with one (NB-SVM, Wang & Manning 2012), and a ridge regression on TF-IDF. Both also learn from the beginnings
of the texts and from windows in them, with less weight, because a call is routed on its first sentence. A support vector machine
on the whole texts alone and a naive Bayes model, both nearly free, keep the second and third guess good. Where there are too
many labels for a machine each, one logistic regression by stochastic gradient takes their place. docs/routing.md has the
figures of what was tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf, log

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from sklearn.linear_model import Ridge, SGDClassifier
from sklearn.svm import LinearSVC

from ticketing.dispatch.text_model import PRECISION, Band, Floats, Part, TextModel, grams, normalise

Array = NDArray[np.float64]
Ids = NDArray[np.int64]
Progress = Callable[[str, float], None]
"""Called with the name of the stage and the share of all work that is done, 0 to 1."""

FOLDS = 3
ALWAYS = -1  # the fold of rows that are only ever learned from
MIN_ROWS = 2  # a feature must occur in so many texts
OPENINGS = (40, 80)
WINDOWS = (40, 80)
HALVED_FROM = 16  # texts of so many characters, but too short for an opening, are also learned from by their first half
WINDOWS_EACH = 2
OPENING_WEIGHT = 0.6
WINDOW_WEIGHT = 0.35
MAX_EXTRA_ROWS = 60_000
MANY_LABELS = 40
MOST_WORK = 250_000  # texts times labels, above which a machine for each label takes more than a few minutes
BANDS = ((60.0, 40), (120.0, 80), (inf, 0))
"""Upper end of each band in characters, and to how many characters held-out texts are cut to learn it (0: not at all)."""
USUAL_SHARES = (1.0, 1.0, 0.5, 0.4)  # of the parts in the mix, before a set of texts says otherwise
MIX_PULL = 0.2  # how strongly the mix is drawn to them
DOUBT = 0.01  # this share of all labels is taken to be wrong, so that an easy set of texts does not breed certainty
NB_MIX = 0.5
NB_PRIOR = 1.0
FEWEST_FOR_A_BAND = 30


class TooFewLabels(ValueError):
    """There is nothing to tell apart: fewer than two labels."""


@dataclass(slots=True)
class HeldOut:
    """What the model says of texts it was not trained on, cut to one length. Rows as in `rows` (numbers of training texts)."""

    rows: Ids
    probabilities: Array
    margins: Array


@dataclass(slots=True)
class Fitted:
    """A model, its label numbers of the training rows, and the out-of-fold answers by length (0: whole texts)."""

    model: TextModel
    truth: Ids
    held_out: dict[int, HeldOut] = field(default_factory=dict)


def fit(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    openings: Sequence[str] = (),
    folds: Ids | None = None,
    learn_all: bool = True,
    seed: int = 12345,
    progress: Progress = lambda stage, share: None,
) -> Fitted:
    """Train on `texts`; learn mix, calibration and thresholds on folds held out.

    `openings`: a short form of each text, if there is one (a title; "" where not), learned from as a beginning. `folds`: a
    fold number per row, ALWAYS for rows that must not be judged by; drawn by label when not given. `learn_all`: whether to
    learn once more from all rows in the end; without it (one fold only) the model that was measured is the model kept.
    Raises TooFewLabels.
    """
    names = sorted(set(labels))
    if len(names) < 2:
        raise TooFewLabels(f"{len(names)} label in {len(texts)} texts; at least two are needed")
    numbers = {name: n for n, name in enumerate(names)}
    truth = np.array([numbers[label] for label in labels], dtype=np.int64)
    folds = draw_folds(truth, seed) if folds is None else folds
    tested = sorted(set(folds.tolist()) - {ALWAYS})
    clean = [normalise(text) for text in texts]
    short = [normalise(text) for text in openings] or [""] * len(clean)
    again = learn_all or len(tested) != 1
    steps, done = len(tested) + again, 0

    def step(stage: str, inner: float) -> None:
        progress(stage, (done + inner) / (steps + 0.1))

    scores = {cut: np.zeros((0, 0, 0)) for _, cut in BANDS}
    rows = np.array([], dtype=np.int64)
    for fold in tested:
        learn, check = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        partial = _train(clean, short, truth, learn, names, seed, lambda inner: step("learning with a part held out", inner))
        rows = np.concatenate([rows, check])
        for cut in scores:
            found = _scores(partial, [clean[n][: cut or None] for n in check])
            scores[cut] = found if not scores[cut].size else np.concatenate([scores[cut], found], axis=1)
        done += 1
    if again:
        partial = _train(clean, short, truth, np.arange(len(clean)), names, seed, lambda inner: step("learning from all", inner))
        done += 1
    model = partial
    step("setting thresholds", 0.0)
    fitted = Fitted(model, truth)
    sizes = np.array([len(text) for text in clean], dtype=np.int64)
    model.bands = [_learn_band(end, cut, rows, scores, truth, sizes, fitted, len(model.parts)) for end, cut in BANDS]
    step("done", 0.1)
    return fitted


def draw_folds(truth: Ids, seed: int) -> Ids:
    """Fold numbers by label, so that each fold has its share of each; a label with one text is only learned from."""
    rng = np.random.default_rng(seed)
    folds = np.full(len(truth), ALWAYS, dtype=np.int64)
    for label in np.unique(truth):
        rows = rng.permutation(np.flatnonzero(truth == label))
        if len(rows) > 1:
            folds[rows] = (np.arange(len(rows)) + rng.integers(FOLDS)) % FOLDS
    return folds


def _learn_band(
    end: float, cut: int, rows: Ids, scores: dict[int, Array], truth: Ids, sizes: Ids, fitted: Fitted, parts: int
) -> Band:
    """Mix and threshold for one length, from the held-out texts of that length."""
    if not len(rows):
        return Band(max_chars=end, mix=(1.0,) * parts, threshold=inf)
    found, wanted = scores[cut], truth[rows]
    # The band of whole texts is learned on long ones, if there are enough of them.
    long = sizes[rows] > BANDS[-2][0]
    use = long if not cut and long.sum() >= FEWEST_FOR_A_BAND else np.ones(len(rows), dtype=bool)
    mix = _calibrate(found[:, use], wanted[use])
    logits = np.tensordot(mix, found, axes=1)
    probabilities = softmax(logits)
    ordered = np.sort(logits, axis=1)
    margins = ordered[:, -1] - ordered[:, -2]
    fitted.held_out[cut] = HeldOut(rows, probabilities, margins)
    right = logits.argmax(axis=1) == wanted
    threshold, coverage, reached = learn_threshold(margins[use], right[use])
    return Band(max_chars=end, mix=tuple(float(m) for m in mix), threshold=threshold, coverage=coverage, reached=reached)


def _calibrate(scores: Array, truth: Ids) -> Array:
    """A factor for each part (parts x rows x labels) that makes the softmax of their sum likeliest, drawn to USUAL_SHARES.

    A single number per part: enough to calibrate, too little to overfit.
    """
    usual = np.log(np.array(USUAL_SHARES[: len(scores)]))
    spread = np.maximum(scores.std(axis=(1, 2)), 1e-6)

    def cost(x: Array) -> float:
        logits = np.tensordot(np.exp(x) / spread, scores, axes=1)
        top = logits.max(axis=1, keepdims=True)
        chosen = (1 - DOUBT) * logits[np.arange(len(truth)), truth] + DOUBT * logits.mean(axis=1)
        loss = float(np.mean(np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0] - chosen))
        return loss + MIX_PULL * float(np.var(x - usual)) + 1e-4 * float(np.sum(x**2))

    found = minimize(cost, usual, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-6, "maxiter": 200})
    return np.asarray(np.exp(found.x) / spread, dtype=np.float64)


def learn_threshold(margins: Array, right: NDArray[np.bool_], *, precision: float = PRECISION) -> tuple[float, float, float]:
    """The smallest margin from which on at least `precision` are right; with the share of texts above it and the share right.

    (inf, 0, 0) where there is none.
    """
    if not len(margins):
        return inf, 0.0, 0.0
    order = np.argsort(-margins, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Texts with the same margin stand or fall together.
    last_of_its_margin = np.append(np.diff(margins[order]) != 0, True)
    good = np.flatnonzero((shares >= precision) & last_of_its_margin)
    if not len(good):
        return inf, 0.0, 0.0
    last = int(good[-1])
    return float(margins[order[last]]), (last + 1) / len(order), float(shares[last])


def softmax(logits: Array) -> Array:
    """Rows of logits as rows of probabilities."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _scores(model: TextModel, texts: Sequence[str]) -> Array:
    """Scores of all parts for normalised texts: parts x rows x labels."""
    return np.stack([model.part_scores(text) for text in texts], axis=1).astype(np.float64)


def _train(
    clean: Sequence[str],
    short: Sequence[str],
    truth: Ids,
    learn: Ids,
    names: list[str],
    seed: int,
    progress: Callable[[float], None],
) -> TextModel:
    texts = [clean[n] for n in learn]
    vocabulary, index = _vocabulary(texts)
    extra, of, weights = _extra_rows(texts, [short[n] for n in learn], seed, halves=len(names) <= MANY_LABELS)
    counts = _matrix([*texts, *extra], index)
    labels = np.concatenate([truth[learn], truth[learn][of]])
    weight = np.concatenate([np.ones(len(texts)), weights])
    progress(0.1)
    if len(names) > MANY_LABELS or len(texts) * len(names) > MOST_WORK:
        parts = [_logistic(counts, labels, weight, len(texts), len(names), seed)]
    else:
        parts = [
            _nb_svm(counts, labels, weight, len(names), seed, lambda share: progress(0.1 + 0.5 * share)),
            _ridge(counts, labels, weight, len(texts), len(names)),
            _svm(counts[: len(texts)], labels[: len(texts)], len(names), seed),
            _naive_bayes(counts, labels, weight, len(names)),
        ]
    progress(1.0)
    return TextModel(labels=names, vocabulary=vocabulary, parts=parts, bands=[])


def _vocabulary(texts: Sequence[str]) -> tuple[list[str], dict[str, int]]:
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(grams(text).keys())
    fewest = MIN_ROWS if len(texts) >= 20 else 1
    vocabulary = sorted(gram for gram, n in seen.items() if n >= fewest)
    return vocabulary, {gram: n for n, gram in enumerate(vocabulary)}


def _extra_rows(texts: Sequence[str], short: Sequence[str], seed: int, *, halves: bool) -> tuple[list[str], Ids, Array]:
    """Beginnings and windows of the texts, from which text each is, and its weight."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[str, int, float]] = []
    for n, text in enumerate(texts):
        if short[n] and short[n] != text:
            rows.append((short[n], n, OPENING_WEIGHT))
        rows.extend((text[:size], n, OPENING_WEIGHT) for size in OPENINGS if len(text) > size * 1.2)
        if halves and OPENINGS and HALVED_FROM <= len(text) <= OPENINGS[0] * 1.2:
            rows.append((text[: len(text) // 2], n, WINDOW_WEIGHT))
    for _ in range(WINDOWS_EACH):
        for size in WINDOWS:
            if len(rows) >= MAX_EXTRA_ROWS:
                break
            for n, text in enumerate(texts):
                if len(text) > size * 1.5:
                    start = int(rng.integers(0, len(text) - size))
                    rows.append((text[start : start + size], n, WINDOW_WEIGHT))
    return (
        [text for text, _, _ in rows],
        np.array([n for _, n, _ in rows], dtype=np.int64),
        np.array([weight for _, _, weight in rows], dtype=np.float64),
    )


def _matrix(texts: Sequence[str], index: dict[str, int]) -> sparse.csr_matrix:
    """Damped counts, 1 + ln(n), of the known features; one row a text."""
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for text in texts:
        for gram, n in grams(text).items():
            column = index.get(gram)
            if column is not None:
                columns.append(column)
                values.append(1.0 + log(n))
        ends.append(len(columns))
    return sparse.csr_matrix((values, columns, ends), shape=(len(texts), len(index)), dtype=np.float64)


def _unit_rows(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sparse.diags(1.0 / np.where(lengths > 0, lengths, 1.0)) @ matrix


def _idf(counts: sparse.csr_matrix, whole: int) -> Array:
    """Smoothed inverse document frequency over the first `whole` rows, the texts themselves."""
    frequency = counts[:whole].getnnz(axis=0)
    return np.asarray(np.log((1 + whole) / (1 + frequency)) + 1.0)


def _nb_svm(
    counts: sparse.csr_matrix, labels: Ids, weight: Array, classes: int, seed: int, progress: Callable[[float], None]
) -> Part:
    unit = _unit_rows(counts)
    weights, bias = np.zeros((classes, unit.shape[1])), np.full(classes, -2.0)
    for label in range(classes):
        mine = labels == label
        if mine.any() and not mine.all():
            inside, outside = NB_PRIOR + unit[mine].T @ weight[mine], NB_PRIOR + unit[~mine].T @ weight[~mine]
            ratio = np.log((inside / inside.sum()) / (outside / outside.sum()))
            scale = NB_MIX * ratio + (1.0 - NB_MIX)
            machine = LinearSVC(C=1.0, tol=1e-3, random_state=seed)
            machine.fit(unit @ sparse.diags(scale), mine.astype(np.int64), sample_weight=weight)
            weights[label], bias[label] = machine.coef_[0] * scale, machine.intercept_[0]
        progress((label + 1) / classes)
    return _part("nb-svm", weights.T, bias, np.ones(unit.shape[1]))


def _ridge(counts: sparse.csr_matrix, labels: Ids, weight: Array, whole: int, classes: int) -> Part:
    idf = _idf(counts, whole)
    unit = _unit_rows(counts @ sparse.diags(idf))
    wanted = np.where(labels[:, None] == np.arange(classes), 1.0, -1.0)
    machine = Ridge(alpha=1.0, solver="sparse_cg", tol=1e-3).fit(unit, wanted, sample_weight=weight)
    return _part("tf-idf ridge", (machine.coef_ * idf).T, machine.intercept_, idf)


def _svm(counts: sparse.csr_matrix, labels: Ids, classes: int, seed: int) -> Part:
    """On whole texts only: it keeps the right label among the first three where windows make the others bold."""
    idf = _idf(counts, counts.shape[0])
    unit = _unit_rows(counts @ sparse.diags(idf))
    weights, bias = np.zeros((classes, unit.shape[1])), np.full(classes, -2.0)
    present = np.unique(labels)
    if len(present) < 2:
        return _part("tf-idf svm", weights.T, bias, idf)
    machine = LinearSVC(C=0.3, tol=1e-3, random_state=seed).fit(unit, labels)
    if len(present) == 2:  # one machine tells two labels apart
        weights[present], bias[present] = machine.coef_ * idf * [[-1.0], [1.0]], machine.intercept_ * [-1.0, 1.0]
    else:
        weights[present], bias[present] = machine.coef_ * idf, machine.intercept_
    return _part("tf-idf svm", weights.T, bias, idf)


def _naive_bayes(counts: sparse.csr_matrix, labels: Ids, weight: Array, classes: int) -> Part:
    """Multinomial naive Bayes on damped counts; dividing by the length of the text tempers its boldness on long ones."""
    shares = np.zeros((classes, counts.shape[1]))
    for label in range(classes):
        mine = labels == label
        inside = NB_PRIOR * 0.1 + counts[mine].T @ weight[mine]
        shares[label] = np.log(inside / inside.sum())
    return _part("naive Bayes", (shares - shares.mean(axis=0)).T, np.zeros(classes), np.ones(counts.shape[1]))


def _logistic(counts: sparse.csr_matrix, labels: Ids, weight: Array, whole: int, classes: int, seed: int) -> Part:
    idf = _idf(counts, whole)
    unit = _unit_rows(counts @ sparse.diags(idf))
    machine = SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=8, tol=None, random_state=seed)
    machine.fit(unit, labels, sample_weight=weight)
    weights, bias = np.zeros((classes, unit.shape[1])), np.full(classes, float(machine.intercept_.min()))
    weights[machine.classes_], bias[machine.classes_] = machine.coef_ * idf, machine.intercept_
    return _part("tf-idf logistic", weights.T, bias, idf)


def _part(name: str, weights: Array, bias: Array, scale: Array) -> Part:
    as_single: Callable[[Array], Floats] = lambda values: np.ascontiguousarray(values, dtype=np.float32)  # noqa: E731
    return Part(name, as_single(weights), as_single(bias), as_single(scale))
