"""A clock that the simulators share: set back while the past is loaded, true afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


class Clock:
    """Called, it says the time as aware UTC."""

    def __init__(self) -> None:
        self._past: datetime | None = None

    def __call__(self) -> datetime:
        return self._past or datetime.now(UTC)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Inside, it is `moment`."""
        before, self._past = self._past, moment
        try:
            yield
        finally:
            self._past = before
