"""Text as QuickBooks can hold it: Latin-1, without control characters; everything else is spelt with what it has.

Pure. [facts 2.5: other characters break the request or become question marks]
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_SPELT = {
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'", "\u201c": '"', "\u201d": '"',
    "\u201e": '"', "\u201f": '"', "\u2033": '"', "\u2039": "<", "\u203a": ">", "\u2010": "-", "\u2011": "-",
    "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-", "\u2022": "*", "\u2026": "...",
    "\u20ac": "EUR", "\u2122": "(TM)", "\u2713": "x", "\u2190": "<-", "\u2192": "->", "\u2028": "\n", "\u2029": "\n",
    "\u0110": "D", "\u0111": "d", "\u0131": "i", "\u0141": "L", "\u0142": "l", "\u0152": "OE", "\u0153": "oe",
    "\u1e9e": "SS", "\u0160": "S", "\u0161": "s", "\u0178": "Y", "\u017d": "Z", "\u017e": "z", "\u0192": "f",
}  # fmt: skip
"""Characters that have a usual spelling and no decomposition, or a better one."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_ENDS = re.compile(r"\r\n?")
LOST = "?"


@dataclass(frozen=True, slots=True)
class Safe:
    """A text that QuickBooks can hold, and the characters that were spelt otherwise or lost."""

    text: str
    changed: str = ""


def safe(text: str) -> Safe:
    """The text in Latin-1; what has no spelling becomes a question mark, as QuickBooks itself would make it."""
    text = unicodedata.normalize("NFC", _ENDS.sub("\n", text))
    if text.isascii() and not _CONTROLS.search(text):
        return Safe(text)
    made, changed = [], []
    for character in text:
        spelt = _spelt(character)
        made.append(spelt)
        if spelt != character:
            changed.append(character)
    return Safe("".join(made), "".join(dict.fromkeys(changed)))


def _spelt(character: str) -> str:
    if _CONTROLS.fullmatch(character) or unicodedata.category(character) == "Cf":
        return "\u00ad" if character == "\u00ad" else ""
    if ord(character) <= 0xFF:
        return character
    if character in _SPELT:
        return _SPELT[character]
    if unicodedata.category(character) == "Zs":
        return " "
    plain = "".join(
        one for one in unicodedata.normalize("NFKD", character) if ord(one) <= 0xFF and not unicodedata.combining(one)
    )
    if plain:
        return plain
    return "" if unicodedata.combining(character) else LOST
