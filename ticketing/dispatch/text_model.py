"""The text model: from the characters of a message to labels with probabilities, surest first.

Several linear models look at the same counts of one and two neighbouring characters; their scores are added with weights and
turned into probabilities that were learned on texts no model had seen, for each length of text on its own: forty characters
say less than four hundred. `ticketing.dispatch.learning` makes a model; using one needs numpy alone, so that a server is
ready in a moment. A stored model is arrays and JSON, never code.
"""

from __future__ import annotations

import html
import io
import json
import re
import tempfile
import unicodedata
import zipfile
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MAX_CHARS = 4000
"""Longer messages are read up to here; 4,000 characters take about 3 ms."""
PRECISION = 0.95
"""What the threshold of a length is learned for: of the texts above it, this share has the right label."""
FORMAT = 1
_INVISIBLE = re.compile(
    r"[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
_BLANKS = re.compile(r"\s+")
_GAP = re.compile(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])")
_DIGITS = re.compile(r"\d")


class UnreadableModel(Exception):
    """The file is not a text model of this version; train it again."""


def fold(text: str) -> str:
    """Entities resolved, full width folded (NFKC), lower case, no blanks beside Chinese; at most MAX_CHARS characters."""
    resolved = html.unescape(text[: MAX_CHARS * 2]) if "&" in text else text[: MAX_CHARS * 2]
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", resolved)).lower()
    return _GAP.sub("", _BLANKS.sub(" ", folded)).strip()[:MAX_CHARS]


def normalise(text: str) -> str:
    """A text as the model sees it: folded, all digits alike."""
    return _DIGITS.sub("0", fold(text))


def grams(normalised: str) -> Counter[str]:
    """How often each character and each pair of neighbours occurs."""
    counts = Counter(normalised)
    counts.update(map("".join, pairwise(normalised)))
    return counts


@dataclass(frozen=True, slots=True)
class Part:
    """One linear model. `weights` (features x labels) act on damped counts divided by the length of the vector `scale` * counts."""

    name: str
    weights: Floats
    bias: Floats
    scale: Floats


@dataclass(frozen=True, slots=True)
class Band:
    """What was learned for texts of up to `max_chars` characters (normalised) on texts that were not trained on.

    `mix`: a factor for each part's scores, which makes their sum a calibrated logit. `threshold`: the smallest margin
    (difference of the two best logits) above which PRECISION was reached; infinite where it never was. `coverage`,
    `reached`: share of texts above it and the precision there.
    """

    max_chars: float
    mix: tuple[float, ...]
    threshold: float
    coverage: float = 0.0
    reached: float = 0.0


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest labels with probabilities, best first. `sure`: the margin lies above the threshold of this length."""

    ranking: tuple[tuple[str, float], ...]
    margin: float
    sure: bool


class TextModel:
    """A trained model. Safe to use from several threads."""

    def __init__(self, *, labels: list[str], vocabulary: list[str], parts: list[Part], bands: list[Band]) -> None:
        self.labels = labels
        self.vocabulary = vocabulary
        self.parts = parts
        self.bands = bands
        self._index = {gram: n for n, gram in enumerate(vocabulary)}

    def band(self, chars: int) -> Band:
        """The band of a normalised text of `chars` characters."""
        return next((b for b in self.bands if chars <= b.max_chars), self.bands[-1])

    def part_scores(self, normalised: str) -> Floats:
        """The scores of each part (parts x labels), before mixing."""
        index, counts = self._index, grams(normalised)
        known = [(index[gram], 1.0 + log(n)) for gram, n in counts.items() if gram in index]
        columns = np.array([column for column, _ in known], dtype=np.int32)
        damped = np.array([value for _, value in known], dtype=np.float32)
        out = np.empty((len(self.parts), len(self.labels)), dtype=np.float32)
        for n, part in enumerate(self.parts):
            length = float(np.linalg.norm(damped * part.scale[columns])) or 1.0
            out[n] = (damped @ part.weights[columns]) / length + part.bias
        return out

    def logits(self, text: str) -> tuple[Floats, Band]:
        """Calibrated logits of all labels, and the band they were calibrated for."""
        normalised = normalise(text)
        band = self.band(len(normalised))
        return np.asarray(band.mix, dtype=np.float32) @ self.part_scores(normalised), band

    def guess(self, text: str, *, limit: int = 3) -> Guess:
        """The `limit` likeliest labels of one text."""
        logits, band = self.logits(text)
        order = np.argsort(-logits, kind="stable")
        chances = np.exp(logits - logits[order[0]])
        chances /= chances.sum()
        margin = float(logits[order[0]] - logits[order[1]])
        ranking = tuple((self.labels[n], float(chances[n])) for n in order[:limit])
        return Guess(ranking=ranking, margin=margin, sure=margin >= band.threshold)

    def save(self, path: Path) -> None:
        """Write the model in one move: a reader sees the old file or the new one, never half of it."""
        head = {
            "format": FORMAT,
            "labels": self.labels,
            "parts": [p.name for p in self.parts],
            "bands": [asdict(b) for b in self.bands],
        }
        arrays: dict[str, NDArray[Any]] = {
            "head": np.frombuffer(json.dumps(head, ensure_ascii=False).encode(), dtype=np.uint8),
            "vocabulary": np.frombuffer("\n".join(self.vocabulary).encode("utf-8", "surrogatepass"), dtype=np.uint8),
        }
        for n, part in enumerate(self.parts):
            arrays |= {f"weights{n}": part.weights, f"bias{n}": part.bias, f"scale{n}": part.scale}
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
            np.savez(file, allow_pickle=False, **arrays)
        written = Path(file.name)
        written.chmod(0o644)
        written.replace(path)

    @classmethod
    def load(cls, path: Path) -> TextModel:
        """Read a stored model. Raises FileNotFoundError, or UnreadableModel when the file is something else."""
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
                head = json.loads(arrays["head"].tobytes())
                if head["format"] != FORMAT:
                    raise UnreadableModel(f"{path.name} has format {head['format']}, this version reads {FORMAT}")
                vocabulary = arrays["vocabulary"].tobytes().decode("utf-8", "surrogatepass").split("\n")
                parts = [
                    Part(name, arrays[f"weights{n}"], arrays[f"bias{n}"], arrays[f"scale{n}"])
                    for n, name in enumerate(head["parts"])
                ]
                bands = [Band(**{**band, "mix": tuple(band["mix"])}) for band in head["bands"]]
        except (ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError) as error:
            raise UnreadableModel(f"{path.name} is not a text model: {error}") from error
        return cls(labels=head["labels"], vocabulary=vocabulary, parts=parts, bands=bands)
