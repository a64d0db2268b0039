"""Sets up logging: one line an event, structlog's and the standard library's alike, secrets masked in both.

A line is an event of events.py with key-value pairs (`extra=` of the standard library's loggers), and the words that
are bound around it (engine/tracing). Who logs needs the standard library only.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import Any, Literal, TextIO

import structlog

from engine.observe.redaction import Redactor
from engine.tracing import words

LEVELS = ("debug", "info", "warning", "error")
NOISY = ("asyncio", "httpx", "httpcore", "alembic", "uvicorn", "sqlalchemy")
"""Libraries whose chatter (addresses, statements) is not wanted below a warning."""


def set_up(
    level: str = "info",
    style: Literal["console", "json"] = "console",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> Redactor:
    """Send everything that is logged to `stream` (standard error by default); the Redactor takes further secrets.

    `level` is one of LEVELS. Calling it again replaces the earlier set-up.
    """
    redactor = Redactor(secrets)
    stream = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        _with_words,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redactor,
                _renderer(style, stream),
                _Last(redactor),
            ],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if getattr(old, "of_engine", False):
            root.removeHandler(old)
    handler.of_engine = True  # type: ignore[attr-defined]  # so that a second set-up finds the first one's
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    return redactor


def _with_words(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What is bound around the line; what the line itself says counts for more."""
    return {**words(), **event}


def _renderer(style: str, stream: TextIO) -> structlog.typing.Processor:
    if style == "json":
        return structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)


class _Last:
    """Masks the finished line once more: what a renderer put together may show what its parts did not."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def __call__(self, _logger: Any, _method: str, line: Any) -> str:
        return self._redactor.text(str(line))
