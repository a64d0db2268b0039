"""Two little systems in memory: the third connector, which proves that the engine knows no system by name.

`Books` calls us never: it is drained like any other. A `System` is the state; its endpoint carries requests against
it, and can be told to lose answers or to refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from engine.protocol import (
    Catalogue,
    Check,
    Child,
    Children,
    Entity,
    Failed,
    Failure,
    Field,
    Found,
    Gone,
    HttpRequest,
    HttpResponse,
    NoteField,
    Option,
    Page,
    Query,
    Record,
    Relation,
    Result,
    Site,
    Write,
    Written,
)


@dataclass
class Clock:
    """A clock that moves when it is told to, and a little with every look."""

    now: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def on(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class System:
    """The records of one system: entity -> key -> record; with when each last changed, and what was asked of it."""

    clock: Clock
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    changed: dict[tuple[str, str], datetime] = field(default_factory=dict)
    identity: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    gone: list[tuple[str, str, datetime]] = field(default_factory=list)
    merged: dict[tuple[str, str], str] = field(default_factory=dict)
    """What a person merged away -> where it went; this system says so when it is asked for the key."""
    queries: list[Query] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    fail: Callable[[Write], Failure | None] = lambda write: None
    lose: Callable[[Write], bool] = lambda write: False
    serial: int = 0
    overlap: timedelta = timedelta()
    """How far before its own beginning a reading's cursor lies: unchanged records come again."""
    stamps: bool = False
    """Says in whole seconds when a record was changed."""

    def put(self, entity: str, key: str, **values: Any) -> None:
        """A person makes or edits a record."""
        of = self.records.setdefault(entity, {})
        of[key] = {**of.get(key, {}), **values}
        self.changed[(entity, key)] = self.clock()

    def unseen(self, entity: str, key: str, **values: Any) -> None:
        """A record changes with another one, and is not marked as changed."""
        self.records[entity][key] = {**self.records[entity][key], **values}

    def delete(self, entity: str, key: str) -> None:
        del self.records[entity][key]
        self.gone.append((entity, key, self.clock()))

    def of(self, entity: str) -> dict[str, Record]:
        return self.records.get(entity, {})


class MemoryEndpoint:
    """Carries requests against a System, one after the other."""

    def __init__(self, site: Site, system: System, catalogue: Catalogue) -> None:
        self.site, self.system, self.catalogue = site, system, catalogue

    def drain(self) -> timedelta | None:
        """Everything that is due, until nothing comes."""
        start = self.site.clock()
        for _ in range(200):
            requests = self.site.work.take(50, stale_before=start)
            if not requests:
                return timedelta(seconds=1)
            for request in requests:
                self.site.work.give(request, self._carry(request))
        raise AssertionError("the engine goes on handing out requests")

    def _carry(self, request: Query | Write) -> Result:
        if isinstance(request, Query):
            return self._query(request)
        self.system.writes.append(request)
        failure = self.system.fail(request)
        if failure is not None:
            return Failed(failure, f"told to fail: {failure.value}")
        written = self._write(request)
        if self.system.lose(request):
            return Failed(Failure.UNKNOWN, "the answer was lost")
        return written

    def _query(self, query: Query) -> Page:
        self.system.queries.append(query)
        of, since = self.system.of(query.entity), datetime.fromisoformat(query.cursor) if query.cursor else None
        cursor = (self.system.clock() - self.system.overlap).isoformat()
        if query.kind == "gone":
            lost = [
                Gone(key)
                for entity, key, at in self.system.gone
                if entity == query.entity and (not since or at >= since)
            ]
            return Page(gone=lost, done=True, cursor=cursor)
        if query.kind == "keys":
            found = [self._found(query.entity, key) for key in query.keys if key in of]
            into = {key: self.system.merged.get((query.entity, key)) for key in query.keys if key not in of}
            moved = [Gone(key, "merged", into=other) for key, other in into.items() if other]
            return Page(found, moved, missing=tuple(key for key, other in into.items() if not other), done=True)
        keys = [key for key in of if since is None or self.system.changed[(query.entity, key)] >= since]
        return Page([self._found(query.entity, key) for key in keys], done=True, cursor=cursor)

    def _found(self, entity: str, key: str) -> Found:
        record = {one.name: None for one in self.catalogue[entity].fields if not one.derived and not one.many}
        record |= {one.name: [] for one in self.catalogue[entity].fields if not one.derived and one.many}
        record |= {**self.system.of(entity)[key], "id": key}
        return Found(key, record, self.system.identity.get((entity, key), ()), self.stamp(entity, key))

    def stamp(self, entity: str, key: str) -> datetime | None:
        return self.system.changed[(entity, key)].replace(microsecond=0) if self.system.stamps else None

    def _write(self, write: Write) -> Written:
        key = write.key
        if write.action == "create":
            self.system.serial += 1
            key = f"{write.entity[0]}{self.system.serial}"
            self.system.put(write.entity, key, **_nested(write.values))
        assert key is not None
        if write.action == "update":
            self.system.put(write.entity, key, **_nested(write.values, self.system.of(write.entity)[key]))
        if write.identity:
            self.system.identity[(write.entity, key)] = write.identity
        children: tuple[Child, ...] = ()
        if write.action == "children" and write.child is not None:
            children = self._children(write, key)
        found = self._found(write.entity, key)
        return Written(key, found.record, found.identity, children, found.stamp)

    def _children(self, write: Write, key: str) -> tuple[Child, ...]:
        lines: dict[str, Record] = dict(self.system.of(write.entity)[key].get("_lines", {}))
        present = {line["_ref"]: number for number, line in lines.items()}
        for child in write.add:
            if not (write.recover and child.ref in present):
                self.system.serial += 1
                lines[f"l{self.system.serial}"] = {**child.values, "_ref": child.ref}
        for child in write.change:
            lines[str(child.key)] |= child.values
        for child in write.remove:
            lines.pop(str(child.key), None)
        for line in lines.values():
            line["sum"] = Decimal(str(line.get("quantity", 1))) * Decimal(str(line.get("price", 0)))
        self.system.put(write.entity, key, _lines=lines, value=sum((one["sum"] for one in lines.values()), Decimal(0)))
        return tuple(Child(one["_ref"], number, one) for number, one in lines.items())

    def answer(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(404)

    def canonical(self, entity: str, values: Mapping[str, Any]) -> Record:
        return {path: f"{one.entity}:{one.key}" if isinstance(one, Option) else one for path, one in values.items()}

    def facts(self) -> Mapping[str, Any]:
        return {}

    def ping(self) -> list[Check]:
        return [Check("memory", True, "always there")]

    def close(self) -> None:
        pass


def _nested(values: Mapping[str, Any], old: Record | None = None) -> Record:
    result: Record = {}
    custom = dict((old or {}).get("custom", {}))
    for path, value in values.items():
        if path.startswith("custom."):
            custom[path.removeprefix("custom.")] = value
        else:
            result[path] = value
    if custom:
        result["custom"] = custom
    return result


def text(name: str, **more: Any) -> Field:
    return Field(name, "text", writable=True, **more)


LINES = Field(
    "lines", "object", many=True, fields=(text("no"), Field("qty", "number"), Field("price", "number"), text("what"))
)

BOOKS: Catalogue = {
    "client": Entity(
        "client", "id", "name",
        (Field("id", "id"), text("name"), text("mail"), text("town"), text("parent"), Field("active", "boolean"),
         Field("owed", "number")),
        reports_gone=True, updates=True, touches=(Relation("client", "[parent] | [?@]", ("owed",)),),
    ),
    "bill": Entity(
        "bill", "id", "number",
        (
            Field("id", "id"), text("number"), Field("client", "id", refers="client"), text("order"),
            Field("total", "number"), Field("open", "number"), Field("day", "date"), Field("void", "boolean"),
            text("memo"), LINES,
        ),
        date="day", reports_gone=True, voids="void", updates=True,
        touches=(Relation("client", "[client] | [?@]", ("owed",)),),
    ),
    "receipt": Entity(
        "receipt", "id", "id",
        (
            Field("id", "id"), Field("day", "date"), text("method"),
            Field("parts", "object", many=True, fields=(text("bill"), Field("amount", "number"))),
        ),
        date="day", reports_gone=True, touches=(Relation("bill", "parts[].bill"),),
    ),
}  # fmt: skip

CRM: Catalogue = {
    "company": Entity(
        "company", "id", "name",
        (Field("id", "id"), text("name", required=True), text("city"), text("mail"), text("state"),
         Field("owes", "number", writable=True)),
        custom=True, custom_creates=True, creates=True, updates=True, identity=True,
        note=NoteField("memo", "about", "words"),
    ),
    "sale": Entity(
        "sale", "id", "title",
        (
            Field("id", "id"), text("title", required=True), Field("value", "number", writable=True, total_of="items"),
            Field("company", "id", writable=True, refers="company"), text("status"), text("stage"),
        ),
        children=(Children("items", (
            text("product"), Field("quantity", "number", writable=True), Field("price", "number", writable=True),
            Field("sum", "number"),
        ), ("quantity", "price"), "sum"),),
        custom=True, custom_creates=True, creates=True, updates=True, identity=True,
    ),
    "memo": Entity(
        "memo", "id", "words",
        (Field("id", "id"), Field("words", "text", writable=True, rewritten=True),
         Field("about", "id", writable=True, refers="company"), Field("sale", "id", writable=True, refers="sale")),
        creates=True, updates=True, identity=True, refresh="keys",
    ),
}  # fmt: skip


def connector(title: str, catalogue: Catalogue, system: System) -> type[Any]:
    """A connector class over a system."""

    class Memory:
        name: ClassVar[str] = title
        settings_schema: ClassVar[Mapping[str, Any]] = {"type": "object"}

        @classmethod
        def catalogue(cls) -> Catalogue:
            return catalogue

        @classmethod
        def derive(cls, entity: str, record: Record, earlier: Record | None) -> Record:
            return record

        @classmethod
        def enrich(cls, entity: str, record: Record, lookup: Callable[[str, str], Record]) -> Record:
            return record

        @classmethod
        def open(cls, site: Site) -> MemoryEndpoint:
            return MemoryEndpoint(site, system, catalogue)

    Memory.title = title.title()  # type: ignore[attr-defined]
    return Memory


__all__ = ["BOOKS", "CRM", "Clock", "System", "connector", "replace"]
