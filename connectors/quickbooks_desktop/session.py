"""One visit of the Web Connector, from its login to its farewell: kept whole in State, found by its ticket.

Nothing of it lives in memory, so any process may answer the next call. Which requests go out is decided in visit.
[facts 1.3, 1.4]
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.quickbooks_desktop.company import Company
from connectors.quickbooks_desktop.reading import Reading
from engine.protocol import Site, Write

KEY = "session"
LIFE = timedelta(hours=1)
"""A ticket that wasn't used for so long is not accepted any more."""

KEPT = timedelta(days=1)
"""A visit that broke off is remembered so long, for the next one to report it."""

SHORT = 16
"""Characters of a stored ticket by which a visit is known to people."""

BUSY = timedelta(minutes=3)
"""A request may be out so long before another visit takes over."""


@dataclass(slots=True)
class Session:
    """The state of a visit. Times are aware UTC."""

    ticket: str
    """A hash of the ticket; the ticket itself is known to the caller alone."""
    started_at: datetime
    seen_at: datetime
    out_at: datetime | None = None
    """When the requests that are out were handed to the Web Connector."""
    out: list[Reading] = field(default_factory=list)
    asking: str = ""
    """What we ask for ourselves: `greeting`, `home` (the home currency's code), or nothing."""
    plan: list[Reading] = field(default_factory=list)
    company: Company | None = None
    carried: dict[str, int] = field(default_factory=dict)
    """How often a query was begun in this visit, by its meaning."""
    writes: list[Write] = field(default_factory=list)
    """Taken, and not begun yet."""
    touched: dict[str, str] = field(default_factory=dict)
    """The record that was written last, with the moment as ISO text: the next write of it must keep its distance."""
    pausing: bool = False
    """NoOp was said: getLastError must say it too."""
    note: str = ""
    """A sentence for the status besides: what was written otherwise than it was meant."""
    written: int = 0
    requests: int = 0
    records: int = 0
    done: int = 0
    """Readings that are over."""
    number: int = 0
    """Of the last reading, for request ids."""
    message: str = ""
    """The sentence for getLastError and for the status: what went wrong last."""
    over: bool = False
    """Nothing more is asked; the Web Connector is to close."""

    def pack(self) -> dict[str, Any]:
        """As a JSON-able dict."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "started_at": self.started_at.isoformat(),
            "seen_at": self.seen_at.isoformat(),
            "out_at": self.out_at.isoformat() if self.out_at else None,
            "out": [one.pack() for one in self.out],
            "plan": [one.pack() for one in self.plan],
            "writes": [one.pack() for one in self.writes],
            "company": self.company.pack() if self.company else None,
        }

    @classmethod
    def unpack(cls, data: Mapping[str, Any]) -> Session:
        """The session that `pack` made this of."""
        numbers = {name: int(data[name]) for name in ("requests", "records", "done", "number", "written")}
        return cls(
            **{
                **data,
                **numbers,
                "started_at": datetime.fromisoformat(data["started_at"]),
                "seen_at": datetime.fromisoformat(data["seen_at"]),
                "out_at": datetime.fromisoformat(data["out_at"]) if data["out_at"] else None,
                "out": [Reading.unpack(one) for one in data["out"]],
                "plan": [Reading.unpack(one) for one in data["plan"]],
                "writes": [Write.unpack(one) for one in data["writes"]],
                "company": Company.unpack(data["company"]) if data["company"] else None,
                "carried": {name: int(count) for name, count in data["carried"].items()},
            }
        )

    def is_busy(self, now: datetime) -> bool:
        """A request of it is out and may still be answered."""
        return self.out_at is not None and now - self.out_at < BUSY

    def summary(self) -> str:
        """For the status column of the Web Connector."""
        if self.message:
            return self.message
        written = f", {_counted(self.written, 'write')}" if self.written else ""
        words = f"OK: {_counted(self.records, 'record')}{written} in {_counted(self.requests, 'request')}."
        return f"{words} {self.note}".rstrip()


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def start(site: Site, now: datetime) -> tuple[str, Session | None] | None:
    """A new visit: its ticket, and the session that it takes over from, if any; None while that one is busy."""
    ticket = secrets.token_urlsafe(32)
    fresh = Session(ticket=hash_ticket(ticket), started_at=now, seen_at=now)
    before: list[Session] = []

    def replace(kept: dict[str, Any] | None) -> dict[str, Any]:
        before.clear()
        if kept is not None:
            before.append(Session.unpack(kept))
            if before[0].is_busy(now):
                return kept
        return fresh.pack()

    stored = site.state.change(KEY, replace, ttl=KEPT)
    if stored is None or stored["ticket"] != fresh.ticket:
        return None
    return ticket, before[0] if before else None


def current(site: Site) -> Session | None:
    """The session in State, whoever asks; None if there is none."""
    kept = site.state.get(KEY)
    return Session.unpack(kept) if kept is not None else None


def find(site: Site, ticket: str, now: datetime) -> Session | None:
    """The session of this ticket; None for unknown and expired ones."""
    session = current(site)
    if session is None or not hmac.compare_digest(session.ticket, hash_ticket(ticket)):
        return None
    if now - session.seen_at > LIFE:
        return None
    session.seen_at = now
    return session


def save(site: Site, session: Session) -> bool:
    """Store a session, unless another visit has taken over meanwhile (then False)."""

    def replace(kept: dict[str, Any] | None) -> dict[str, Any] | None:
        return session.pack() if kept is not None and kept["ticket"] == session.ticket else kept

    stored = site.state.change(KEY, replace, ttl=KEPT)
    return stored is not None and stored["ticket"] == session.ticket


def end(site: Site, session: Session, now: datetime) -> None:
    """Forget a session and report the visit."""

    def remove(kept: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if kept is not None and kept["ticket"] == session.ticket else kept

    site.state.change(KEY, remove, ttl=KEPT)
    report(site, session, now, session.message)


def report(site: Site, session: Session, now: datetime, message: str) -> None:
    """Keep the facts about a visit for the dashboard."""
    company = session.company
    site.work.visited(
        session.ticket[:SHORT],
        started_at=session.started_at,
        ended_at=now,
        requests=session.requests,
        records=session.records,
        message=message,
        company=company.name if company else None,
        product=company.product if company else None,
    )


def visit_id(ticket: str) -> str:
    """By which name status, journal and log know a visit: enough of the stored ticket, which opens nothing."""
    return hash_ticket(ticket)[:SHORT]


def hash_ticket(ticket: str) -> str:
    """What is stored of a ticket. Tickets are long and random, so a plain hash is enough."""
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()
