"""Single values are changed where they stand; everything else, comments too, stays as a person wrote it."""

from __future__ import annotations

import difflib
from decimal import Decimal
from typing import Any

import pytest

from engine.specs.editing import CannotEdit, with_value

TEXT = """\
# ours
server:
  port: 8800  # the usual one
  # url: "https://sync.example.com"
connections:
  acme:
    zone: America/New_York
    settings: {stage: null, 'first day': 'it''s', deep: {}}
    shop:
      # The token.
      token: "${TOKEN}"   # never here
      text: |
        several
        lines
"""


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("server", "port"), 8801, "  port: 8801  # the usual one"),
        (("connections", "acme", "zone"), "Europe/London", '    zone: "Europe/London"'),
        (("connections", "acme", "shop", "token"), "file:t", '      token: "file:t"   # never here'),
        (
            ("connections", "acme", "settings", "stage"),
            'Invoices / "Sent", {x}',
            """    settings: {stage: "Invoices / \\"Sent\\", {x}", 'first day': 'it''s', deep: {}}""",
        ),
        (
            ("connections", "acme", "settings", "first day"),
            Decimal("1.10"),
            "    settings: {stage: null, 'first day': 1.10, deep: {}}",
        ),
        (
            ("connections", "acme", "settings", "deep", "new"),
            True,
            "    settings: {stage: null, 'first day': 'it''s', deep: {new: true}}",
        ),
        (("server", "url"), "https://a.example", '  url: "https://a.example"'),
        (("connections", "acme", "shop", "hook"), {"user": "u"}, '      hook: {"user": "u"}'),
        (("log", "level"), "debug", 'log: {"level": "debug"}'),
    ],
)
def test_one_line_changes_and_no_other(path: tuple[str, ...], value: Any, line: str) -> None:
    made = with_value(TEXT, path, value)
    changed = [one for one in difflib.ndiff(TEXT.splitlines(), made.splitlines()) if one[0] in "+-"]
    assert [one[2:] for one in changed if one[0] == "+"] == [line]
    assert sum(one[0] == "-" for one in changed) <= 1


@pytest.mark.parametrize(
    "path", [("connections", "acme", "shop", "text"), ("connections", "acme", "shop"), ("server", "port", "x")]
)
def test_what_cannot_be_changed_safely_is_left_to_a_person(path: tuple[str, ...]) -> None:
    with pytest.raises(CannotEdit, match="by hand"):
        with_value(TEXT, path, "new")
