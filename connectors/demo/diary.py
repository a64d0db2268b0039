"""What the demo knows because it did it: the answer key in the systems' own ids, and what people did since.

The checks judge against this and the simulators' state. Nothing here comes from the engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from connectors.demo.world import Expected

FIRST_INVOICE_DATE = date(2026, 1, 1)
ZONE = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Fact:
    """A field of a Pipedrive record must hold `value`: a person put it there, or QuickBooks did since."""

    entity: str
    id: int
    field: str
    """A key of the record, or `custom.NAME`."""
    value: Any
    why: str


@dataclass(slots=True)
class Diary:
    """Keys of `expected` are ListIDs of customers that are no jobs."""

    expected: dict[str, Expected] = field(default_factory=dict)
    organizations: dict[str, int] = field(default_factory=dict)
    """Ids in Pipedrive by the generator's ref."""
    before: frozenset[int] = frozenset()
    """The organizations that were there before the first visit."""
    hand_lines: set[int] = field(default_factory=set)
    """Deal lines that a salesperson added."""
    words: dict[str, str] = field(default_factory=dict)
    """What people wrote into invoices' memos in QuickBooks, by TxnID."""
    told: set[int] = field(default_factory=set)
    """Deals whose outcome or stage people changed: their invoices must say so."""
    facts: dict[tuple[str, int, str], Fact] = field(default_factory=dict)

    def note(self, entity: str, key: int, name: str, value: Any, why: str) -> None:
        """From now on this field must hold this value; a later word on the same field counts."""
        self.facts[entity, key, name] = Fact(entity, key, name, value, why)

    def forget(self, entity: str, key: int, name: str) -> None:
        """QuickBooks changed it, so what it held before is no longer anybody's."""
        self.facts.pop((entity, key, name), None)
