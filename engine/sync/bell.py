"""A bell: rung when a system has work that should not wait for the next look; whoever calls that system listens."""

from __future__ import annotations

from collections.abc import Callable


class Bell:
    """May be rung from any thread, also where nobody listens."""

    def __init__(self) -> None:
        self._listener: Callable[[], None] | None = None

    def listen(self, listener: Callable[[], None] | None) -> None:
        """Who is told from now on; None: nobody."""
        self._listener = listener

    def ring(self) -> None:
        """There is work."""
        listener = self._listener
        if listener is not None:
            listener()
