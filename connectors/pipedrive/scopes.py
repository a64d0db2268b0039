"""Which scopes an app needs for what a connection's mappings read and write; a test compares with the documents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

FAMILY: Final[Mapping[str, tuple[str, ...]]] = {
    "organization": ("contacts",),
    "person": ("contacts",),
    "deal": ("deals",),
    "product": ("products",),
    "note": ("deals", "contacts"),
    "activity": ("activities",),
    "lead": ("leads",),
    "task": ("projects",),
    "project": ("projects",),
    "pipeline": ("deals",),
    "stage": ("deals",),
    "filter": ("deals", "activities", "contacts"),
}
"""Entity -> what its scopes are called, before `:read` and `:full`; any of several is enough."""
FIELDS: Final[Mapping[str, str]] = {
    "organization": "contact-fields:full",
    "person": "contact-fields:full",
    "deal": "deal-fields:full",
    "lead": "deal-fields:full",
    "product": "product-fields:full",
}
"""Entity -> the scope that lets us make its custom fields."""
ALWAYS: Final = "base"
ADMIN: Final = "admin"
WEBHOOKS: Final = "webhooks:full"


def missing(granted: Collection[str], reads: Collection[str], writes: Collection[str], hooks: bool) -> list[str]:
    """The scopes to be added, each once; of alternatives the first."""
    wanted = (ways[0] for ways in needed(reads, writes, hooks) if not set(ways) & set(granted))
    return list(dict.fromkeys(wanted))


def needed(reads: Collection[str], writes: Collection[str], hooks: bool) -> Iterator[tuple[str, ...]]:
    """What must be granted: of each tuple one is enough."""
    yield (ALWAYS,)
    for entity in (*reads, *writes):
        yield from reading(entity)
    for entity in writes:
        yield from writing(entity)
    if hooks:
        yield (WEBHOOKS, ADMIN)


def reading(entity: str) -> Iterator[tuple[str, ...]]:
    """What it takes to list an entity."""
    if entity == "user":
        yield ("users:read",)
    names = FAMILY.get(entity, ())
    if names:
        yield tuple(f"{name}:{how}" for how in ("read", "full") for name in names)


def writing(entity: str) -> Iterator[tuple[str, ...]]:
    """What it takes to make and change its records and their custom fields."""
    if entity in ("pipeline", "stage"):
        yield (ADMIN,)
    elif entity in FAMILY:
        yield tuple(f"{name}:full" for name in FAMILY[entity])
    if entity in FIELDS:
        yield (FIELDS[entity], ADMIN) if entity != "product" else (FIELDS[entity], "products:full")
