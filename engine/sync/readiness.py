"""Whether this process can do its work now: the store answers, with the schema of this version."""

from __future__ import annotations

from engine.errors import StoreUnavailable
from engine.store.store import Store


def objections(store: Store) -> list[str]:
    """Sentences; none if all is well."""
    try:
        behind = store.is_behind()
    except StoreUnavailable as error:
        return [str(error)]
    return ["The store has another schema than this version; restart the server."] if behind else []
