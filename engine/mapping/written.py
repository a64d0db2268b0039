"""A record that somebody wrote down as YAML or JSON: alone, or with what a test says of its surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.mapping.draft import Context
from engine.mapping.testcases import case_context, complete, unknown_fields
from engine.protocol import Entity, Record
from engine.specs.diagnostics import InvalidMappingSet
from engine.specs.loader import Node


@dataclass(frozen=True, slots=True)
class WrittenRecord:
    """`values` is the record itself; `case` has `links`, `names` and `behind` besides, `around` what a file of tests
    says for all of its tests."""

    values: Node
    case: Mapping[str, Any]
    around: Mapping[str, Any]

    @classmethod
    def of(cls, root: Node) -> WrittenRecord:
        """A record, a block with `record` in it, or the first of a file of tests."""
        tests = root.get("tests")
        node = root.at("tests", 0) if tests else root
        values = node.get("record")
        if values is None:
            return cls(root, {"record": root.plain()}, {})
        return cls(values, node.plain(), root.plain() if tests else {})

    @property
    def settings(self) -> dict[str, Any]:
        """What it says of the mappings' settings."""
        return {**self.around.get("settings", {}), **self.case.get("settings", {})}

    def read(self, entity: Entity, zone: str | None = None) -> tuple[Record, Context]:
        """The record with every field of its entity, and its surroundings. `zone` counts where none is written.

        Raises InvalidMappingSet for names that are no fields of the entity.
        """
        wrong = list(unknown_fields(entity, self.values))
        if wrong:
            raise InvalidMappingSet(wrong)
        context = case_context({**({"zone": zone} if zone else {}), **self.around}, self.case)
        return complete(entity, self.case["record"]), context
