"""What a record is worth on either side, as its mapping says: pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import Draft
from engine.protocol import Entity, Record
from engine.store.bases import Base
from engine.sync import decisions
from engine.sync.reconcile import Amount
from engine.sync.values import at


@dataclass(frozen=True, slots=True)
class Worth:
    """Where a mapping says what a record is worth: a field of the target, or what a text of it is written from."""

    path: str | None = None
    watched: str | None = None

    def here(self, draft: Draft, currency: str) -> Amount:
        """By the source."""
        if self.path is not None:
            return Amount(currency, _number(draft.values.get(self.path)))
        return Amount(currency, _first_number(draft.again.get(self.watched or "")))

    def there(self, record: Record, base: Base | None, drafted: Amount, currency: str) -> Amount:
        """By the target: its field, or what the text was last written from."""
        if self.path is not None:
            return Amount(currency, _number(at(record, self.path)))
        told = _first_number((base.sent.get(decisions.AGAIN) or {}).get(self.watched or "")) if base else None
        return Amount(currency, drafted.value if told is None else told)


def worth(mapping: CompiledMapping, target: Entity) -> Worth | None:
    """Where this mapping says what a record is worth; None where it does not."""
    rules = mapping.rules
    path = next((one.name for one in target.fields if one.total_of and one.name in rules), None)
    if path is not None:
        return Worth(path)
    watched = next((one.path for one in rules.values() if one.again_when), None)
    return Worth(watched=watched) if watched is not None else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(value)
    return None


def _first_number(values: Any) -> Decimal | None:
    return next((one for one in values or () if isinstance(one, Decimal)), None)
