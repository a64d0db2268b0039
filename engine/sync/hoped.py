"""What a system is hoped to answer to a write: all of it went well, and what was sent is what is there.

A record that is still to be made goes by a key that says of which mapping and source it is made (`new:customers/8A`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.protocol import (
    Child,
    Endpoint,
    Entity,
    Option,
    Record,
    Write,
    Written,
)
from engine.store.intents import Intent
from engine.store.snapshots import Snapshot
from engine.sync.plan import NEW
from engine.sync.values import replaced

FIRST_NUMBER = 9_000_000_000_000_000


@dataclass(slots=True)
class Cast:
    """The records that are still to be made: by their stand-in keys, what people call them."""

    labels: dict[str, str] = field(default_factory=dict)
    _numbers: dict[str, str] = field(default_factory=dict)

    def answer(self, entity: Entity, write: Write, intent: Intent, held: Mapping[str, Snapshot]) -> Written:
        """The answer to a write; `held` has its record as it was last seen."""
        known = held.get(write.key or "")
        if write.action == "create":
            key = self._new(intent)
            record = replaced(_blank(entity), write.values) | {entity.key: key}
            self.labels[key] = str(write.values.get(entity.label) or "")
            return Written(key, record, write.identity, self._children(write, key))
        key, identity = str(write.key), write.identity or (known.identity if known else ())
        if write.action == "children":
            return Written(key, children=self._children(write, key))
        return Written(key, replaced(known.record if known else {}, write.values), identity)

    def _new(self, intent: Intent) -> str:
        made_of = intent.context.get("named") or next(
            (one[0] for one in intent.context.get("members", ())), intent.source_keys[0]
        )
        key = f"{NEW}{intent.mapping}/{made_of}"
        while key in self.labels:
            key += "+"
        self._numbers[key] = str(FIRST_NUMBER + len(self._numbers))
        return key

    def _children(self, write: Write, key: str) -> tuple[Child, ...]:
        added = [replace(one, key=f"{key}#{one.ref}") for one in write.add]
        return (*added, *write.change)

    def numbered(self, write: Write) -> Write:
        """The write with numbers in the place of the stand-in keys, as systems have them."""
        if not self._numbers:
            return write
        return replace(
            write,
            key=self._numbers.get(write.key or "", write.key),
            values=self._plain(write.values),
            add=tuple(replace(one, values=self._plain(one.values)) for one in write.add),
            change=tuple(replace(one, key=_line(one.key), values=self._plain(one.values)) for one in write.change),
            remove=tuple(replace(one, key=_line(one.key)) for one in write.remove),
        )

    def _plain(self, values: Record) -> Record:
        return {name: self._numbers.get(one, one) if isinstance(one, str) else one for name, one in values.items()}


def _line(key: str | None) -> str | None:
    return str(FIRST_NUMBER) if key is not None and key.startswith(NEW) else key


def _blank(entity: Entity) -> Record:
    """A new record before anything was written to it."""
    return {one.name: [] if one.many else one.begins_as for one in entity.fields if one.readable and not one.derived}


@dataclass(frozen=True, slots=True)
class Shaping:
    """An endpoint of which only `canonical` is asked: the real one's, which knows the account's names and shapes."""

    endpoint: Endpoint
    cast: Cast

    def canonical(self, entity: str, values: Mapping[str, Any]) -> Record:
        """As the endpoint has it; an option that is still to be made becomes the text that it will have."""
        made = self.endpoint.canonical(entity, values)
        texts = {name: text for name, one in made.items() if (text := self._text(one)) != one}
        return made | self.endpoint.canonical(entity, texts) if texts else made

    def _text(self, value: Any) -> Any:
        if isinstance(value, Option):
            return self.cast.labels.get(value.key, value)
        return [self._text(one) for one in value] if isinstance(value, list) else value
