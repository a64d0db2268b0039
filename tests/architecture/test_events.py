"""Every line of the log begins with a word of engine/observe/events.py, and each of these words is said somewhere."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator

from engine.observe.events import EVENTS, STEPS
from tests.architecture.source import modules

LOGGERS = {"log", "logger"}
CALLS = {"debug", "info", "warning", "error", "exception", "critical"}
TELLER = "engine.sync.story"
"""Tells each entry of the journal by its step."""

RESERVED = {*vars(logging.makeLogRecord({})), "message", "asctime"}
"""Names that a record of the standard library has itself; as `extra` they raise an error."""


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Each call of a logger with where it stands; simulators and the demo talk to people, and log nothing."""
    for name, tree in modules():
        if ".simulator" in name or name.startswith("connectors.demo"):
            continue
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in LOGGERS
                and node.func.attr in {*CALLS, "log"}
            ):
                yield f"{name}:{node.lineno}", node


def said(call: ast.Call) -> str | None:
    """The event of a call, where it is a text."""
    assert isinstance(call.func, ast.Attribute)
    arguments = call.args[1:] if call.func.attr == "log" else call.args
    return arguments[0].value if len(arguments) == 1 and isinstance(arguments[0], ast.Constant) else None


def test_every_line_begins_with_an_event_of_the_vocabulary() -> None:
    """Not a sentence: `log.warning("read.failed", extra={"why": ...})`. A new event is added to events.py."""
    wrong = [where for where, call in calls() if said(call) not in EVENTS and not where.startswith(TELLER)]
    assert not wrong


def test_every_event_of_the_vocabulary_is_said() -> None:
    assert {*EVENTS} - {said(call) for _, call in calls()} - {*STEPS} == set()


def test_details_have_names_that_the_standard_library_lets_pass() -> None:
    named = [
        (where, key.value)
        for where, call in calls()
        for keyword in call.keywords
        if keyword.arg == "extra"
        for inner in ast.walk(keyword.value)
        if isinstance(inner, ast.Dict)
        for key in inner.keys
        if isinstance(key, ast.Constant)
    ]
    assert named
    assert not [one for one in named if one[1] in RESERVED]
