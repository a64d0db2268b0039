"""Matching: which existing record of the target is this source record? Pure, and never a guess.

The keys are tried in order; the hits of one key's values are united. One unlinked hit links, none creates, everything
else is a person's to decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal

PENDING = "?"
"""Starts the key of a target that is being created and whose answer has not come."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One match key, as it was tried for a record."""

    label: str
    values: Sequence[str]
    """Normalised values of the source record."""
    holders: Mapping[str, AbstractSet[str]]
    """value -> living source records that hold it (records joined by same_as count once)."""
    hits: Mapping[str, AbstractSet[str]]
    """value -> target keys that hold it, within the mapping's scope."""


@dataclass(frozen=True, slots=True)
class Match:
    """What matching found. `candidates` are shown to a person where it parks."""

    verdict: Literal["link", "create", "park", "wait"]
    key: str | None = None
    by: str = ""
    reason: str = ""
    code: str = ""
    candidates: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())


def match(tried: Sequence[Tried], linked: Mapping[str, str]) -> Match:
    """Decide from the keys in their order; `linked` gives, for each target that this pair already links, its source."""
    warnings: list[str] = []
    missed: set[str] = set()
    for one in tried:
        shared = [value for value in one.values if len(one.holders.get(value, ())) > 1]
        warnings += [f"{one.label} {value!r} stands at several source records and is not used" for value in shared]
        for value in shared:
            # One that is being created will belong to whoever creates it, as a linked one does.
            missed |= {key for key in one.hits.get(value, ()) if key not in linked and not key.startswith(PENDING)}
        hits: set[str] = set()
        for value in one.values:
            if value not in shared:
                hits |= one.hits.get(value, frozenset())
        if hits:
            return _settle(one, hits, linked, tuple(warnings))
    if missed:
        return Match(
            "park",
            reason="its only matching value stands at several source records, and could be an existing record",
            code="M103",
            candidates=tuple(sorted(missed)),
            warnings=tuple(warnings),
        )
    return Match("create", reason="nothing matches", warnings=tuple(warnings))


def _settle(one: Tried, hits: set[str], linked: Mapping[str, str], warnings: tuple[str, ...]) -> Match:
    """One key hit something: link, wait or park."""
    if any(key.startswith(PENDING) for key in hits):
        return Match("wait", reason=f"a record with the same {one.label} is just being created", warnings=warnings)
    candidates = tuple(sorted(hits))
    if len(hits) > 1:
        reason = f"{len(hits)} records have the same {one.label}"
        return Match("park", by=one.label, reason=reason, code="M101", candidates=candidates, warnings=warnings)
    (key,) = hits
    if key in linked:
        reason = f"the record with the same {one.label} already belongs to another one"
        return Match("park", by=one.label, reason=reason, code="M102", candidates=candidates, warnings=warnings)
    return Match("link", key=key, by=one.label, reason=f"same {one.label}", warnings=warnings)
