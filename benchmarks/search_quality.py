"""How well the knowledge base answers: hit@1, hit@3, wrong and false answers, on questions kept out of the fitting.

Runs on the database and the engine that the settings name (make run has filled both):
    .venv/bin/python benchmarks/search_quality.py
The peer is the engine's own BM25 order over the same terms, without our weighing.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import Progress  # noqa: E402
from rich.table import Table  # noqa: E402

from search import calibration, ranking  # noqa: E402
from search.engines import get_engine  # noqa: E402


def main() -> None:
    """Print one row for each half of the questions and one for the peer."""
    questions = Path(sys.argv[1]) if len(sys.argv) > 1 else settings.CITY_DIR / "article_questions.yml"
    threshold, on = ranking.settings_of_ranking().threshold, timezone.localdate()
    table = Table(title=f"Knowledge search on {get_engine().name}, answers from certainty {threshold:.2f}")
    for heading in ("questions", "with / without article", "hit@1", "hit@3", "answered right", "wrong", "false", "p95 ms"):
        table.add_column(heading, justify="left" if heading == "questions" else "right")
    with Progress(transient=True) as bar:
        for split, label in (("dev", "development half (fitted on)"), ("test", "test half (never looked at)")):
            asked = calibration.read_questions(questions, split)
            task = bar.add_task(label, total=len(asked))
            outcomes, times = [], []
            for question in asked:
                began = time.perf_counter()
                outcomes += calibration.run([question], on=on)
                times.append((time.perf_counter() - began) * 1000)
                bar.advance(task)
            found = calibration.measure(outcomes, threshold)
            table.add_row(
                label,
                f"{found.questions} / {found.unanswerable}",
                *(f"{share:.1%}" for share in (found.hit_1, found.hit_3, found.answered_right)),
                *(f"{share:.1%}" for share in (found.answered_wrong, found.false_answers)),
                f"{sorted(times)[int(len(times) * 0.95)]:.0f}",
            )
            peer = calibration.measure([calibration.by_engine(outcome) for outcome in outcomes], threshold)
            table.add_row(f"  peer: BM25 order, {split}", "", f"{peer.hit_1:.1%}", f"{peer.hit_3:.1%}", "", "", "", "")
    Console().print(table)


if __name__ == "__main__":
    main()
