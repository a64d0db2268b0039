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

# Legal forms after punctuation is gone, as these countries' laws abbreviate them: US states and Canada (Inc, LLC, Ltd,
# LP, LLP, Corp, Co, ULC, PC, PLLC; ltée, s.e.n.c. in Quebec), UK (Ltd, plc, LLP, CIC), DE/AT/CH (GmbH, AG, KG, KGaA,
# OHG, UG, GbR, PartG, e.K.), FR (SA, SARL, SAS, SASU, EURL, SNC, SCI, SCOP), IT (S.r.l., S.r.l.s., S.p.A., S.n.c.,
# S.a.s.), ES (S.L., S.A., S.L.U., S.A.U., S.L.L.), NL/BE (B.V., N.V., V.O.F., C.V., BVBA, SPRL), Nordics (AB, HB, KB,
# A/S, ApS, AS, ASA, ANS, DA, I/S, K/S, IVS, Oy, Oyj, Ky, Tmi, ehf., hf.).
_FORMS: Final = frozenset(
    tuple(form.split())
    for form in (
        "gmbh und co kg", "gmbh and co kg", "gmbh co kg", "ag und co kg", "ag and co kg", "ug haftungsbeschrankt",
        "public limited company", "limited liability company", "limited liability partnership", "limited partnership",
        "professional corporation", "unlimited liability company", "incorporated", "corporation", "company", "limited",
        "and company", "and co",
        "inc", "corp", "co", "llc", "llp", "lllp", "lp", "ltd", "plc", "pc", "pllc", "ulc", "pa",
        "l l c", "l l p", "l p", "p c", "p l c", "p a",
        "limitee", "ltee", "senc", "s e n c", "cic",
        "gmbh", "mbh", "ggmbh", "ag", "kg", "kgaa", "ohg", "ug", "gbr", "partg", "partg mbb", "e k", "ek", "e kfm",
        "e v", "ev", "eg", "se", "aktiengesellschaft", "gesellschaft mit beschrankter haftung",
        "sa", "sarl", "sas", "sasu", "eurl", "sci", "scop", "s a", "s a r l", "s a s", "e u r l", "s a s u",
        "srl", "srls", "snc", "s r l", "s r l s", "s p a", "s n c",
        "sl", "slu", "sll", "sau", "s l", "s l u", "s l l", "s a u", "sociedad limitada", "sociedad anonima",
        "bv", "nv", "vof", "bvba", "sprl", "cv", "b v", "n v", "v o f", "c v", "b v b a", "besloten vennootschap",
        "ab", "as", "asa", "ans", "da", "aps", "ivs", "oy", "oyj", "ky", "tmi", "a s", "i s", "k s", "hb", "kb",
        "aktiebolag", "aktieselskab", "anpartsselskab", "osakeyhtio", "ehf", "hf",
    )
)  # fmt: skip
_LONGEST: Final = max(map(len, _FORMS))
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

    A name that is nothing but a legal form stays, and one without a letter or digit is compared as it is written.
    """
    plain = " ".join(text.split()).casefold()
    text = re.sub(r"(?<!\w)SpA(?!\w)", "S.p.A.", text)  # only so written: Spa may as well be a spa
    words = _words(text.replace("&", " and ").replace("+", " and "))
    while len(words) > 1 and words[0] == "the" and tuple(words[1:]) not in _FORMS:  # The Co. is not just a Co.
        words = words[1:]
    while size := _form(words):
        words = words[:-size]
        if words[-1] == "and" and len(words) > 1:  # Müller & Co
            words = words[:-1]
    return " ".join(words) or plain


def person_name(text: str) -> str:
    """A person's name without accents and punctuation; 'Lee, Ann' is 'ann lee'."""
    last, comma, first = text.partition(",")
    return " ".join(_words(f"{first} {last}" if comma and "," not in first else text))


def phone(text: str) -> str:
    """The digits alone, without a leading + or 00 and, of eleven digits, the 1 of North America; extensions go."""
    main = re.split(r"(?i)\s*(?:x|ext\.?|extension)\s*\d+\s*$", text)[0]
    digits = re.sub(r"\D", "", main)
    while digits.startswith("00"):
        digits = digits[2:]
    if len(digits) == 11 and digits[0] == "1" and digits[1] in "23456789":  # area codes begin so there
        digits = digits[1:]
    return digits if len(digits) >= 5 else ""


def _form(words: list[str]) -> int:
    """Of how many words the longest legal form is that these end with, and that is not all of them."""
    sizes = range(min(_LONGEST, len(words) - 1), 0, -1)
    return next((size for size in sizes if tuple(words[-size:]) in _FORMS), 0)


def _words(text: str) -> list[str]:
    small = unicodedata.normalize("NFKD", text).casefold().translate(_FOLDS)
    folded = unicodedata.normalize("NFKD", small)
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
