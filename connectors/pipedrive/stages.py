"""Pipelines and stages by the name people use: "Pipeline / Stage". Read once a day (10 tokens) and when unknown."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from engine.protocol import State

from .client import Client
from .status import misconfigured

KEPT_FOR = timedelta(days=1)
REREAD_AFTER = timedelta(minutes=1)
_KEY = "stages"


class Stages:
    """The stages of one account that are not deleted."""

    def __init__(self, client: Client, state: State, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()
        self._names: Mapping[str, str] = {}
        self._read_at: datetime | None = None

    def ready(self, ahead: timedelta) -> None:
        """Reads the stages if they are not held or will be too old within `ahead`."""
        with self._lock:
            self._known(ahead)

    def name(self, stage_id: str | None) -> str | None:
        """ "Pipeline / Stage" of a stage's id; None for a stage that is not there (any more)."""
        if stage_id is None:
            return None
        with self._lock:
            names = self._known()
            if stage_id not in names:
                names = self._reread()
            return names.get(stage_id)

    def find(self, name: str) -> str:
        """The id of "Pipeline / Stage". Raises Stopped (CONFIGURATION) naming those that are there."""
        with self._lock:
            found = _ids(self._known(), name) or _ids(self._reread(), name)
            names = self._names
        if len(found) == 1:
            return found[0]
        if found:
            raise misconfigured(
                f"Pipedrive has {len(found)} stages called '{name}'. Rename all but one.", "duplicate-stage"
            )
        known = ", ".join(f"'{one}'" for one in names.values()) or "none"
        raise misconfigured(f"Pipedrive has no stage '{name}'. It has: {known}.", "unknown-stage")

    def names(self) -> tuple[str, ...]:
        """Every "Pipeline / Stage"."""
        with self._lock:
            return tuple(self._known().values())

    def canonical(self, name: str) -> str:
        """The name as Pipedrive writes it, where it is known; else as it was given."""
        with self._lock:
            names = self._known()
        found = _ids(names, name)
        return names[found[0]] if found else name.strip()

    def _known(self, ahead: timedelta = timedelta(0)) -> Mapping[str, str]:
        oldest = self._clock() - KEPT_FOR + ahead
        if self._read_at is None or self._read_at <= oldest:
            stored = self._state.get(_KEY)
            if stored is not None:
                self._names, self._read_at = stored["names"], datetime.fromisoformat(stored["read_at"])
        if self._read_at is None or self._read_at <= oldest:
            return self._reread()
        return self._names

    def _reread(self) -> Mapping[str, str]:
        now = self._clock()
        if self._read_at is not None and now - self._read_at < REREAD_AFTER:
            return self._names
        pipelines = {str(one["id"]): str(one["name"]) for one in self._all("pipeline")}
        self._names = {
            str(one["id"]): f"{pipelines[str(one['pipeline_id'])]} / {one['name']}"
            for one in self._all("stage")
            if str(one["pipeline_id"]) in pipelines
        }
        self._read_at = now
        self._state.put(_KEY, {"read_at": now.isoformat(), "names": dict(self._names)}, KEPT_FOR)
        return self._names

    def _all(self, entity: str) -> list[Mapping[str, object]]:
        found: list[Mapping[str, object]] = []
        cursor: str | None = None
        while True:
            query = {"limit": "500"} | ({"cursor": cursor} if cursor else {})
            answer = self._client.send(f"{entity}.list", query=query)
            found += [one for one in answer.data if not one.get("is_deleted")]
            cursor = answer.cursor
            if cursor is None:
                return found


def _ids(names: Mapping[str, str], wanted: str) -> list[str]:
    exact = [id_ for id_, name in names.items() if name == wanted]
    return exact or [id_ for id_, name in names.items() if _alike(name) == _alike(wanted)]


def _alike(text: str) -> str:
    return " ".join(text.split()).casefold()
