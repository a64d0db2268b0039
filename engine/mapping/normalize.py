"""Match keys in the form in which they are compared: what differs only in writing becomes the same text.

Matching never guesses: two values match when these texts are equal, not when they are alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}")

# Legal forms after punctuation is gone, longest first where one ends another. Sources: the forms' own abbreviations
# in US states and Canada (Inc, LLC, Ltd, LP, LLP, Corp, Co, ULC, PC, PLLC), UK (Ltd, plc, LLP), DE/AT/CH (GmbH, AG,
# KG, OHG, UG, GbR, e.K.), FR (SA, SARL, SAS, SASU, EURL), IT (S.r.l., S.p.A., S.n.c., S.a.s.), ES (S.L., S.A., S.L.U.),
# NL/BE (B.V., N.V., V.O.F., BVBA), Nordics (AB, A/S, ApS, AS, ASA, Oy, Oyj).
_FORMS: Final = tuple(
    tuple(form.split())
    for form in (
        "gmbh und co kg", "gmbh and co kg", "gmbh co kg", "ag und co kg", "ag and co kg", "ug haftungsbeschrankt",
        "public limited company", "limited liability company", "limited liability partnership", "limited partnership",
        "professional corporation", "unlimited liability company", "incorporated", "corporation", "company", "limited",
        "and company", "and co",
        "inc", "corp", "co", "llc", "llp", "lllp", "lp", "ltd", "plc", "pc", "pllc", "ulc", "pa",
        "l l c", "l l p", "l p", "p c", "p l c", "p a",
        "gmbh", "mbh", "ag", "kg", "ohg", "ug", "gbr", "e k", "e v", "se",
        "sa", "sarl", "sas", "sasu", "eurl", "sci", "s a", "s a r l", "s a s",
        "srl", "snc", "s r l", "s p a", "s n c",
        "sl", "slu", "s l", "s l u",
        "bv", "nv", "vof", "bvba", "b v", "n v", "v o f",
        "ab", "as", "asa", "aps", "oy", "oyj", "a s", "hb", "kb",
    )
)  # fmt: skip
_ORDERED: Final = sorted(_FORMS, key=len, reverse=True)
_FOLDS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "þ": "th", "ð": "d", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Normalizer:
    """A way to compare. `label` names the key for people."""

    name: str
    label: str
    summary: str
    texts: Callable[[str], list[str]]

    def values(self, value: Any) -> list[str]:
        """Of a text or a list of texts: the normalised values, no empty ones, each once. Null gives none."""
        items = value if isinstance(value, list) else [value]
        found = (text for item in items if isinstance(item, str) for text in self.texts(item))
        return [text for text in dict.fromkeys(found) if text]


def addresses(text: str) -> list[str]:
    """Every e-mail address in a text, in small letters, in order, each once."""
    return list(dict.fromkeys(found.lower() for found in _ADDRESS.findall(text)))


def company_name(text: str) -> str:
    """A company's name without accents, punctuation, legal form and a leading The; `&` is `and`.

    A name that is nothing but a legal form stays.
    """
    text = text.replace("SpA", "S.p.A.")  # only so written: Spa may as well be a spa
    words = _words(text.replace("&", " and ").replace("+", " and "))
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    while form := next((form for form in _ORDERED if len(form) < len(words) and _ends(words, form)), None):
        words = words[: -len(form)]
    return " ".join(words)


def person_name(text: str) -> str:
    """A person's name without accents and punctuation; 'Lee, Ann' is 'ann lee'."""
    last, comma, first = text.partition(",")
    return " ".join(_words(f"{first} {last}" if comma and "," not in first else text))


def phone(text: str) -> str:
    """The digits alone, without a leading + or 00 and, of eleven digits, the 1 of North America; extensions go."""
    main = re.split(r"(?i)\s*(?:x|ext\.?|extension)\s*\d+\s*$", text)[0]
    digits = re.sub(r"\D", "", main)
    if digits.startswith("00"):
        digits = digits[2:]
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    return digits if len(digits) >= 5 else ""


def _ends(words: list[str], form: tuple[str, ...]) -> bool:
    return tuple(words[-len(form) :]) == form


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_FOLDS))
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    return re.sub(r"[^\w]+", " ", re.sub(r"['’`]", "", plain).replace("_", " ")).split()


NORMALIZERS: Final[dict[str, Normalizer]] = {
    one.name: one
    for one in (
        Normalizer("exact", "value", "The text as it is, without blanks at its ends.", lambda text: [text.strip()]),
        Normalizer("email", "e-mail", "Every address in the text, without case.", addresses),
        Normalizer("company_name", "name", "Without accents, punctuation, legal form (Inc, GmbH) and a leading The.",
                   lambda text: [company_name(text)]),
        Normalizer("person_name", "name", "Without accents, punctuation and case; 'Lee, Ann' is 'Ann Lee'.",
                   lambda text: [person_name(text)]),
        Normalizer("phone", "telephone", "The digits, without country prefix 1 and extension.",
                   lambda text: [phone(text)]),
    )
}  # fmt: skip
