"""The door to a real Rasa server. Everything that can go wrong with it comes out as EngineUnavailable, within its time limit.

Measured traits of Rasa 3.6 that this client guards against: empty text is a 500; text that begins with "/" is taken as a
command with confidence 1.0, even for an intent that does not exist; long text blocks its only thread; errors come as HTML or
JSON; the port is closed until the model is loaded.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from chatbot.nlu import training
from chatbot.nlu.text import normalise
from chatbot.nlu.types import Classified, EngineUnavailable, Span

MAX_ANSWER_BYTES = 256 * 1024
_SPAN_KINDS = {"location": "place", "department": "unit", "time": "time"}


class CircuitBreaker:
    """Stops asking after `limit` failures in a row, for `rest` seconds; then one request may try again."""

    def __init__(self, limit: int = 3, rest: float = 15.0, clock: Any = time.monotonic) -> None:
        self._limit, self._rest, self._clock = limit, rest, clock
        self._failures = 0
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def allows(self) -> bool:
        """Whether to ask now. While resting, one caller per `rest` seconds is let through as a trial."""
        with self._lock:
            if self._failures < self._limit:
                return True
            now = self._clock()
            if now < self._closed_until:
                return False
            self._closed_until = now + self._rest
            return True

    def succeeded(self) -> None:
        """The last request was answered."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """The last request was not answered."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._limit:
                self._closed_until = self._clock() + self._rest

    @property
    def open(self) -> bool:
        """Whether requests are being held back."""
        with self._lock:
            return self._failures >= self._limit


@dataclass(slots=True)
class RasaStatus:
    """What the server says of itself."""

    version: str
    model_file: str
    latency_ms: float


class RasaEngine:
    """Asks one Rasa server for intents. Thread-safe; at most `timeout` seconds for one text, connecting included."""

    name = "rasa"

    def __init__(self, url: str, *, timeout: float = 1.0, token: str = "", breaker: CircuitBreaker | None = None) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._params = {"token": token} if token else {}
        self._client = httpx.Client(timeout=timeout, trust_env=False, limits=httpx.Limits(max_connections=8))
        self.breaker = breaker or CircuitBreaker()

    def classify(self, text: str, spans: Sequence[Span] = ()) -> Classified:
        """Intents of `text` by Rasa. Raises EngineUnavailable; the reason says what came back."""
        asked = normalise(text).lstrip("/ ")
        if not asked:
            return Classified(())
        if not self.breaker.allows():
            raise EngineUnavailable("Rasa did not answer lately; it is asked again in a few seconds")
        try:
            answer = _read(self._request("POST", "/model/parse", {"text": asked}), offset=len(text) - len(text.lstrip("/ ")))
        except EngineUnavailable:
            self.breaker.failed()
            raise
        self.breaker.succeeded()
        return answer

    def status(self) -> RasaStatus:
        """Version and model of the server. Raises EngineUnavailable."""
        started = time.monotonic()
        status = self._request("GET", "/status", None)
        version = self._request("GET", "/version", None)
        return RasaStatus(str(version.get("version", "")), str(status.get("model_file", "")), (time.monotonic() - started) * 1000)

    def _request(self, method: str, path: str, body: dict[str, str] | None) -> dict[str, Any]:
        deadline = time.monotonic() + self._timeout
        try:
            with self._client.stream(method, self._url + path, json=body, params=self._params) as response:
                if response.status_code != 200:
                    raise EngineUnavailable(f"Rasa answered {response.status_code}")
                content = bytearray()
                # The client's own timeout is for each read; a server that drips would hold us for ever without this count.
                for piece in response.iter_raw():
                    content += piece
                    if len(content) > MAX_ANSWER_BYTES:
                        raise EngineUnavailable("Rasa's answer is too long")
                    if time.monotonic() > deadline:
                        raise EngineUnavailable(f"Rasa took longer than {self._timeout:g} s")
        except httpx.TimeoutException as problem:
            raise EngineUnavailable(f"Rasa took longer than {self._timeout:g} s") from problem
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            raise EngineUnavailable(f"Rasa cannot be reached ({type(problem).__name__})") from problem
        try:
            parsed = json.loads(bytes(content))
        except ValueError as problem:
            raise EngineUnavailable("Rasa's answer is not JSON") from problem
        if not isinstance(parsed, dict):
            raise EngineUnavailable("Rasa's answer has another shape than documented")
        return parsed


def _read(answer: dict[str, Any], offset: int) -> Classified:
    """Rasa's answer as ours: only intents of our list, entities as spans of the text that was asked."""
    try:
        known = training.intents()
        rows = [(str(row["name"]), float(row["confidence"])) for row in answer["intent_ranking"]]
        text = str(answer["text"])
        spans = [_entity(row, text, offset) for row in answer.get("entities", ()) if row["entity"] in _SPAN_KINDS]
    except (KeyError, TypeError, ValueError) as problem:
        raise EngineUnavailable("Rasa's answer has another shape than documented") from problem
    ranking = sorted(((name, round(sure, 4)) for name, sure in rows if name in known and 0 <= sure <= 1), key=lambda r: -r[1])
    return Classified(tuple(ranking), tuple(spans))


def _entity(row: dict[str, Any], text: str, offset: int) -> Span:
    start, end = int(row["start"]), int(row["end"])
    words = text[start:end]
    sure = min(1.0, max(0.0, float(row.get("confidence_entity", 0.5))))
    return Span(_SPAN_KINDS[row["entity"]], words, words, start + offset, end + offset, round(sure * 0.6, 3), "rasa")
