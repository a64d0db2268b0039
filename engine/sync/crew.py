"""The processes that share a store, and which of them calls which endpoint.

Each says in turn that it lives. Who calls an endpoint follows from who lives, by the highest of some hashes, so that
nothing need be agreed: when one comes or goes, only its own share moves. For a moment two may call the same endpoint,
or none; leases of rows and the tokens' count keep that from doing harm.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from engine.store.store import Store
from engine.sync.rota import Name

log = logging.getLogger("engine.sync")

OWNER = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
"""This process. What one `take` leases belongs to it and a number of its own, and is held as long as answers come."""

BEAT = timedelta(seconds=5)
ALIVE = timedelta(seconds=20)
"""How long a process counts as living after its last beat: some may be late while the machine is busy."""


def held_by(system: str) -> str:
    """How the owners of what this process leased for a system begin."""
    return f"{OWNER}/{system}/"


def release_dead(store: Store, connection: str, now: datetime) -> None:
    """Make due again what processes of this machine had leased that live no more: nobody will answer for it."""
    with store.transaction() as tx:
        for owner in tx.work.holders(connection):
            if is_dead(owner):
                tx.work.release(connection, owner, now)


def release_own(store: Store, connection: str, now: datetime) -> None:
    """Make due again what this process still has leased, because it ends; what was sent is looked up by the next."""
    with store.reading() as tx:
        held = [owner for owner in tx.work.holders(connection) if owner.startswith(OWNER)]
    if held:
        with store.transaction() as tx:
            for owner in held:
                tx.work.release(connection, owner, now)


def is_dead(owner: str) -> bool:
    """Whether that is a process of this machine that lives no more; of others nobody here can tell."""
    host, pid, _ = owner.split(":", 2)
    return host == socket.gethostname() and not owner.startswith(OWNER) and not _lives(int(pid))


def _lives(pid: int) -> bool:
    """Whether that process runs. Our own number with another owner's name was used by one that is gone."""
    return pid != os.getpid() and Path(f"/proc/{pid}").exists() if Path("/proc/self").exists() else True


class Crew:
    """Who shares this store, as this process sees it."""

    def __init__(self, store: Store, me: str = OWNER, calls: bool = True) -> None:
        self._store, self.me, self._calls = store, me, calls
        self._callers: tuple[str, ...] = (me,) if calls else ()

    def beat(self, now: datetime) -> None:
        """Say that we live, and look who else does; mend what a clock that was ahead has left."""
        with self._store.transaction() as tx:
            for connection in tx.ahead.mend(now):
                log.warning("clock.back", extra={"connection": connection})
            tx.workers.beat(self.me, self._calls, now, ALIVE)
            alive = tx.workers.alive(now)
            for one in alive:
                if is_dead(one.name):
                    tx.workers.leave(one.name)
        self._callers = tuple(one.name for one in alive if one.calls and not is_dead(one.name))

    def leave(self) -> None:
        """We work no more: the others take over at their next beat."""
        with self._store.transaction() as tx:
            tx.workers.leave(self.me)

    def ours(self, names: Iterable[Name]) -> set[Name]:
        """Those that this process calls."""
        return {name for name in names if self._calls and caller(name, self._callers) == self.me}


def caller(name: Name, among: Iterable[str]) -> str | None:
    """Which of these processes calls an endpoint."""
    weight = {one: hashlib.blake2b(f"{one}\0{name[0]}/{name[1]}".encode(), digest_size=8).digest() for one in among}
    return max(weight, key=lambda one: (weight[one], one), default=None)
