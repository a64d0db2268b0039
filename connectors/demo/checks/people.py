"""Judges what people did: whatever somebody changed by hand, and the other side did not, is still as he left it."""

from __future__ import annotations

from typing import Any

from connectors.demo.checks.scene import Scene
from connectors.demo.diary import Fact


def people(scene: Scene) -> list[str]:
    """One sentence for each field that no longer holds what was put there."""
    problems = []
    for fact in scene.diary.facts.values():
        held = _held(scene, fact)
        if not _fits(held, fact.value):
            problems.append(
                f"{fact.why}: {fact.entity} {fact.id} should have {fact.field} {fact.value!r}, has {held!r}"
            )
    lines = {line["id"] for lines in scene.lines.values() for line in lines}
    problems += [f"the deal line {key} that a salesperson added is gone" for key in scene.diary.hand_lines - lines]
    return problems


def _held(scene: Scene, fact: Fact) -> Any:
    records = {"organization": scene.organizations, "deal": scene.deals}[fact.entity]
    record = records.get(fact.id)
    if record is None:
        return None
    if fact.field.startswith("custom."):
        return scene.custom(fact.entity, record, fact.field.removeprefix("custom."))
    value = record[fact.field]
    return value["value"] if fact.field == "address" and value else value


def _fits(held: Any, value: Any) -> bool:
    """An address counts as arrived when it holds every part; anything else must be equal."""
    if isinstance(value, tuple):
        return all(part in str(held) for part in value)
    return bool(held == value)
