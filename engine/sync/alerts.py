"""Watches for alerts and sees that each notice goes out: one process at a time, across restarts.

What is to be told is kept in the store before it is sent, for each channel by itself; so a notice is never lost, and
comes twice only to a channel that took it while we were killed. What counts as an alert is decided in `alarms`.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from engine.observe.notices import Notice, Unsent
from engine.store.clock import machine
from engine.store.store import Store
from engine.sync import alarms
from engine.sync.alarms import Limits, News, Seen, news
from engine.sync.connection import Connection

EVERY = timedelta(minutes=1)
TURN = timedelta(minutes=5)
"""How long a process may take for one look, mail servers included, before another one takes over."""

MOST = 100
"""Notices that wait to be sent; of more the oldest are dropped, and the log has them."""
REASONS = 10

_SCOPE, _TURN, _TOLD, _OUT = "alerts", "turn", "told", "out"

log = logging.getLogger("engine.sync.alerts")


def standing(store: Store) -> Counter[tuple[str, str]]:
    """How many alerts stand, by connection and kind, as they were told."""
    told = store.state(_SCOPE, machine).get(_TOLD) or {}
    return Counter((one["connection"], one["kind"]) for one in told.values())


class Channel(Protocol):
    """What carries a notice; raises Unsent."""

    def send(self, notice: Notice) -> None: ...


class Alerts:
    """`tick` now and then, from any process; it does not wait for mail servers."""

    def __init__(
        self,
        store: Store,
        connections: Mapping[str, Connection],
        channels: Mapping[str, Channel],
        limits: Limits,
        clock: Callable[[], datetime],
        url: str = "",
    ) -> None:
        self._store, self._connections, self._clock = store, connections, clock
        self._channels, self._limits, self._url = channels, limits, url
        self._state = store.state(_SCOPE, clock)
        self._me = uuid4().hex
        self._looked: datetime | None = None
        self._thread: threading.Thread | None = None

    def tick(self) -> None:
        """Look and send in a thread of its own, if it is time for that."""
        now = self._clock()
        busy = self._thread is not None and self._thread.is_alive()
        recent = self._looked is not None and timedelta(0) <= now - self._looked < EVERY
        if not self._channels or busy or recent:
            return
        self._looked = now
        self._thread = threading.Thread(target=self.look, name="alerts", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Decide what is news and send what waits, unless another process does."""
        try:
            if not self._take_turn():
                return
            self._decide()
            self._deliver()
            self._state.change(_TURN, lambda kept: {**kept, "by": ""} if kept and kept["by"] == self._me else kept)
        except Exception:  # a defect here must not end the watching
            log.exception("alert.failed")

    def _take_turn(self) -> bool:
        now = self._clock()

        def take(kept: Any) -> Any:
            if kept:
                since = now - datetime.fromisoformat(kept["at"])
                if timedelta(0) <= since < (TURN if kept["by"] else EVERY):
                    return kept
            return {"by": self._me, "at": now.isoformat()}

        kept = self._state.change(_TURN, take)
        return kept is not None and kept["by"] == self._me and kept["at"] == now.isoformat()

    def _decide(self) -> None:
        now = self._clock()
        told = self._state.get(_TOLD) or {}
        found, after = news(alarms.standing(self.seen(), told, self._limits, now), told, self._limits.digest, now)
        for one in found:
            told_of = {"alert": one.event, "connection": one.connection, "kind": one.kind, "why": one.sentence}
            log.warning("alert", extra=told_of)
        if found:
            waiting = [{**asdict(one), "at": now.isoformat(), "left": list(self._channels)} for one in found]
            self._state.change(_OUT, lambda kept: [*(kept or ()), *waiting][-MOST:])
        if after != told:
            self._state.put(_TOLD, after or None)

    def _deliver(self) -> None:
        for waiting in self._state.get(_OUT) or ():
            for name in [one for one in waiting["left"] if one in self._channels]:
                try:
                    self._channels[name].send(self.notice(waiting))
                except Unsent as error:
                    log.warning("alert.unsent", extra={"channel": name, "why": str(error), "kind": waiting["kind"]})
                else:
                    self._sent(waiting, name)

    def _sent(self, waiting: Mapping[str, Any], channel: str) -> None:
        def without(kept: Any) -> Any:
            left = []
            for one in kept or ():
                if (one["key"], one["at"], one["event"]) == (waiting["key"], waiting["at"], waiting["event"]):
                    one = {**one, "left": [name for name in one["left"] if name != channel and name in self._channels]}
                if one["left"]:
                    left.append(one)
            return left or None

        self._state.change(_OUT, without)

    def notice(self, waiting: Mapping[str, Any]) -> Notice:
        """The message of what waits to be sent."""
        about = f"{waiting['connection']}: {str(waiting['sentence']).splitlines()[0]}"
        cleared = waiting["event"] == "cleared"
        subject = f"Over: {about}" if cleared else about
        text = f"This is over: {waiting['sentence']}" if cleared else str(waiting["sentence"])
        where = f"\n\nThe server: {self._url}" if self._url else ""
        facts = {name: str(waiting[name]) for name in ("event", "connection", "kind", "key", "at")}
        return Notice(f"[ml-connector] {subject}", f"{text}{where}\n", facts)

    def seen(self) -> Iterator[Seen]:
        """What is known of each system of each connection."""
        with self._store.reading() as tx:
            last, causes = tx.visits.last_of_all(), tx.work.causes()
            parked: dict[str, int] = {}
            for (of, _), count in causes.items():
                parked[of] = parked.get(of, 0) + count
            reasons = {name: self._reasons(tx, name) for name in parked if name in self._connections}
        for name, connection in self._connections.items():
            for number, (system, endpoint) in enumerate(connection.endpoints.items()):
                mine = (parked.get(name, 0), reasons.get(name, {})) if number == 0 else (0, {})
                title = connection.connectors[system].title
                yield Seen(name, system, title, endpoint.facts(), last.get((name, system)), *mine)

    @staticmethod
    def _reasons(tx: Any, name: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for of_mapping in tx.work.reasons(name, ["parked"]).values():
            for reason, count in of_mapping.items():
                found[reason] = found.get(reason, 0) + count
        return dict(sorted(found.items(), key=lambda one: -one[1])[:REASONS])


__all__ = ["Alerts", "Channel", "News"]
