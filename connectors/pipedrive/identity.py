"""Identity lines: which QuickBooks records a Pipedrive record stands for, as text that travels with the record.

Organization, person, deal, lead and product carry them in a text custom field, one a line. Where there are no custom
fields they are the end of a text: a small paragraph of a note's content and of an activity's note, the last lines of a
task's description. Pipedrive rewrites HTML, so they are read back by their words and never by their tags.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

MARK = "QuickBooks ID:"
"""What begins each identity line of a note; a constant, so that a renamed setting loses no note."""

_BREAK = re.compile(r"<\s*(?:/?(?:p|div|small|li|ul|ol|h[1-6]|blockquote|table|tr)|br)\b[^>]*>|\r?\n", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_OPENING = re.compile(r"(?:<[^/>][^>]*>\s*)*\Z")


def to_field(lines: Sequence[str]) -> str | None:
    """The custom field's text; None for no lines."""
    return "\n".join(lines) or None


def from_field(text: str | None) -> tuple[str, ...]:
    """The lines of a custom field's text."""
    return tuple(line.strip() for line in (text or "").splitlines() if line.strip())


def to_note(content: str, lines: Sequence[str]) -> str:
    """A note's HTML with the lines at its end, in place of those that it may have had."""
    body = without(content)
    if not lines:
        return body
    words = "<br>".join(f"{MARK} {html.escape(line, quote=False)}" for line in lines)
    return f"{body}<p><small>{words}</small></p>"


def to_text(content: str, lines: Sequence[str]) -> str:
    """A plain text with the lines at its end, in place of those that it may have had."""
    return "\n".join([without(content), *(f"{MARK} {line}" for line in lines)]).strip()


def from_note(content: str | None) -> tuple[str, ...]:
    """The lines at the end of a note's HTML, whatever became of the tags around them."""
    found: list[str] = []
    for line in reversed(_text_lines(content or "")):
        if not line.startswith(MARK):
            break
        found[:0] = [one.strip() for one in line.split(MARK) if one.strip()]
    return tuple(found)


def without(content: str) -> str:
    """A note's HTML without the identity lines at its end."""
    start = len(content)
    for _ in from_note(content):
        start = content.rfind(MARK, 0, start)
        if start < 0:  # the words were rewritten too: better twice than cut in the wrong place
            return content
    return content if start == len(content) else _OPENING.sub("", content[:start], count=1).rstrip()


def _text_lines(content: str) -> list[str]:
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", content))).replace("\xa0", " ")
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]
