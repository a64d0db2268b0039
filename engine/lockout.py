"""Who guesses passwords must wait longer each time. Counts failures by the caller's address, in State."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol


class State(Protocol):
    """What of `protocol.State` is needed here."""

    def get(self, key: str) -> Any | None: ...

    def put(self, key: str, value: Any, ttl: timedelta | None = None) -> None: ...

    def change(
        self, key: str, function: Callable[[Any | None], Any | None], ttl: timedelta | None = None
    ) -> Any | None: ...


FREE = 5
"""Failures without a pause: people mistype."""

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
MEMORY = timedelta(days=1)


def locked_until(state: State, client: str, now: datetime) -> datetime | None:
    """Until when this caller is not listened to; None if it is."""
    kept = state.get(_key(client)) or {}
    until = datetime.fromisoformat(kept["until"]) if kept.get("until") else None
    return until if until is not None and until > now else None


def count_failure(state: State, client: str, now: datetime) -> int:
    """One more failure of this caller; returns how many there were within a day."""

    def more(kept: dict[str, object] | None) -> dict[str, object]:
        failures = int(str((kept or {}).get("failures", 0))) + 1
        return {"failures": failures, "until": (now + pause(failures)).isoformat() if failures >= FREE else None}

    kept = state.change(_key(client), more, ttl=MEMORY)
    return int(kept["failures"]) if kept else 0


def forget(state: State, client: str) -> None:
    """The caller knew the password."""
    state.put(_key(client), None)


def pause(failures: int) -> timedelta:
    """The pause after so many failures: doubled each time, an hour at most."""
    doubled: int = 2 ** min(max(failures - FREE, 0), 10)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def _key(client: str) -> str:
    return f"failures/{hashlib.sha256(client.encode()).hexdigest()[:16]}"
