"""A line of ours in a text that belongs to others: `[Pipedrive: Won, Invoices / Sent]`, found by its mark.

Pure. The mark is the line's words up to the first colon; it decides wherever the line stands, because a system may
flatten line breaks. All other words of the text are kept.
"""

from __future__ import annotations

import re


class Doubled(ValueError):
    """The text holds more than one line with the mark: a person must say which is ours."""


def own(text: str | None, line: str) -> str | None:
    """What stands in the text under the line's mark, without its brackets; None if nothing does. Raises Doubled."""
    found = _pattern(line).findall(text or "")
    if len(found) > 1:
        raise Doubled(f"{len(found)} lines begin with [{_mark(line)}")
    return found[0][1:-1] if found else None


def placed(text: str | None, line: str) -> str:
    """The text with the line put in place of the one that is there, or on a line of its own at the end."""
    written = f"[{line.replace('[', '(').replace(']', ')')}]"
    if own(text, line) is not None:
        return _pattern(line).sub(lambda _: written, text or "", count=1)
    return f"{text.rstrip()}\n{written}" if text and text.strip() else written


def _mark(line: str) -> str:
    return line.split(":", 1)[0] + ":"


def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(re.escape(f"[{_mark(line)}") + r"[^\[\]]*\]")
