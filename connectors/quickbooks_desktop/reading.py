"""One query on its way through QuickBooks: what to ask next, and what an answer means. Pure but for its own place.

A reading goes through the queries of its entity one after the other, through an iterator page by page or through its
keys chunk by chunk; a first reading does so window by window. It is packed into State between two calls.
[facts 2.3, 2.9, 2.10]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.quickbooks_desktop import queries, status, windows
from connectors.quickbooks_desktop.cursors import cursor
from connectors.quickbooks_desktop.entities import Read, Source, sources
from connectors.quickbooks_desktop.qbxml import Answer, Ask, Expected
from connectors.quickbooks_desktop.windows import Window
from engine.protocol import Failed, Found, Gone, Page, Query, Record

MOST_RESTARTS = 3
PAGE = 500
"""Records handed over at once where QuickBooks answers with a whole list."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a record cannot say itself."""

    zone: ZoneInfo
    """Of the QuickBooks computer."""
    home: str | None = None
    """The code of the home currency."""
    custom: tuple[str, ...] = ()
    """Custom fields that mappings use: None where a record has none of that name."""
    unpaid: tuple[str, ...] | None = None
    """Keys that we hold as unpaid, when it is time to compare them with QuickBooks' own list; see unpaid."""


@dataclass(slots=True)
class Outcome:
    """What an answer came to: pages to hand over, or a failure; and whether the reading is over."""

    pages: list[Page] = field(default_factory=list)
    failed: Failed | None = None
    over: bool = False


@dataclass(slots=True)
class Reading:
    """A query and how far it got."""

    query: Query
    began: datetime | None = None
    """When its first request went out."""
    request_id: str = ""
    """Kept for all of its requests; QuickBooks echoes it."""
    part: int = 0
    window: Window | None = None
    """Of a first reading: the window that it is at. None while it asks for what changed since it began."""
    iterator: str | None = None
    remaining: int | None = None
    """Records that the iterator still holds."""
    queue: list[str] | None = None
    """Keys that the query message it is at must still be asked for; None: all."""
    unfound: list[str] = field(default_factory=list)
    """Keys that it did not find; the entity's next query message is asked for them."""
    size: int = queries.MOST_KEYS
    given: int = 0
    """Records that came so far; of a first reading, in this window."""
    total: int = 0
    """Records that came in all windows before."""
    restarts: int = 0
    settling: str = ""
    """At its end it compares what is unpaid: `list` asks for QuickBooks' list, `keys` for what that does not have."""
    alone: bool = False
    """Must go in a message set of its own, to see whether it is the one that cannot be parsed."""

    def pack(self) -> dict[str, Any]:
        """As a JSON-able dict."""
        data = {name: getattr(self, name) for name in self.__slots__}  # asdict would copy all keys
        window = [self.window.begin, self.window.end] if self.window else None
        began = self.began.isoformat() if self.began else None
        return {**data, "query": self.query.pack(), "began": began, "window": window}

    @classmethod
    def unpack(cls, data: Mapping[str, Any]) -> Reading:
        """The reading that `pack` made this of."""
        began = datetime.fromisoformat(data["began"]) if data["began"] else None
        window = Window(*data["window"]) if data["window"] else None
        return cls(**{**data, "query": Query.unpack(data["query"]), "began": began, "window": window})

    @property
    def source(self) -> Source:
        """Its entity."""
        return sources()[self.query.entity]

    @property
    def read(self) -> Read:
        """The query message that it is at."""
        return self.source.reads[self.part]

    @property
    def iterates(self) -> bool:
        """It comes page by page, so it gets a message set of its own."""
        return self.query.kind in ("changed", "all", "every") and self.read.iterates and not self.settling

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that the next request asks for."""
        return tuple((self.query.keys if self.queue is None else self.queue)[: self.size])

    @property
    def since(self) -> str | None:
        """Where the oldest window begins. Only transactions have a date of their own to be left out by."""
        return self.query.since if self.source.is_transaction else None

    def begin(self, now: datetime, zone: ZoneInfo) -> None:
        """Its first request goes out: a first reading begins with its newest window."""
        if self.began is not None:
            return
        self.began = now
        if self.query.kind == "changed" and not self.query.cursor:
            in_windows = all(one.iterates for one in self.source.reads)  # the others answer with all at once
            self.window = windows.newest(_day(now, zone), self.since) if in_windows else Window(self.since)
        if self.query.kind == "every":
            self.window = Window(self.since, self.query.until if self.source.is_transaction else None)

    def ask(self, page: int) -> Ask:
        """The next request; `page` is the size of an iterator's page."""
        if self.query.kind == "gone":
            return queries.ask_gone(self.source, self.query, self.request_id)
        if self.settling == "list":
            return queries.ask_unpaid(self.source, self.read, self.request_id)
        if self.query.kind == "keys" or self.settling:
            return queries.ask_keys(self.source, self.read, self.query, self.keys, self.request_id)
        size = page if self.read.iterates else None
        changed = windows.unpack(self.query.cursor)[0] if self.query.kind == "changed" and not self.window else None
        span = queries.Span(changed, self.window)
        return queries.ask_span(self.source, self.read, self.query, span, size, self.iterator, self.request_id)

    @property
    def progress(self) -> float:
        """How much of it is done, from 0 to 1, as far as QuickBooks said."""
        return self.given / (self.given + self.remaining) if self.remaining else 0.0

    def again(self) -> None:
        """Its answer never came: ask again. An iterator cannot repeat a page, so it starts anew. [facts 2.3]"""
        self.iterator, self.remaining, self.given = None, None, 0

    def expected(self) -> Expected:
        """How its answer is read."""
        if self.settling == "list":
            return queries.expected_keys(self.source, self.read)
        return queries.expected(self.source, self.read, self.query)

    def take(self, answer: Answer, asked_at: datetime, around: Surroundings) -> Outcome:
        """What the answer to `ask`, which went out at `asked_at`, comes to."""
        if answer.code == status.INVALID_ITERATOR and self.iterator and self.restarts < MOST_RESTARTS:
            self.restarts += 1
            self.again()
            return Outcome()
        if self.settling == "list":
            return self._take_unpaid(answer, asked_at, around)
        if self.query.kind == "keys" or self.settling:
            return self._take_keys(answer, asked_at, around)
        if answer.code in status.NOT_SUPPORTED and self.source.optional:
            # a feature that is switched off: nothing to read, and of an `all` nobody can say what is there
            return Outcome([self._last((), (), asked_at, around)], over=True)
        if not status.is_answer(answer.code):
            return self._failed(answer)
        if self.query.kind == "gone":
            gone = tuple(self._gone(record) for _, record in answer.records)
            return Outcome([self._last((), gone, asked_at, around)], over=True)
        if self.query.kind == "all":
            return self._take_all(answer, asked_at)
        found = tuple(self._found(name, record, around) for name, record in answer.records)
        whole = self._advance(answer)
        if not whole or self.part < len(self.source.reads):
            return Outcome(self._chunks(found, asked_at))
        if (before := self._before) is not None:
            return self._next_window(found, before, asked_at, around)
        if around.unpaid is not None:
            self.settling, self.part = "list", 0
            return Outcome(self._chunks(found, asked_at))
        chunks = self._chunks(found[:-PAGE], asked_at)
        return Outcome([*chunks, self._last(found[-PAGE:], (), asked_at, around)], over=True)

    def _advance(self, answer: Answer) -> bool:
        """Go on after a page; whether the query message that it was at is through."""
        self.iterator, self.remaining = answer.iterator, answer.remaining
        self.given += len(answer.records)
        if self.iterates and self.iterator and self.remaining:
            return False
        self.iterator, self.remaining = None, None
        self.part += 1
        return True

    def _take_all(self, answer: Answer, asked_at: datetime) -> Outcome:
        there = tuple(str(record.get(self.source.entity.key) or "") for _, record in answer.records)
        done = self._advance(answer) and self.part == len(self.source.reads)
        return Outcome([Page(there=there, done=done, read_at=asked_at)], over=done)

    @property
    def _before(self) -> str | None:
        """Of a first reading: the day before which there is more to read."""
        if self.query.kind == "every":
            return None
        if self.window is not None:
            return windows.rest(self.window, self.since)
        before = windows.unpack(self.query.cursor)[1]
        # the first day may have moved on since the cursor was written
        return before if before is not None and windows.rest(Window(before), self.since) else None

    def _next_window(self, found: tuple[Found, ...], before: str, asked_at: datetime, around: Surroundings) -> Outcome:
        """A window (or what changed since the first) was read whole: say so, and go on or let others go before."""
        began = self.began or asked_at
        place = Page(cursor=windows.pack(cursor(began, around.zone), before), read_at=asked_at)
        outcome = Outcome([*self._chunks(found, asked_at), place])
        self.total += self.given
        if self.window is not None and windows.is_enough(self.total, began, asked_at):
            outcome.over = True
            return outcome
        given = self.given if self.window is not None else windows.FEW
        self.window = windows.next_before(before, _day(began, around.zone), self.since, given)
        self.part, self.given, self.restarts = 0, 0, 0
        return outcome

    def _take_unpaid(self, answer: Answer, asked_at: datetime, around: Surroundings) -> Outcome:
        """What we hold as unpaid and QuickBooks does not was settled without being marked as changed: read it again."""
        if not status.is_answer(answer.code):  # what was read stands; the next reading compares
            self.settling = ""
            return Outcome([self._last((), (), asked_at, around)], over=True)
        unpaid = {record.get(self.source.entity.key) for _, record in answer.records}
        self.settling, self.queue = "keys", [key for key in around.unpaid or () if key not in unpaid]
        return Outcome() if self.queue else Outcome([self._last((), (), asked_at, around)], over=True)

    def _take_keys(self, answer: Answer, asked_at: datetime, around: Surroundings) -> Outcome:
        chunk = self.keys
        found: tuple[Found, ...] = ()
        settled = chunk
        if answer.code in (status.OBJECT_NOT_FOUND, status.OBJECT_GONE):
            # one unknown id can refuse the whole request: strike the one it names, else ask for fewer [facts 2.10]
            settled = tuple(key for key in re.findall(r'"([^"]+)"', answer.text) if key in chunk)
            if not settled and len(chunk) > 1:
                self.size = len(chunk) // 2
                return Outcome()
            settled = settled or chunk
        elif status.is_answer(answer.code):
            found = tuple(self._found(name, record, around) for name, record in answer.records)
        elif not (answer.code in status.NOT_SUPPORTED and self.source.optional):
            return self._failed(answer)
        known = {one.key for one in found}
        self.unfound += [key for key in settled if key not in known]
        asked = self.query.keys if self.queue is None else self.queue
        self.queue = [key for key in asked if key not in settled]
        pages = [Page(found, read_at=asked_at)] if found else []
        if self.queue:
            return Outcome(pages)
        self.part += 1
        if self.unfound and self.part < len(self.source.reads):
            self.queue, self.unfound, self.size = self.unfound, [], queries.MOST_KEYS
            return Outcome(pages)
        last = Page(missing=tuple(self.unfound), done=True, read_at=asked_at)
        if self.settling:
            last = replace(self._last((), (), asked_at, around), missing=last.missing)
        return Outcome([*pages, last], over=True)

    def _failed(self, answer: Answer) -> Outcome:
        return Outcome(failed=status.failed(answer.code, answer.text, self.query.entity), over=True)

    def _last(self, found: tuple[Found, ...], gone: tuple[Gone, ...], asked_at: datetime, around: Surroundings) -> Page:
        return Page(found, gone, done=True, cursor=cursor(self.began or asked_at, around.zone), read_at=asked_at)

    def _chunks(self, found: tuple[Found, ...], asked_at: datetime) -> list[Page]:
        recent = self.window is None and windows.unpack(self.query.cursor)[1] is not None
        places = range(0, len(found), PAGE)
        return [Page(found[place : place + PAGE], recent=recent, read_at=asked_at) for place in places]

    def _found(self, element: str, record: Record, around: Surroundings) -> Found:
        source = self.source
        if source.kinds:
            record["Kind"] = self.read.answers[element]
        if source.is_transaction:
            record["HomeCurrencyCode"] = around.home
        if "custom" in record:
            record["custom"] = {**dict.fromkeys(around.custom), **record["custom"]}
        return Found(str(record.get(source.entity.key) or ""), record)

    def _gone(self, record: Record) -> Gone:
        return Gone(str(record.get(self.source.entity.key) or ""), at=record.get("TimeDeleted"))


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
