"""No personal value reaches a log, whoever writes it."""

import json
import logging

import pytest
import structlog

from hotline.runtime.logs import configure, seal_personal


def test_values_of_pii_keys_are_sealed_at_any_depth():
    event = {"event": "x", "pii_phone": "13900000000", "data": {"caller_pii": "张三", "n": 1}, "rows": [{"PII": 1}, 2]}
    assert seal_personal(None, "info", event) == {
        "event": "x", "pii_phone": "***", "data": {"caller_pii": "***", "n": 1}, "rows": [{"PII": "***"}, 2],
    }  # fmt: skip


@pytest.fixture
def json_logs(settings):
    configure({"level": "INFO", "format": "json"})
    yield
    configure(settings.LOGGING)


def test_json_lines_carry_context_and_no_pii(json_logs, capfd):
    logging.getLogger().handlers[0].stream = open("/dev/stderr", "w")  # noqa: PTH123, SIM115
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        structlog.get_logger("test").info("made", pii_name="李四", order="251122000017")
        logging.getLogger("library").warning("plain %s", "line")
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    ours, theirs = lines[-2:]
    assert (ours["event"], ours["pii_name"], ours["order"], ours["request_id"]) == ("made", "***", "251122000017", "abc")
    assert (theirs["event"], theirs["level"], theirs["request_id"]) == ("plain line", "warning", "abc")


def test_a_traceback_shows_no_values_of_variables(settings, capfd):
    configure({"level": "INFO", "format": "console"})
    logging.getLogger().handlers[0].stream = open("/dev/stderr", "w")  # noqa: PTH123, SIM115
    phone = "1990000" + "0001"
    try:
        raise RuntimeError(f"{len(phone)} digits")
    except RuntimeError:
        logging.getLogger("test").exception("failed")
    configure(settings.LOGGING)
    said = capfd.readouterr().err
    assert "11 digits" in said and phone not in said
