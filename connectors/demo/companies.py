"""Invents companies and people: names with their variants, addresses; who deals with whom is decided elsewhere.

A name is kept in parts, so a variant of it is made from the parts and never by comparing texts: whether two names
mean one company is known here by construction.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from connectors.demo.words import (
    ACCENTED_SURNAMES,
    CITIES,
    FIRST_WORDS,
    GIVEN_NAMES,
    LEGAL_FORMS,
    OTHER_TRADES,
    PLAIN_SURNAMES,
    SECOND_WORDS,
    STREETS,
    TRADES,
)
from connectors.demo.world import Address

PLAIN = {
    "ñ": "n", "ü": "u", "é": "e", "ç": "c", "è": "e", "ä": "a", "ú": "u",
    "Å": "A", "â": "a", "ö": "o", "á": "a", "Á": "A", "í": "i",
}  # fmt: skip
"""What somebody types who has no accents on the keyboard."""
NAME_LENGTH = 41
"""Of a customer's name in QuickBooks [facts: quickbooks 3]."""


@dataclass(frozen=True, slots=True)
class CompanyName:
    """A company's name in parts: `core` makes it unique, the rest is decoration."""

    core: tuple[str, ...]
    trade: str
    legal: str = ""
    joiner: str = " "
    article: bool = False

    def __str__(self) -> str:
        name = f"{self.joiner.join(self.core)} {self.trade}"
        return " ".join(part for part in ("The" if self.article else "", name, self.legal) if part)

    @property
    def domain(self) -> str:
        """A host name made of the core, under the reserved `.example`."""
        letters = "".join(PLAIN.get(letter, letter) for letter in "".join(self.core)).lower()
        return "".join(letter for letter in letters if letter.isascii() and letter.isalnum()) + ".example"

    def variant(self, rng: random.Random) -> str:
        """The same company as somebody else writes it: never the same text."""
        ways = [self._other_legal_form, self._shouted, self._article_turned]
        if self.joiner == " & ":
            ways += [self._and_spelt_out] * 4
        if any(letter in PLAIN for letter in str(self)):
            ways += [self._without_accents] * 4
        if self.legal:
            ways += [self._with_comma, self._without_legal_form]
        return rng.choice(ways)(rng)

    def look_alike(self, rng: random.Random) -> str:
        """Another company with nearly the same name: a different trade makes it another one."""
        return str(CompanyName(self.core, rng.choice(OTHER_TRADES), self.legal, self.joiner))

    def _other_legal_form(self, rng: random.Random) -> str:
        other = rng.choice([form for form in LEGAL_FORMS if form and form != self.legal])
        return str(CompanyName(self.core, self.trade, other, self.joiner, self.article))

    def _without_legal_form(self, _rng: random.Random) -> str:
        return str(CompanyName(self.core, self.trade, "", self.joiner, self.article))

    def _with_comma(self, _rng: random.Random) -> str:
        return f"{self._without_legal_form(_rng)}, {self.legal.rstrip('.')}"

    def _article_turned(self, _rng: random.Random) -> str:
        return str(CompanyName(self.core, self.trade, self.legal, self.joiner, not self.article))

    def _shouted(self, _rng: random.Random) -> str:
        return str(self).upper()

    def _and_spelt_out(self, _rng: random.Random) -> str:
        return str(CompanyName(self.core, self.trade, self.legal, " and ", self.article))

    def _without_accents(self, _rng: random.Random) -> str:
        return "".join(PLAIN.get(letter, letter) for letter in str(self))


class Directory:
    """Hands out companies, people and addresses from one random source; no two companies share a core."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self._taken: set[frozenset[str]] = set()

    def company(self) -> CompanyName:
        """A company nobody had before; a third of them with an ampersand, a sixth with accents."""
        while True:
            name = self._draw()
            if len(str(name)) <= NAME_LENGTH and frozenset(name.core) not in self._taken:
                self._taken.add(frozenset(name.core))
                return name

    def _draw(self) -> CompanyName:
        rng, legal, trade = self.rng, self.rng.choice(LEGAL_FORMS), self.rng.choice(TRADES)
        kind = rng.random()
        if kind < 0.33:
            pool = PLAIN_SURNAMES + ACCENTED_SURNAMES if kind < 0.1 else PLAIN_SURNAMES
            first, second = rng.sample(pool, 2)
            return CompanyName((first, second), trade, legal, " & ")
        if kind < 0.45:
            return CompanyName((rng.choice(ACCENTED_SURNAMES), rng.choice(SECOND_WORDS)), trade, legal)
        return CompanyName(
            (rng.choice(FIRST_WORDS), rng.choice(SECOND_WORDS)), trade, legal, article=rng.random() < 0.08
        )

    def person(self) -> tuple[str, str]:
        """Given name and surname."""
        return self.rng.choice(GIVEN_NAMES), self.rng.choice(PLAIN_SURNAMES + ACCENTED_SURNAMES)

    def address(self) -> Address:
        city, state, postal_code = self.rng.choice(CITIES)
        return Address(f"{self.rng.randint(1, 980)} {self.rng.choice(STREETS)}", city, state, postal_code)

    def phone(self) -> str:
        """A number of the range that is kept free for fiction."""
        return f"({self.rng.randint(201, 989)}) 555-01{self.rng.randint(0, 99):02d}"
