"""Logs: structlog in front, one formatter behind, for our own lines and those of the libraries.

Rule: a key whose value may be personal has `pii` in its name, and its value never reaches a log.
"""

from __future__ import annotations

import logging
import logging.config
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

SEALED = "***"


def seal_personal(logger: Any, method: str, event: EventDict) -> EventDict:
    """Replace the value of every key that has `pii` in its name, in nested values too."""
    return {key: SEALED if "pii" in key.lower() else _sealed(value) for key, value in event.items()}


def _sealed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: SEALED if "pii" in str(key).lower() else _sealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_sealed(item) for item in value]
    return value


def configure(config: dict[str, Any]) -> None:
    """Set logging up from settings.LOGGING: `level`, and `format` console or json."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        seal_personal,
    ]
    if config["format"] == "json":
        render: list[Processor] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        # Plain tracebacks: the pretty ones print local variables, and with them what citizens said.
        render = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    level = str(config["level"]).upper()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
                    "foreign_pre_chain": shared,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            # Libraries that tell every step at INFO.
            "loggers": {
                name: {"level": "WARNING"}
                for name in ("uvicorn", "httpx", "httpcore", "elastic_transport", "celery.beat", "django_celery_beat", "axes")
            },
        }
    )
