"""What is wrong with what the user wrote: where, under which stable code, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from engine.errors import InvalidMapping
from engine.specs.codes import CODES
from engine.specs.source import Mark

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. Line and column count from 1; line 0 means that no single place is at fault."""

    file: str
    line: int
    column: int
    code: str
    severity: Severity
    message: str
    hint: str = ""
    excerpt: str = ""
    """The line itself, for the caret."""

    def __str__(self) -> str:
        """One line: `E203 mappings/customers.yaml:14:9 message hint`."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{self.code} {place} {self.message} {self.hint}".rstrip()

    def text(self) -> str:
        """With the line and a caret, for a terminal."""
        head = str(self) if self.severity == "error" else f"warning {self}"
        if not self.excerpt:
            return head
        number = str(self.line)
        pad = "".join("\t" if one == "\t" else " " for one in self.excerpt[: self.column - 1])
        return f"{head}\n  {number} | {self.excerpt}\n  {' ' * len(number)} | {pad}^"

    def github(self) -> str:
        """As a workflow command, which GitHub shows beside the line. [docs.github.com: Workflow commands]"""
        place = f",line={self.line},col={self.column}" if self.line else ""
        words = _escaped(f"{self.message} {self.hint}".rstrip())
        file = _escaped(self.file).replace(":", "%3A").replace(",", "%2C")
        return f"::{self.severity} file={file}{place},title={self.code}::{words}"

    def json(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "hint": self.hint,
        }


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


class InvalidMappingSet(InvalidMapping):
    """A mapping set cannot be used; `diagnostics` says why."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        errors = [one for one in diagnostics if one.severity == "error"]
        first = str(errors[0]) if errors else "The mappings cannot be used."
        more = f" And {len(errors) - 1} more." if len(errors) > 1 else ""
        super().__init__(f"{first}{more}", "Run `engine validate` to see every place.")
        self.diagnostics = tuple(diagnostics)


def finding(mark: Mark, code: str, message: str, hint: str = "", *, severity: Severity = "error") -> Diagnostic:
    """A diagnostic at a place. The code must be a registered one."""
    assert code in CODES, code
    return Diagnostic(mark.source.file, mark.line, mark.column, code, severity, message, hint, mark.text)


def nearest(name: str, known: Iterable[str]) -> str:
    """`Did you mean 'Balance'?`, or nothing where no known name is near."""
    names = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return f"Did you mean '{names[near[0]]}'?" if near else ""


def nearest_or_some(name: str, known: Iterable[str]) -> str:
    """The nearest name; where none is near, what there is, as far as it can be read at a glance."""
    names = list(known)
    some, rest = names[:10], len(names) - 10
    listed = f"There are {', '.join(some)}{f' and {rest} more' if rest > 0 else ''}." if names else ""
    return nearest(name, names) or listed


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By file and place, each only once."""
    return sorted(dict.fromkeys(diagnostics), key=lambda one: (one.file, one.line, one.column, one.code))
