"""The embedded engine, the Rasa client against a server that misbehaves in every known way, and the two together."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.nlu import embedded, service, training
from chatbot.nlu.rasa_client import CircuitBreaker, RasaEngine
from chatbot.nlu.service import Understander
from chatbot.nlu.types import Classified, EngineUnavailable, Understanding
from tests.chatbot.conftest import NOW

# --- the embedded engine -------------------------------------------------------------------------------------------------


def test_holdout_accuracy_is_not_below_what_was_measured(understander):
    held = training.holdout_examples()
    asks = {"affirm", "deny"}
    right = sum(
        understander.understand(e.text, expecting="yes_no" if e.intent in asks else "", now=NOW).intent == e.intent for e in held
    )
    assert right / len(held) >= 0.78


@pytest.mark.parametrize("text", ["۞۞۞۞", "ώώώ жжж", "αβγ δεζ"])
def test_what_was_never_seen_is_unknown(engine, understander, text):
    assert engine.classify(text).ranking == ()
    assert understander.understand(text).intent in {"unknown", "noise"}


def test_a_model_is_saved_whole_and_loaded_again(tmp_path, engine):
    card = embedded.train(tmp_path, evaluate=False)
    loaded = embedded.load_engine(tmp_path)
    for text in ("路灯坏了没人修", "转接一下", "公积金怎么提取"):
        assert loaded.classify(text).ranking[0][0] == engine.classify(text).ranking[0][0]
    assert embedded.is_current(card)
    assert card.examples == sum(card.intents.values())
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", card.model_file, "understanding.json"]


def test_a_model_file_that_was_changed_is_refused(tmp_path):
    card = embedded.train(tmp_path, evaluate=False)
    path = tmp_path / card.model_file
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(embedded.ModelMissing):
        embedded.load_engine(tmp_path)
    assert embedded.load_or_fit(tmp_path).classify("路灯坏了").ranking


def test_training_is_skipped_when_nothing_changed(settings, tmp_path, capsys):
    settings.MODELS_DIR = tmp_path
    call_command("train_understanding", "--json")
    first = json.loads(capsys.readouterr().out)
    assert 0.5 < first["cv_accuracy"] < 1
    assert first["holdout_accuracy"] > 0.7
    started = time.monotonic()
    call_command("train_understanding", "--json")
    assert json.loads(capsys.readouterr().out) == first
    assert time.monotonic() - started < 1
    call_command("train_understanding", "--json", "--force", "--no-evaluation")
    assert json.loads(capsys.readouterr().out)["cv_accuracy"] is None


def test_the_terminal_shows_intent_and_spans(settings, tmp_path, capsys, monkeypatch, understander):
    monkeypatch.setattr(service, "_current", understander)
    call_command("understand", "中山路的路灯坏了")
    shown = capsys.readouterr().out
    assert "report_complaint" in shown or "give_location" in shown
    assert "中山路 -> R2" in shown
    call_command("understand", "对", "--expecting", "yes_no", "--json")
    assert json.loads(capsys.readouterr().out)["intent"] == "affirm"


# --- what no engine may decide -------------------------------------------------------------------------------------------


class Insisting:
    """An engine that always says the same."""

    name = "insisting"

    def __init__(self, *ranking: tuple[str, float], error: Exception | None = None) -> None:
        self.ranking, self.error = ranking, error

    def classify(self, text, spans=()):
        if self.error:
            raise self.error
        return Classified(self.ranking)


@pytest.mark.parametrize("text", ["。", "😀", "qwert", "啊哈", "12", "咕噜咕噜", "随便说点什么", "对面的路"])
def test_an_engine_that_says_yes_to_everything_confirms_nothing(small_city, text):
    understander = Understander(main=Insisting(("affirm", 0.95), ("greet", 0.05)), city=small_city)
    for expecting in ("", "yes_no", "text"):
        assert understander.understand(text, expecting=expecting).intent != "affirm"


def test_yes_and_no_only_when_asked(understander):
    assert understander.understand("对", expecting="yes_no").intent == "affirm"
    assert understander.understand("不对", expecting="yes_no").intent == "deny"
    assert understander.understand("对").intent != "affirm"
    assert understander.understand("嗯", expecting="yes_no").confidence == 0.5


def test_an_emergency_is_found_before_the_engine_is_asked(small_city):
    understander = Understander(main=Insisting(error=AssertionError("was asked")), city=small_city)
    found = understander.understand("快来人 着火了")
    assert (found.intent, found.engine, found.degraded) == ("emergency", "rules", False)


def test_intents_that_are_not_ours_are_not_taken(small_city):
    understander = Understander(main=Insisting(("transfer_money", 0.99)), city=small_city)
    assert understander.understand("把路灯修一下吧").intent == "unknown"


def test_an_engine_that_breaks_is_replaced_within_the_turn(small_city, engine):
    understander = Understander(main=Insisting(error=ValueError("bug")), fallback=engine, city=small_city)
    found = understander.understand("公积金怎么提取")
    assert (found.intent, found.engine, found.degraded) == ("consult_policy", "embedded", True)
    assert "ValueError" in found.reason


def test_with_all_engines_gone_rules_still_work(small_city):
    understander = Understander(main=Insisting(error=EngineUnavailable("away")), city=small_city)
    assert understander.understand("转人工").intent == "ask_human"
    found = understander.understand("中山路的路灯坏了")
    assert (found.intent, found.degraded, found.reason) == ("unknown", True, "away")
    assert found.first("place").value == "R2"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200), expecting=st.sampled_from(["", "yes_no", "place", "phone", "text"]))
def test_understanding_never_raises(understander, text, expecting):
    found = understander.understand(text, expecting=expecting, now=NOW)
    assert isinstance(found, Understanding)
    assert 0 <= found.confidence <= 1
    for span in found.spans:
        assert found.text[span.start : span.end] == span.text


def test_100_kb_of_text_is_bounded(understander):
    started = time.monotonic()
    assert len(understander.understand("路灯坏了" * 25_000).text) == 500
    assert time.monotonic() - started < 1


# --- Rasa ----------------------------------------------------------------------------------------------------------------

GOOD = {
    "text": "人民路的路灯坏了",
    "intent": {"name": "report_complaint", "confidence": 0.8},
    "entities": [{"entity": "location", "start": 0, "end": 3, "confidence_entity": 0.9, "value": "人民路"}],
    "intent_ranking": [
        {"name": "report_complaint", "confidence": 0.8},
        {"name": "nlu_fallback", "confidence": 0.3},
        {"name": "hacked", "confidence": 0.99},
        {"name": "suggest", "confidence": 0.1},
    ],
}


class FakeRasa:
    """A local HTTP server that answers as the test wants and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = lambda handler: self.json(handler, GOOD)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append(json.loads(body)["text"])
                outer.answer(self)

            def do_GET(self):
                outer.json(self, {"version": "3.6.21", "model_file": "understanding.tar.gz"})

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def send(handler, status, body, content_type="application/json"):
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    @classmethod
    def json(cls, handler, data, status=200):
        cls.send(handler, status, json.dumps(data).encode())


@pytest.fixture
def rasa() -> Iterator[FakeRasa]:
    fake = FakeRasa()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


def client(rasa, **options):
    return RasaEngine(rasa.url, timeout=options.pop("timeout", 1.0), **options)


def test_intents_of_our_list_and_entities_as_spans(rasa):
    found = client(rasa).classify("人民路的路灯坏了")
    assert found.ranking == (("report_complaint", 0.8), ("suggest", 0.1))
    assert [(span.kind, span.text, span.start, span.end, span.source) for span in found.spans] == [
        ("place", "人民路", 0, 3, "rasa")
    ]


@pytest.mark.parametrize("text", ["/emergency", '/ask_human{"location":"x"}', "// / /nonexistent"])
def test_a_leading_slash_never_reaches_the_server_as_a_command(rasa, text):
    client(rasa).classify(text)
    assert not rasa.asked[0].startswith("/")


def test_nothing_is_asked_for_an_empty_text_and_long_ones_are_cut(rasa):
    engine = client(rasa)
    assert engine.classify("  /  ").ranking == ()
    assert rasa.asked == []
    engine.classify("路" * 100_000)
    assert len(rasa.asked[0]) == 500


def bad_answers():
    send, as_json = FakeRasa.send, FakeRasa.json
    yield "500", lambda h: as_json(h, {"status": "failure", "reason": "ParsingError"}, 500)
    yield "409", lambda h: as_json(h, {"status": "failure"}, 409)
    yield "HTML", lambda h: send(h, 200, b"<html><body>Bad</body></html>", "text/html")
    yield "HTML error", lambda h: send(h, 400, b"<h1>400</h1>", "text/html")
    yield "redirect", lambda h: send(h, 302, b"")
    yield "empty", lambda h: send(h, 200, b"")
    yield "list", lambda h: send(h, 200, b"[1, 2]")
    yield "null", lambda h: send(h, 200, b"null")
    yield "no ranking", lambda h: as_json(h, {"intent": {"name": "greet"}})
    yield "ranking of strings", lambda h: as_json(h, GOOD | {"intent_ranking": ["greet"]})
    yield "confidence of words", lambda h: as_json(h, GOOD | {"intent_ranking": [{"name": "greet", "confidence": "high"}]})
    yield "broken entity", lambda h: as_json(h, GOOD | {"entities": [{"entity": "location", "start": "x", "end": None}]})
    yield "garbage", lambda h: send(h, 200, bytes(range(256)))
    yield "huge", lambda h: send(h, 200, b"[" + b" " * 600_000 + b"]")
    yield (
        "cut off",
        lambda h: (h.send_response(200), h.send_header("Content-Length", "999"), h.end_headers(), h.wfile.write(b"{")),
    )


@pytest.mark.parametrize(("name", "answer"), list(bad_answers()), ids=[name for name, _ in bad_answers()])
def test_every_bad_answer_is_the_same_unavailability_and_the_embedded_engine_takes_the_turn(
    rasa, engine, small_city, name, answer
):
    rasa.answer = answer
    with pytest.raises(EngineUnavailable):
        client(rasa).classify("路灯坏了")
    understander = Understander(main=client(rasa), fallback=engine, city=small_city)
    found = understander.understand("公积金怎么提取")
    assert (found.intent, found.engine, found.degraded) == ("consult_policy", "embedded", True)
    assert found.reason


def test_a_slow_or_dripping_server_costs_no_more_than_the_time_limit(rasa):
    def slow(handler):
        rasa_waits.wait(3)

    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        for _ in range(40):
            if rasa_waits.wait(0.05):
                return
            try:
                handler.wfile.write(b" ")
                handler.wfile.flush()
            except OSError:
                return

    rasa_waits = threading.Event()
    for answer in (slow, drip):
        rasa.answer = answer
        started = time.monotonic()
        with pytest.raises(EngineUnavailable, match="longer than"):
            client(rasa, timeout=0.3).classify("路灯坏了")
        assert time.monotonic() - started < 1.0
    rasa_waits.set()


def test_a_closed_port_is_unavailable_at_once():
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        RasaEngine("http://127.0.0.1:9").classify("路灯坏了")


def test_after_failures_it_is_left_alone_and_tried_again_later(rasa):
    clock = [0.0]
    engine = client(rasa, breaker=CircuitBreaker(limit=3, rest=15, clock=lambda: clock[0]))
    good = rasa.answer
    rasa.answer = lambda handler: FakeRasa.json(handler, {}, 500)
    for _ in range(6):
        with pytest.raises(EngineUnavailable):
            engine.classify("路灯坏了")
    assert len(rasa.asked) == 3
    assert engine.breaker.open
    rasa.answer = good
    clock[0] += 16
    assert engine.classify("路灯坏了").ranking
    assert engine.classify("路灯坏了").ranking
    assert not engine.breaker.open


def test_the_health_probe_says_what_is_in_use(rasa, settings, monkeypatch, engine, small_city):
    monkeypatch.setattr(service, "_current", Understander(main=engine, city=small_city))
    probe = service.probe()
    assert not probe.degraded
    assert "RASA_URL" in probe.to_get_real
    monkeypatch.setattr(service, "_current", Understander(main=client(rasa), fallback=engine, city=small_city))
    probe = service.probe()
    assert (probe.implementation, probe.degraded) == ("Rasa 3.6.21", False)
    monkeypatch.setattr(
        service, "_current", Understander(main=RasaEngine("http://127.0.0.1:9"), fallback=engine, city=small_city)
    )
    probe = service.probe()
    assert probe.degraded
    assert probe.reason


def test_settings_choose_the_engine(settings, tmp_path, rasa):
    settings.MODELS_DIR = tmp_path
    service.reload()
    settings.RASA_URL = ""
    assert service.get_understander().main.name == "embedded"
    service.reload()
    settings.RASA_URL = rasa.url
    understander = service.get_understander()
    assert (understander.main.name, understander.fallback.name) == ("rasa", "embedded")
    service.reload()


# --- the real server -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_rasa() -> RasaEngine:
    return RasaEngine(os.environ["RASA_URL"], timeout=5.0, token=os.environ.get("RASA_TOKEN", ""))


@pytest.mark.rasa
def test_the_real_server_answers_in_the_documented_shape(real_rasa):
    assert real_rasa.status().version.startswith("3.6.")
    found = real_rasa.classify("请问公积金怎么提取")
    assert found.ranking[0][0] == "consult_policy"
    assert {name for name, _ in found.ranking} <= training.intents()


@pytest.mark.rasa
@pytest.mark.parametrize("text", ["", "   ", "/emergency", "/nonexistent", "。", "😀", "\u202e路灯", "路" * 100_000, "\x00\x01"])
def test_the_real_server_survives_odd_input_through_the_client(real_rasa, text):
    found = real_rasa.classify(text)
    assert all(name in training.intents() for name, _ in found.ranking)


@pytest.mark.rasa
def test_the_real_server_understands_the_holdout(real_rasa, engine, small_city):
    understander = Understander(main=real_rasa, fallback=engine, city=small_city)
    held = training.holdout_examples()
    asks = {"affirm", "deny"}
    found = [understander.understand(e.text, expecting="yes_no" if e.intent in asks else "", now=NOW) for e in held]
    assert not any(one.degraded for one in found)
    assert {one.engine for one in found} == {"rasa", "rules"}
    assert sum(one.intent == e.intent for one, e in zip(found, held, strict=True)) / len(held) >= 0.6
