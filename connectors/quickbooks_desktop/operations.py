"""The Web Connector's eight operations: reads each call, lets the session or the visit do the work, writes the result.

An error inside never becomes a SOAP fault, which people would see as QBWC1012 or 104x without a reason; it is answered
in protocol and logged. [facts 1.2 to 1.4]
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from connectors.quickbooks_desktop import carrier, session, status
from connectors.quickbooks_desktop.session import Session
from connectors.quickbooks_desktop.settings import Settings, quiet_until
from connectors.quickbooks_desktop.visit import BROKEN, NO_OP, Greeting, Visit
from engine.protocol import Site, about, lockout, passwords

log = logging.getLogger("engine.connectors.quickbooks_desktop")

Result = str | int | Sequence[str]

INVALID, NOTHING, LATER, DONE = "nvu", "none", "busy", "done"
"""Words of the protocol."""

LOST = (
    "This visit is not known here any more: the server was restarted, it took too long, or another visit took over. "
    "The next visit starts afresh."
)
INTERNAL = "The server had an internal error; its log says more. The next visit tries again."
LAST_PROBLEM = "last_problem"
"""The key in State of the last sentence about a visit that could not begin."""

IDLE = "idle"
"""The ticket of a visit without work, so that closeConnection can tell it from a refused one. [facts 1.3]"""

FAILED_LOGINS, AN_HOUR = "failed logins", timedelta(hours=1)
"""Counted in State, whoever failed."""
MOST_COUNTED = 1_000_000

OLDEST_CLIENT = (2, 0)


class Operations:
    """The operations for one connection. Keeps nothing but settings."""

    def __init__(self, site: Site, settings: Settings) -> None:
        self._site = site
        self._settings = settings
        self._table: Mapping[str, tuple[Callable[..., Result], Result]] = {
            "serverVersion": (self._server_version, ""),
            "clientVersion": (self._client_version, ""),
            "authenticate": (self._authenticate, ("", LATER)),
            "sendRequestXML": (self._send_request, ""),
            "receiveResponseXML": (self._receive_response, BROKEN),
            "connectionError": (self._connection_error, DONE),
            "getLastError": (self._last_error, INTERNAL),
            "closeConnection": (self._close_connection, INTERNAL),
        }
        """Operation -> what carries it, and the answer in protocol where that fails."""

    def answer(self, operation: str, arguments: Mapping[str, str], client: str) -> Result:
        """The result of a call. `client` is the caller's address, for the lock-out."""
        carry, otherwise = self._table[operation]
        ticket, began, outcome = arguments.get("ticket"), time.perf_counter(), "ok"
        with about(connection=self._site.connection, visit=session.visit_id(ticket) if ticket else ""):
            try:
                if operation == "authenticate":
                    return carry(*arguments.values(), client)
                return carry(*arguments.values())
            except Exception:  # whatever it is: the Web Connector must get an answer that it understands
                outcome = "failed"
                log.exception("call.failed", extra={"operation": operation})
                return otherwise
            finally:
                seconds = time.perf_counter() - began
                self._site.timed(operation, seconds, outcome)
                log.debug("call", extra={"operation": operation, "seconds": round(seconds, 3), "outcome": outcome})

    # ------------------------------------------------------------------------------------------------- beginning
    def _server_version(self, _version: str) -> Result:
        try:
            return f"ml-connector {version('ml-connector')}"
        except PackageNotFoundError:
            return "ml-connector"

    def _client_version(self, offered: str) -> Result:
        """An empty text lets the Web Connector go on. Compared as numbers: 2.10 is newer than 2.9."""
        numbers = tuple(int(part) for part in offered.split(".") if part.isdecimal())
        if numbers and numbers < OLDEST_CLIENT:
            return f"E:This server needs Web Connector {'.'.join(map(str, OLDEST_CLIENT))} or later."
        return ""

    def _authenticate(self, user: str, password: str, client: str) -> Result:
        """[ticket, word or company file]; always two strings, else QBWC1012. [facts 1.3]"""
        site, now = self._site, self._site.clock()
        if lockout.locked_until(site.state, client, now) is not None:
            log.warning("login.refused", extra={"why": "too many failures from this address", "client": client})
            return ("", INVALID)
        known = hmac.compare_digest(_digest(user), _digest(self._settings.user))
        fits = passwords.verify(password, self._settings.password_hash)  # also for a wrong user: same time
        if not (known and fits):
            site.state.spend(FAILED_LOGINS, 1, MOST_COUNTED, AN_HOUR)
            failures = lockout.count_failure(site.state, client, now)
            told = {"why": "wrong user or password", "failures": failures, "client": client}
            log.warning("login.refused", extra=told)
            return ("", INVALID)
        lockout.forget(site.state, client)
        running = session.current(site)
        if running is not None and running.is_busy(now):
            return ("", LATER)
        if site.work.waiting(stale_before=now) == 0 and not carrier.under_way(site):
            idle = Session(ticket=session.hash_ticket(secrets.token_urlsafe(32)), started_at=now, seen_at=now)
            session.report(site, idle, now, "Nothing to do.")
            return (IDLE, NOTHING)
        begun = session.start(site, now)
        if begun is None:
            return ("", LATER)
        ticket, left = begun
        if left is not None:
            carrier.hand_back(site, left)
            session.report(site, left, now, left.message or "The visit broke off; this one starts afresh.")
        return (ticket, self._settings.company_file or "", *self._pace())

    def _pace(self) -> Sequence[str]:
        """Seconds by which this visit is put off, and seconds that visits are at least apart, where settings say so.

        The Web Connector heeds both for visits by its own plan; one that a person starts goes on. [facts 1.3]
        """
        until, apart = self._quiet_until(), self._settings.at_most_every
        if until is None and apart is None:
            return ()
        left = math.ceil((until - self._wall()).total_seconds()) if until is not None else 0
        return (str(left), str(int(apart.total_seconds()))) if apart is not None else (str(left),)

    def _wall(self) -> datetime:
        return self._site.clock().astimezone(self._site.zone).replace(tzinfo=None)

    def _quiet_until(self) -> datetime | None:
        return quiet_until(self._settings.quiet, self._wall())

    # ------------------------------------------------------------------------------------------------- the visit
    def _send_request(self, ticket: str, response: str, file: str, _country: str, major: str, minor: str) -> Result:
        visit = self._visit(ticket)
        if visit is None:
            return ""
        with _Kept(self._site, visit.session):
            return visit.send(Greeting(response, file, major, minor))

    def _receive_response(self, ticket: str, response: str, hresult: str, message: str) -> Result:
        visit = self._visit(ticket)
        if visit is None:
            return BROKEN
        with _Kept(self._site, visit.session) as kept:
            percent = visit.receive(response, hresult, message)
        return percent if kept.saved else BROKEN

    def _last_error(self, ticket: str) -> Result:
        found = session.find(self._site, ticket, self._site.clock())
        if found is not None:
            return NO_OP if found.pausing else found.message or "Nothing to do."
        return LOST

    # -------------------------------------------------------------------------------------------------- the end
    def _connection_error(self, ticket: str, hresult: str, message: str) -> Result:
        """QuickBooks could not be opened: keep the reason and stop; the next visit is soon enough. [facts 1.4]"""
        failed = status.call_failed(hresult, message)
        log.warning("system.unreachable", extra={"why": failed.message})
        self._site.state.put(LAST_PROBLEM, failed.message)
        found = session.find(self._site, ticket, self._site.clock())
        if found is not None:
            carrier.hand_back(self._site, found)
            found.message, found.over = failed.message, True
            session.end(self._site, found, self._site.clock())
        return DONE

    def _close_connection(self, ticket: str) -> Result:
        """Also called after `none` and `nvu`, with any ticket or none. [facts 1.3]"""
        if ticket == IDLE:
            return f"Nothing to do. {self._next_visit()}"
        found = session.find(self._site, ticket, self._site.clock())
        if found is None:
            return "OK"
        carrier.hand_back(self._site, found)
        until = self._quiet_until()
        summary = f"OK: put off until {until:%H:%M}." if until and not found.requests else found.summary()
        found.message = summary
        session.end(self._site, found, self._site.clock())
        if not summary.startswith("OK"):
            self._site.state.put(LAST_PROBLEM, summary)
            return summary
        self._site.state.put(LAST_PROBLEM, None)
        return summary if until and not found.requests else f"{summary} {self._next_visit()}"

    def _next_visit(self) -> str:
        """When it is due by the plan of the .qwc file, on the clock of the QuickBooks computer."""
        due = (self._site.clock() + self._settings.every).astimezone(self._site.zone)
        return f"The next visit is planned for {due:%H:%M}."

    def _visit(self, ticket: str) -> Visit | None:
        now = self._site.clock()
        found = session.find(self._site, ticket, now)
        return Visit(self._site, self._settings, found, now) if found is not None else None


class _Kept:
    """Stores a session after a call, also after one that failed (then it is not out any more and says so)."""

    def __init__(self, site: Site, kept: Session) -> None:
        self._site = site
        self._session = kept
        self.saved = False

    def __enter__(self) -> _Kept:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._session.over, self._session.message, self._session.out_at = True, INTERNAL, None
        self.saved = session.save(self._site, self._session)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
