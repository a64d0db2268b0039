"""Whose turn it is: which endpoint is called next, and when. Pure; times are seconds of a clock that only goes forward.

First ready, first called: an endpoint that has more to do after its turn goes to the end of the line, so that each of
a thousand gets its share.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf

Name = tuple[str, str]
"""(connection, system)"""


@dataclass(slots=True)
class _Place:
    due: float
    promised: float = inf
    """When it wants to be called by itself; a ring in between changes nothing about that."""
    called: bool = False
    rung: bool = False
    """Rung while it was called: it is called again at once."""


class Rota:
    """Who is called when. Not for several threads at a time."""

    def __init__(self, longest: float) -> None:
        """`longest`: seconds after which an endpoint is called again, whatever it proposes."""
        self._longest = longest
        self._places: dict[Name, _Place] = {}
        self._line: list[tuple[float, int, Name]] = []
        self._serial = 0

    def __len__(self) -> int:
        return len(self._places)

    def add(self, name: Name, now: float) -> None:
        """Call it from now on, at once the first time. One that is known stays where it is."""
        if name not in self._places:
            self._places[name] = _Place(now)
            self._enter(name, now)

    def remove(self, name: Name) -> None:
        """Call it no more."""
        self._places.pop(name, None)

    def ring(self, name: Name, now: float) -> None:
        """It has work: call it at once, or again if it is being called."""
        place = self._places.get(name)
        if place is None:
            return
        if place.called:
            place.rung = True
        elif place.due > now:
            self._enter(name, now)

    def take(self, now: float) -> Name | None:
        """Whose turn it is; nobody else gets the same one until it is given back."""
        first = self._first()
        if first is None or self._places[first].due > now:
            return None
        heappop(self._line)
        place = self._places[first]
        place.called, place.rung = True, False
        if place.promised <= now:
            place.promised = inf
        return first

    def give_back(self, name: Name, now: float, pause: float | None) -> None:
        """It was called and proposes to be called again after `pause` seconds; None: never again."""
        place = self._places.get(name)
        if place is None:
            return
        if pause is None:
            self.remove(name)
            return
        place.called = False
        place.promised = min(place.promised, now + pause)
        self._enter(name, now if place.rung else min(place.promised, now + self._longest))

    def called(self) -> list[Name]:
        """Those that are being called now."""
        return [name for name, place in self._places.items() if place.called]

    def wait(self, now: float) -> float:
        """Seconds until it is somebody's turn; infinite if nobody waits for one."""
        first = self._first()
        return inf if first is None else max(0.0, self._places[first].due - now)

    def late(self, now: float, patience: float) -> int:
        """How many have been waiting for their turn for longer than that."""
        return sum(1 for place in self._places.values() if not place.called and now - place.due > patience)

    def _enter(self, name: Name, due: float) -> None:
        self._places[name].due = due
        self._serial += 1
        heappush(self._line, (due, self._serial, name))

    def _first(self) -> Name | None:
        """The first in line; entries that are no longer true are dropped on the way."""
        while self._line:
            due, _, name = self._line[0]
            place = self._places.get(name)
            if place is not None and not place.called and place.due == due:
                return name
            heappop(self._line)
        return None
