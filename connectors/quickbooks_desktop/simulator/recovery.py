"""Keeps the answers of message sets, so that a program that never got one can ask again."""

import hashlib
from dataclasses import dataclass

_LONGEST_ID = 20  # sources say 23 or 24; the shorter is safe [facts 2.6]

UNKNOWN, CHECKSUM, BAD_ID = 600, 9001, 9004
"""messageSetStatusCode: nothing kept under this id; same id, other content; id too long. [facts 2.6]"""


@dataclass(frozen=True)
class Kept:
    """An answer (the messages, without envelope) and the checksum of the request that it belongs to."""

    checksum: str
    answer: str


class MessageSets:
    """Stored answers by newMessageSetID. They belong to the company file and outlive sessions. [facts 2.6]"""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    @staticmethod
    def is_bad(ident: str | None) -> bool:
        """Whether an id is too long or empty (9004)."""
        return ident is not None and not 1 <= len(ident) <= _LONGEST_ID

    def get(self, ident: str) -> Kept | None:
        """What is kept under the id."""
        return self._kept.get(ident)

    def keep(self, ident: str, body: bytes, answer: str) -> None:
        """Keeps the answer; an older one under the same id is overwritten.

        QuickBooks is not asked to notice a repeated id by itself: only old = new = id is a question. [assumed, so
        that a program that relies on it doubles its write here]
        """
        self._kept[ident] = Kept(checksum(body), answer)

    def forget(self, ident: str) -> None:
        """oldMessageSetID alone, or with another new id, clears it."""
        self._kept.pop(ident, None)

    def stored(self) -> dict[str, list[str]]:
        """For the dump."""
        return {ident: [kept.checksum, kept.answer] for ident, kept in self._kept.items()}

    def restore(self, stored: dict[str, list[str]]) -> None:
        """From the dump."""
        self._kept = {ident: Kept(check, answer) for ident, (check, answer) in stored.items()}


def checksum(body: bytes) -> str:
    """Of the messages in canonical form."""
    return hashlib.sha256(body).hexdigest()
