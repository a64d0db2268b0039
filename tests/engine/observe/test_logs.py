"""Whatever is logged, and by whom: no secret gets out."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator

import pytest

from engine.observe.logs import set_up
from engine.observe.redaction import MASK, Redactor
from engine.tracing import about, words

SECRET = 'tok&en"7ä/x'


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(level)


def test_a_secret_is_masked_in_every_form_in_which_it_travels() -> None:
    redactor = Redactor([SECRET])
    for text in (SECRET, "tok%26en%227%C3%A4%2Fx", "tok&amp;en&quot;7ä/x", json.dumps(SECRET), repr(SECRET)):
        shown = redactor.text(f"before {text} after")
        assert "tok" not in shown, text
        assert MASK in shown


def test_the_longer_of_two_secrets_leaves_no_tail() -> None:
    assert Redactor(["secret", "secret-and-more"]).text("secret-and-more") == MASK


def test_nested_values_keys_and_telling_names_are_masked_and_counts_are_not() -> None:
    shown = Redactor(["hunter22"])(
        None, "", {"a": [{"hunter22": ("x hunter22",)}], "api_token": "unknown to us", "tokens": 40, "password": None}
    )
    assert shown == {"a": [{MASK: [f"x {MASK}"]}], "api_token": MASK, "tokens": 40, "password": None}


@pytest.mark.parametrize("style", ["json", "console"])
def test_both_kinds_of_loggers_are_masked_with_their_stack_traces(stream: io.StringIO, style: str) -> None:
    set_up("info", style, [SECRET], stream)  # type: ignore[arg-type]
    logging.getLogger("engine.sync").info("write", extra={"url": f"https://host/?t={SECRET}", "key": "007"})
    try:
        raise ValueError(f"refused: {SECRET}")
    except ValueError:
        logging.getLogger("some.library").exception("failed with %s", SECRET)
    text = stream.getvalue()
    assert "007" in text
    assert text.count(MASK) >= 3
    assert "tok&en" not in text


def test_json_lines_carry_the_event_its_logger_utc_time_and_what_is_bound_around_them(stream: io.StringIO) -> None:
    set_up("info", "json", [], stream)
    with about(connection="acme", visit="v1", origin=""), about(request="r1"):
        logging.getLogger("engine.sync").info("link", extra={"mapping": "customers", "visit": "its own"})
    line = json.loads(stream.getvalue())
    assert (line["event"], line["mapping"], line["logger"]) == ("link", "customers", "engine.sync")
    assert (line["connection"], line["request"], line["visit"], "origin" in line) == ("acme", "r1", "its own", False)
    assert line["timestamp"].endswith("Z")


def test_what_is_bound_ends_with_its_block_and_is_not_seen_by_other_threads() -> None:
    seen: list[dict[str, str]] = []
    with about(visit="v1"):
        thread = threading.Thread(target=lambda: seen.append(dict(words())))
        thread.start()
        thread.join()
        with about(visit="v2"):
            assert words() == {"visit": "v2"}
        assert words() == {"visit": "v1"}
    assert (words(), seen) == ({}, [{}])


def test_a_second_set_up_replaces_the_first(stream: io.StringIO) -> None:
    set_up("info", "json", [], io.StringIO())
    set_up("warning", "json", [], stream)
    logging.getLogger("x").info("quiet")
    logging.getLogger("x").warning("heard")
    assert stream.getvalue().count("\n") == 1
