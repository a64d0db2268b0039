"""What goes out in a visit and what comes back: takes queries from the engine, gives it pages. [facts 1.4, 2.3]

Small queries share a message set, pages of an iterator go one at a time; a visit goes on until the engine has no more.
The wire's words are in operations, a single query's way in reading.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.quickbooks_desktop import carrier, custom_fields, pages, receipts, status, unpaid, windows
from connectors.quickbooks_desktop.carrier import Carrier
from connectors.quickbooks_desktop.company import GREETING, Company, read_company, stranger
from connectors.quickbooks_desktop.entities import sources
from connectors.quickbooks_desktop.qbxml import Answer, Ask, Unreadable, message_set, read_answers, read_tree
from connectors.quickbooks_desktop.reading import Reading, Surroundings
from connectors.quickbooks_desktop.session import Session
from connectors.quickbooks_desktop.settings import Settings
from engine.protocol import Failed, Failure, Page, Query, Request, Site, Write

log = logging.getLogger("engine.connectors.quickbooks_desktop")

COMPANY = "company"
"""The key in State of the company that the connection belongs to."""

MOST_REQUESTS = 8
MOST_KEYS = 200
"""Of all requests in one message set."""

MOST_WRITES = 4
"""Taken at once: each takes a few requests, and all of them must be through before their lease ends."""

MOST_ATTEMPTS = 3
"""Of the same query in one visit, so that no visit goes on for ever."""

LONGEST = timedelta(minutes=30)
"""A visit begins no more windows of first readings after that; the next one asks for all that is new before."""

FINISHED = 100
BROKEN = -1
NO_OP = "NoOp"
"""Sends the Web Connector away for five seconds; getLastError must say it as well. [facts 1.2]"""


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the first sendRequestXML of a visit brings, besides the ticket."""

    response: str
    file: str
    major: str
    minor: str


@dataclass(slots=True)
class Visit:
    """A session at work, for the length of one call."""

    site: Site
    settings: Settings
    session: Session
    now: datetime

    # ------------------------------------------------------------------------------------------------- going out
    def send(self, greeting: Greeting) -> str:
        """The next message set; "" when there is none or the visit must not go on (`session.message` says why)."""
        session = self.session
        if session.over:
            return ""
        session.pausing = False
        self._put_back()
        if session.company is None:
            if not greeting.response:
                return self._ask_ourselves("greeting", GREETING)
            self._learn(greeting)
        company = session.company
        if session.over or company is None:
            return ""
        if company.home_currency and not company.home_currency_code and "home" not in session.carried:
            parts = (("ListID", company.home_currency), ("IncludeRetElement", "CurrencyCode"))
            return self._ask_ourselves("home", (Ask("CurrencyQuery", parts),))
        return self._next(company.version)

    def _next(self, version: str) -> str:
        """A write that is under way goes first, since its lease runs; then what is to be read."""
        session, writes = self.session, self._carrier
        while True:
            if not writes.busy and not session.plan and not self._refill():
                session.over = True
                return ""
            if writes.wants_definitions:
                return self._ask_ourselves("definitions", (custom_fields.QUESTION,))
            text = writes.next(version)
            if text:
                session.asking, session.out_at = "write", self.now
                session.requests += 1
                return text
            if session.plan:
                return self._message_set(version)
            if text == "":
                session.pausing = True
                return NO_OP

    @property
    def _carrier(self) -> Carrier:
        return Carrier(self.site, self.session, self.now)

    def _put_back(self) -> None:
        """The answer to what is out never came (the Web Connector asks again): it is due once more."""
        for reading in self.session.out:
            reading.again()
        self.session.plan[:0] = self.session.out
        self.session.out, self.session.out_at, self.session.asking = [], None, ""

    def _ask_ourselves(self, what: str, asks: Iterable[Ask]) -> str:
        self.session.asking, self.session.out_at = what, self.now
        self.session.requests += 1
        self.session.carried[what] = 1
        version = self.session.company.version if self.session.company else "2.0"
        return message_set(asks, version)

    def _message_set(self, version: str) -> str:
        session = self.session
        session.out = self._choose()
        session.plan = [one for one in session.plan if one not in session.out]
        asks = []
        for reading in session.out:
            if not reading.request_id:
                session.number += 1
                reading.request_id = str(session.number)
            reading.begin(self.now, self.site.zone)
            asks.append(reading.ask(pages.page_size(self.site.state, self.settings.page_sizes, reading.query.entity)))
        session.out_at = self.now
        session.requests += 1
        return message_set(asks, version)

    def _choose(self) -> list[Reading]:
        """What goes together: small queries first, as many as a message set may hold; else one page of an iterator."""
        small = [one for one in self.session.plan if not one.iterates]
        if not small:
            return self.session.plan[:1]
        if small[0].alone:
            return small[:1]
        chosen: list[Reading] = []
        keys = 0
        for reading in small:
            keys += len(reading.keys) if reading.query.kind == "keys" else 0
            if len(chosen) == MOST_REQUESTS or (chosen and (reading.alone or keys > MOST_KEYS)):
                break
            chosen.append(reading)
        return chosen

    def _refill(self) -> bool:
        """Take what the engine has; whether there is something to ask."""
        while not self.session.plan and not self.session.writes and not self.site.stopping():
            requests = self.site.work.take(MOST_WRITES, self.session.started_at)
            useful = [self._accept(request) for request in requests]
            if not any(useful):
                break
        return bool(self.session.plan or self.session.writes)

    def _accept(self, request: Request) -> bool:
        """Plan a query, or give it back at once; whether taking again makes sense."""
        if isinstance(request, Write):
            self.session.writes.append(request)
            return True
        if request.entity not in sources():
            words = f"QuickBooks has no entity '{request.entity}'."
            self.site.work.give(request, Failed(Failure.CONFIGURATION, words))
            return True
        if request.kind == "keys" and not request.keys:
            self.site.work.give(request, Page(done=True, read_at=self.now))
            return True
        if self._is_late(request):
            return False
        if not request.aside:
            self._remember(request)
        meaning = _meaning(request)
        times = self.session.carried.get(meaning, 0)
        if times >= MOST_ATTEMPTS:
            return False
        self.session.carried[meaning] = times + 1
        self.session.plan.append(Reading(request))
        return True

    def _is_late(self, query: Query) -> bool:
        """Whether it is the rest of a first reading, and time that the next visit asks for what is new first."""
        return windows.unpack(query.cursor)[1] is not None and self.now - self.session.started_at > LONGEST

    def _remember(self, query: Query) -> None:
        """Keep which fields the engine asks for, where it may also write: a written record shall look the same."""
        source = sources()[query.entity]
        known = self.site.state.get(carrier.FIELDS) or {}
        if source.mod is not None and query.fields and tuple(known.get(query.entity, ())) != query.fields:
            self.site.state.put(carrier.FIELDS, {**known, query.entity: query.fields})

    # ---------------------------------------------------------------------------------------------- coming back
    def receive(self, response: str, hresult: str, message: str) -> int:
        """Hand over what came; 0 to 99 to go on, 100 at the end, negative to stop (`session.message` says why)."""
        session = self.session
        asking, out, asked_at = session.asking, session.out, session.out_at or self.now
        session.asking, session.out, session.out_at = "", [], None
        if not asking and not out:
            return BROKEN if session.over else self._progress()
        if hresult or (message and not response):
            return self._call_failed(asking, out, hresult, message)
        try:
            if asking == "write":
                self._carrier.take(response, self._surroundings(self._written_entity()))
                return self._progress()
            if asking:
                return self._take_own(asking, response)
            self._take(out, response, asked_at)
        except Unreadable as error:
            log.warning("answer.unreadable", extra={"connection": self.site.connection, "why": str(error)})
            failure = Failed(Failure.RETRY, f"{error} The next visit asks again.")
            if asking == "write":
                self._carrier.broke_off(failure)
            return self._stop(out, failure)
        return self._progress()

    def _take(self, out: list[Reading], response: str, asked_at: datetime) -> None:
        session = self.session
        expected = {reading.request_id: reading.expected() for reading in out}
        answers = {answer.request_id: answer for answer in read_answers(response, expected)}
        unfinished = []
        for reading in out:
            answer = answers.get(reading.request_id)
            if answer is None:
                self._give_up(reading, Failed(Failure.RETRY, "QuickBooks left a request unanswered."))
                continue
            iterates = reading.iterates
            if not self._hand_over(reading, answer, asked_at):
                unfinished.append(reading)
            if iterates:
                self._adapt(reading, len(answer.records), asked_at)
        session.plan[:0] = unfinished

    def _hand_over(self, reading: Reading, answer: Answer, asked_at: datetime) -> bool:
        """Give the engine what an answer came to; whether the reading is over."""
        around = self._surroundings(reading.query.entity)
        around = replace(around, unpaid=unpaid.due(self.site.state, reading, self.now))
        outcome = reading.take(answer, asked_at, around)
        for page in outcome.pages:
            self.site.work.give(reading.query, page)
            unpaid.note(self.site.state, reading.query, reading.source, page)
            self.session.records += len(page.found) + len(page.gone)
        if outcome.failed is not None:
            self._give_up(reading, outcome.failed)
        elif outcome.over:
            unpaid.compared(self.site.state, reading, self.now)
            self.session.done += 1
        return outcome.over

    def _surroundings(self, entity: str) -> Surroundings:
        company = self.session.company
        home = (company.home_currency_code if company else None) or self.settings.currency
        custom = tuple(one.name for one in self.site.custom_fields.get(entity, ()))
        return Surroundings(self.site.zone, home, custom)

    def _written_entity(self) -> str:
        writing = self._carrier.writing
        return writing.write.entity if writing is not None else ""

    def _give_up(self, reading: Reading, failed: Failed) -> None:
        """A query failed: the engine decides when it comes again, but not in this visit."""
        query = reading.query
        asked = {"entity": query.entity, "query": query.kind}
        log.warning("read.failed", extra={"connection": self.site.connection, **asked, "why": failed.message})
        self.site.work.give(query, failed)
        self.session.carried[_meaning(query)] = MOST_ATTEMPTS
        self.session.done += 1
        self.session.message = failed.message

    def _call_failed(self, asking: str, out: list[Reading], hresult: str, message: str) -> int:
        """QuickBooks did not process a message set at all. [facts 1.7]"""
        failed = status.call_failed(hresult, message)
        log.warning("system.unreachable", extra={"connection": self.site.connection, "why": failed.message})
        if asking in ("home", "definitions"):
            return self._progress()
        if asking == "write" and self._carrier.call_failed(hresult, failed):
            return self._progress()
        if status.hresult(hresult) == status.UNPARSABLE and not asking:
            if len(out) > 1:  # one of them is at fault: find out which, and let the others pass
                self.session.plan[:0] = [replace(reading, alone=True) for reading in out]
            else:
                self._give_up(out[0], failed)
            return self._progress()
        for reading in out:
            if reading.iterates:
                self._shrink(reading)
        return self._stop(out, failed)

    def _stop(self, out: list[Reading], failed: Failed) -> int:
        for reading in out:
            self._give_up(reading, failed)
        carrier.hand_back(self.site, self.session)
        self.session.over, self.session.message = True, failed.message
        return BROKEN

    def _progress(self) -> int:
        """Percent done; 100 only when the engine has nothing more, since the rest would be dropped. [facts 1.4]"""
        session = self.session
        if session.over:
            return BROKEN
        if session.company is None:
            return 0
        if not self._carrier.busy and not session.plan and not self._refill():
            session.over = True
            return FINISHED
        done = session.done + (session.plan[0].progress if session.plan else 0.0)
        left = len(session.plan) + len(session.writes) + (self._carrier.writing is not None)
        return min(99, int(100 * done / (session.done + left)))

    def _adapt(self, reading: Reading, records: int, asked_at: datetime) -> None:
        entity = reading.query.entity
        size = pages.page_size(self.site.state, self.settings.page_sizes, entity)
        took = max(self.now - asked_at, self.site.clock() - self.now)  # QuickBooks' part, and ours
        better = pages.adapted(size, records, took)
        if better != size:
            pages.keep(self.site.state, entity, better)

    def _shrink(self, reading: Reading) -> None:
        """A page that failed may have been too much."""
        size = pages.page_size(self.site.state, self.settings.page_sizes, reading.query.entity)
        pages.keep(self.site.state, reading.query.entity, max(pages.LEAST, size // 2))

    # ------------------------------------------------------------------------------------------------ the company
    def _take_own(self, asking: str, response: str) -> int:
        """The answer to something we asked for ourselves."""
        if asking == "greeting":
            self._learn(Greeting(response, "", "", ""))
            return self._progress()
        sets = read_tree(response).get("QBXMLMsgsRs") or {}
        if asking == "definitions":
            if isinstance(sets, dict) and receipts.read_receipt(response).code in (status.OK, status.NO_MATCH):
                custom_fields.learn(self.site.state, sets.get("DataExtDefQueryRs"))
            return self._progress()
        answer = sets.get("CurrencyQueryRs") if isinstance(sets, dict) else None
        found = answer.get("CurrencyRet") if isinstance(answer, dict) else None
        company = self.session.company
        if company is not None and isinstance(found, dict) and found.get("CurrencyCode"):
            self.session.company = replace(company, home_currency_code=found["CurrencyCode"])
            self.site.state.put(COMPANY, self.session.company.pack())
        return self._progress()

    def _learn(self, greeting: Greeting) -> None:
        """Which company this is: kept at the first visit, and refused when it is another one later."""
        try:
            company = read_company(greeting.response, greeting.file, greeting.major, greeting.minor)
        except Unreadable as error:
            self.session.over, self.session.message = True, str(error)
            return
        kept = self.site.state.get(COMPANY)
        before = Company.unpack(kept) if kept else None
        reason = stranger(company, before, self.settings.company, self.settings.company_file)
        if reason is not None:
            log.error("company.stranger", extra={"connection": self.site.connection, "why": reason})
            self.session.over, self.session.message = True, reason
            return
        if before is not None:
            company = replace(company, name=company.name or before.name, file=company.file or before.file)
            if company.home_currency == before.home_currency:
                company = replace(company, home_currency_code=before.home_currency_code)
        self.session.company = company
        self.site.state.put(COMPANY, company.pack())


def _meaning(query: Query) -> str:
    """A query without its id, as a short text."""
    parts = [query.entity, query.kind, query.fields, query.cursor, query.since, query.until, query.aside, query.keys]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]
