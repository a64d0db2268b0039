"""Keeps secrets out of everything that is logged: by their values, wherever they stand, and by telling key names.

Values are masked in text, in keys and values of nested data, and in the forms in which a secret travels (escaped for a
URL, JSON or XML). Which values are secret is for the settings to say.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

MASK = "[secret]"
SHORTEST = 4
"""Characters. Masking a shorter value would garble every other word, and it protects nothing anyway."""

TELLING = re.compile(
    r"(pass(word|wd|phrase)?|secret|token|authori[sz]ation|api[_-]?key|cookie|strpassword|credential)s?$", re.I
)
"""Keys of log events whose text is masked whatever it is. Numbers are counts (`tokens=40`), and stay."""


class Redactor:
    """Masks what it was told is secret; callable as a structlog processor. Secrets may be added at any time."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Mask these values from now on."""
        for secret in secrets:
            if len(secret) >= SHORTEST:
                self._forms.update(_forms(secret))
        longest_first = sorted(self._forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """The text with every secret masked."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """The value with every secret in it masked; numbers, dates and the like stay what they are."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "replace"))
        if isinstance(value, Mapping):
            return {self.value(key): self._entry(key, inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(inner) for inner in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        shown = str(value)
        masked = self.text(shown)
        return masked if masked != shown else value

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for key in list(event):
            if not key.startswith("_"):  # structlog's own bookkeeping between two processors
                event[key] = self._entry(key, event[key])
        return event

    def _entry(self, key: Any, value: Any) -> Any:
        if isinstance(key, str) and TELLING.search(key) and isinstance(value, str | bytes) and value:
            return MASK
        return self.value(value)


def _forms(secret: str) -> Iterable[str]:
    """A secret as it is and as it looks once escaped."""
    yield from (secret, quote(secret, safe=""), quote_plus(secret))
    yield from (escape(secret), escape(secret, {'"': "&quot;"}), html.escape(secret))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1])
