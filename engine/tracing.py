"""Words that every log line of a block carries: the visit that is going on, the request that is under way.

One part of the contract (`protocol` shows it), so that connectors bind them as well. Threads begin without any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_WORDS: ContextVar[Mapping[str, str] | None] = ContextVar("engine_words", default=None)


def words() -> Mapping[str, str]:
    """What is bound here: `visit` (a visit or a drain, by its ticket), `request` (a write's id), `origin` (the visit in
    which its reason came in)."""
    return _WORDS.get() or {}


@contextmanager
def about(**bound: str) -> Iterator[None]:
    """Log lines of the block carry these words besides those bound already; empty ones are left out."""
    token = _WORDS.set({**words(), **{name: word for name, word in bound.items() if word}})
    try:
        yield
    finally:
        _WORDS.reset(token)
