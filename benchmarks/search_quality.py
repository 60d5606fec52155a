"""How well the knowledge base answers, on questions that were kept out of the fitting, beside the engine's plain order.

    .venv/bin/python -m benchmarks.search_quality
    ELASTICSEARCH_URL=http://127.0.0.1:9200 .venv/bin/python -m benchmarks.search_quality     # the same on the cluster

The weights and the threshold were fitted on the development half (manage.py calibrate_answers); the test half was written with
it and lay aside. Both are paraphrases in spoken Chinese that avoid the words of the articles: harder than most real questions.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")


def main() -> None:
    """Load the demonstration's articles into a base of our own and report every figure."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "VAR_DIR": folder,
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "ELASTICSEARCH_INDEX": f"bench-{uuid.uuid4().hex[:8]}",
        }
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", run_syncdb=True, verbosity=0)
        call_command("load_articles")
        call_command("rebuild_index")
        try:
            _measure()
        finally:
            _sweep()


def _measure() -> None:
    from django.conf import settings
    from django.utils import timezone

    from benchmarks.figures import percentile, report
    from search import calibration, ranking
    from search.engines import get_engine

    threshold, on, engine = ranking.settings_of_ranking().threshold, timezone.localdate(), get_engine().name
    for split, label in (("dev", "development half"), ("test", "test half")):
        outcomes, times = [], []
        for question in calibration.read_questions(settings.CITY_DIR / "article_questions.yml", split):
            began = time.perf_counter()
            outcomes += calibration.run([question], on=on)
            times.append((time.perf_counter() - began) * 1000)
        found = calibration.measure(outcomes, threshold)
        peer = calibration.measure([calibration.by_engine(outcome) for outcome in outcomes], threshold)
        note = f"{found.questions} questions with an article, {found.unanswerable} without, {engine}"
        report(f"{label}: right article first", f"{found.hit_1:.1%} (BM25 order {peer.hit_1:.1%})", note=note)
        report(f"{label}: right article in the first three", f"{found.hit_3:.1%} (BM25 order {peer.hit_3:.1%})", note=note)
        report(
            f"{label}: told as the answer (certainty from {threshold:.2f})",
            f"right {found.answered_right:.1%}, wrong {found.answered_wrong:.1%}, else the nearest titles are offered",
            note=note,
        )
        report(f"{label}: false answers to questions without an article", f"{found.false_answers:.1%}", note=note)
        p95 = percentile(times, 0.95)
        report(f"{label}: one question", f"p95 {p95:.0f} ms", goal="<= 500 ms", met=p95 <= 500, note=note)


def _sweep() -> None:
    """Drop our indexes where a cluster was measured."""
    from django.conf import settings

    if settings.ELASTICSEARCH_URL:
        import elasticsearch

        with elasticsearch.Elasticsearch(settings.ELASTICSEARCH_URL) as client:
            for name in client.indices.get(index=f"{settings.ELASTICSEARCH_INDEX}-*").body:
                client.indices.delete(index=name)


if __name__ == "__main__":
    main()
