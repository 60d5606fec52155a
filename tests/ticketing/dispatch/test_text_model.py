"""The text model: what it reads, what it stores, what it learns from texts held out."""

from __future__ import annotations

import zipfile
from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ticketing.dispatch.messages import messages
from ticketing.dispatch import learning
from ticketing.dispatch.learning import Fitted, draw_folds, fit, learn_threshold
from ticketing.dispatch.text_model import MAX_CHARS, TextModel, UnreadableModel, grams, normalise


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    rows = messages(150)
    return fit([text for text, _ in rows], [label for _, label in rows])


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("ＡＢＣ　公司", "abc公司"),
        ("水管&nbsp;爆了&amp;没人管", "水管爆了&没人管"),
        ("\n\t\t 您好\r\n 领导 ", "您好领导"),
        ("WiFi  is down", "wifi is down"),
        ("2024年\u200b3月", "0000年0月"),
        ("", ""),
    ],
)
def test_texts_are_read_alike_however_they_are_written(raw: str, seen: str) -> None:
    assert normalise(raw) == seen


@given(st.text(max_size=300))
def test_any_text_can_be_read_and_reading_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert len(once) <= MAX_CHARS
    assert not any(ord(char) < 32 for char in once)
    assert sum(grams(once).values()) == max(0, 2 * len(once) - 1)


def test_new_messages_get_their_label_and_probabilities_sum_to_one(fitted: Fitted) -> None:
    unseen = messages(60, seed=9)
    guesses = [fitted.model.guess(text, limit=3) for text, _ in unseen]
    assert np.mean([g.ranking[0][0] == label for g, (_, label) in zip(guesses, unseen, strict=True)]) > 0.95
    for guess in guesses:
        chances = [chance for _, chance in guess.ranking]
        assert sum(chances) == pytest.approx(1.0, abs=1e-5)
        assert chances == sorted(chances, reverse=True)


def test_a_beginning_is_understood_too(fitted: Fitted) -> None:
    assert fitted.model.guess("自来水发黄").ranking[0][0] == "供水"


@pytest.mark.parametrize("text", ["", " ", "zzz", "🚰" * 50, "水" * 20_000])
def test_odd_texts_get_a_guess_and_never_an_error(fitted: Fitted, text: str) -> None:
    assert len(fitted.model.guess(text).ranking) == 3


def test_each_length_has_its_own_mix_and_threshold(fitted: Fitted) -> None:
    bands = fitted.model.bands
    assert [b.max_chars for b in bands] == [60.0, 120.0, inf]
    assert fitted.model.band(60) is bands[0]
    assert fitted.model.band(61) is bands[1]
    assert fitted.model.band(5000) is bands[2]
    assert all(len(b.mix) == len(fitted.model.parts) and min(b.mix) > 0 for b in bands)


def test_a_stored_model_says_the_same_to_the_last_digit(fitted: Fitted, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "model.npz"
    fitted.model.save(path)
    again = TextModel.load(path)
    for text, _ in messages(20, seed=3):
        assert again.guess(text) == fitted.model.guess(text)
    assert again.bands == fitted.model.bands
    assert [p.name for p in path.parent.iterdir()] == ["model.npz"]


def test_a_stored_model_holds_data_and_no_code(fitted: Fitted, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    fitted.model.save(path)
    with np.load(path, allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays.files} <= {"u", "f"}


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(b"not a model")
    with pytest.raises(UnreadableModel):
        TextModel.load(path)
    np.savez(path, head=np.array([{"a": 1}], dtype=object))
    with pytest.raises(UnreadableModel):
        TextModel.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("else.txt", "x")
    with pytest.raises(UnreadableModel):
        TextModel.load(path)


def test_the_same_texts_give_the_same_model(fitted: Fitted) -> None:
    rows = messages(150)
    again = fit([text for text, _ in rows], [label for _, label in rows])
    text = messages(1, seed=4)[0][0]
    assert again.model.guess(text) == fitted.model.guess(text)


def test_one_label_cannot_be_learned() -> None:
    with pytest.raises(learning.TooFewLabels, match="1 label"):
        fit(["甲", "乙"], ["x", "x"])


def test_two_labels_and_labels_of_one_text_can_be_learned() -> None:
    two = [(text, label) for text, label in messages(60) if label != "公交"]
    model = fit([t for t, _ in two] + ["表扬窗口人员"], [label for _, label in two] + ["表扬"]).model
    assert model.guess("水管爆了没人管").ranking[0][0] == "供水"
    assert "表扬" in model.labels
    assert len(fit([t for t, _ in two], [label for _, label in two]).model.guess("停水").ranking) == 2


def test_many_labels_take_the_machine_for_many() -> None:
    labels = [f"事项{n}" for n in range(learning.MANY_LABELS + 5)]
    words = [f"{chr(0x4E00 + 37 * n)}{chr(0x5E00 + 53 * n)}的问题" for n in range(len(labels))]
    model = fit(words * 6, labels * 6).model
    assert [p.name for p in model.parts] == ["tf-idf logistic"]
    assert np.mean([model.guess(f"我家{w}").ranking[0][0] == label for w, label in zip(words, labels, strict=True)]) > 0.9


def test_without_learning_again_the_kept_model_never_saw_what_was_held_out() -> None:
    rows = messages(90)
    folds = np.array([0 if n % 5 == 0 else learning.ALWAYS for n in range(90)])
    folds[0] = 0
    texts = ["鑫淼焱"] + [text for text, _ in rows[1:]]
    model = fit([*texts, "鑫淼焱"], [label for _, label in rows] + ["供水"], folds=np.append(folds, 0), learn_all=False).model
    assert "鑫淼" not in model.vocabulary


def test_folds_share_out_each_label() -> None:
    truth = np.array([0] * 30 + [1] * 9 + [2])
    folds = draw_folds(truth, 1)
    assert folds[-1] == learning.ALWAYS
    for label, size in ((0, 10), (1, 3)):
        assert np.bincount(folds[truth == label]).tolist() == [size] * 3


def test_progress_rises_to_the_end() -> None:
    rows, seen = messages(60), []
    fit([t for t, _ in rows], [label for _, label in rows], progress=lambda stage, share: seen.append(share))
    assert seen == sorted(seen)
    assert 0 <= seen[0] < seen[-1] <= 1.0


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=40))
def test_the_threshold_is_the_lowest_that_keeps_the_promise(rows: list[tuple[int, bool]]) -> None:
    margins, right = np.array([float(m) for m, _ in rows]), np.array([r for _, r in rows], dtype=bool)
    threshold, coverage, reached = learn_threshold(margins, right, precision=0.8)
    fitting = [t for t in sorted(set(margins.tolist())) if right[margins >= t].mean() >= 0.8]
    assert threshold == (fitting[0] if fitting else inf)
    chosen = margins >= threshold
    assert coverage == pytest.approx(chosen.mean() if len(rows) else 0.0)
    assert reached == pytest.approx(right[chosen].mean() if chosen.any() else 0.0)
