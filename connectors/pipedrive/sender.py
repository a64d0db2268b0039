"""One drain: takes what is due, carries it as fast as tokens and the burst window allow, gives back what came of it.

Reading is done by one drain of a connection at a time (a lease in the state); writes go through a few threads, so that
the network's latency does not add up. A call that says "nothing more for now" ends the drain and hands the rest back.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from typing import Any

from engine.errors import SystemUnavailable
from engine.protocol import Failed, Failure, Page, Query, Request, Result, Site, Work, Write, Written, about

from . import lines, options, queries, writes
from .account import Account
from .budget import DAY
from .entities import owner_of_options
from .history import History
from .status import Stopped

logger = logging.getLogger(__name__)

BATCH = 64
"""Most writes taken at once: few enough that a pause hands little back, enough to keep the threads busy."""
DEAREST = 40
"""Tokens reckoned for each write taken: an ordinary one is 5, a deal's lines seldom more (25 in bulk, 15 removed)."""
LEAST = 10
"""Fewer tokens than this carry nothing useful: a list call, a note."""
READING = timedelta(seconds=30)
"""How long the right to read is kept without a sign of life: longer than a page takes, short after a power cut."""
TURN = timedelta(seconds=10)
"""A drain that has more to do ends after this long and asks to be called again: other connections wait for a turn."""
NOW = timedelta(0)
SOON = timedelta(seconds=2)
FAULTS = 5
"""Faults in a row after which the service is taken to be unwell; one alone may be one record's."""
AFTER_FAULT = timedelta(seconds=15)
AFTER_CONFIGURATION = timedelta(minutes=1)
LONGEST_RESPITE = timedelta(minutes=1)
"""How long drains that come earlier than they were told do nothing: the engine may call as often as it likes."""
_LEASE, _STOPPED, _UNREAD = "reading", "stopped", "unread"


class Sender:
    """Drains the work of one connection."""

    def __init__(self, account: Account, work: Work, site: Site) -> None:
        self._account = account
        self._connection = site.connection
        self._stopping = site.stopping
        self._work = work
        self._state = site.state
        self._me = uuid.uuid4().hex
        self._respite: datetime | None = None
        self._no_history: datetime | None = None
        """Until then the portion of this hour for old history is used up."""
        self._foretold: datetime | None = None
        self.history = History(site.state, account.client.budget)
        self._said = ""

    def wake(self) -> None:
        """The next drain works, whatever the last one met."""
        self._respite = None

    def drain(self) -> timedelta:
        """Carries what is due; when to come again."""
        run = _Run(self._account.clock())
        with about(connection=self._connection, visit=run.ticket):
            return self._drain(run)

    def _drain(self, run: _Run) -> timedelta:
        poll = self._account.poll
        now = run.started_at
        if self._respite is not None and now < self._respite:
            return self._respite - now
        self._account.client.pause.refresh()
        self._account.client.budget.refresh()
        pause = self._account.client.pause.left()
        if pause is not None:
            return pause
        run.unread_before = self._state.get(_UNREAD)
        if not self._work.waiting(self._stale_before(run), urgent_only=self._until_portion(now) is not None):
            return min(poll, self._until_portion(now) or poll)
        try:
            again = self._rounds(run)
        except SystemUnavailable as error:  # the engine asked for the shape of a draft while Pipedrive is away
            again = run.rest(error.message, AFTER_FAULT)
        self.history.keep()
        self._keep_stopped(run)
        self._tell(run)
        if run.unread:
            self._state.put(_UNREAD, self._account.clock().isoformat(), poll)
            again = min(again, AFTER_FAULT)
        again = min(again, poll, self._until_portion(self._account.clock()) or poll)
        self._respite = None if run.stop is None else now + min(again, LONGEST_RESPITE)
        return again

    def _stale_before(self, run: _Run) -> datetime:
        """What was read before this is read again: what is older than a poll, and what a reading failed beside.

        With webhooks a poll is rare; what failed for a moment must not wait for the next one.
        """
        stale, failed = self._account.clock() - self._account.poll, run.unread_before
        return stale if failed is None else max(stale, datetime.fromisoformat(failed))

    @property
    def stopped(self) -> str | None:
        """Why nothing goes on, whichever process met it."""
        kept: str | None = self._state.get(_STOPPED)
        return kept

    def _keep_stopped(self, run: _Run) -> None:
        """Why nothing goes on until a person has acted; over with the first call that is answered again."""
        answered = bool(run.requests or run.records)
        if run.forbidden is not None or (answered and self.stopped is not None):
            self._state.put(_STOPPED, run.forbidden)

    def _tell(self, run: _Run) -> None:
        """Keeps what this drain did, once where several do nothing for the same reason."""
        if run.requests or run.records or run.message != self._said:
            self._said = run.message
            ended = self._account.clock()
            facts: dict[str, Any] = {"started_at": run.started_at, "ended_at": ended, "message": run.message}
            self._work.visited(run.ticket, **facts, requests=run.requests, records=run.records)

    def _must_stop(self, run: _Run) -> bool:
        """Whether nothing more is begun, because the process is about to end."""
        if self._stopping():
            run.rest("This server is stopping.", SOON)
        return run.stop is not None

    def _ready(self, run: _Run) -> None:
        """Proves the token and reads the lists that drafts need; what a person must mend is told of what is due.

        Done before work is taken: the engine shapes drafts while it holds its store, where nobody may be asked.
        """
        try:
            self._account.ready()
        except Stopped as stopped:
            failed = stopped.failed
        else:
            return
        configuration = failed.failure is Failure.CONFIGURATION
        run.rest(failed.message, failed.again_after or (AFTER_CONFIGURATION if configuration else AFTER_FAULT))
        if configuration:
            run.forbidden = failed.message
            with suppress(SystemUnavailable):
                for request in self._work.take(1, self._stale_before(run)):
                    self._give(run, request, failed)

    def _rounds(self, run: _Run) -> timedelta:
        with self._reading() as reader:
            while True:
                again = self._round(run, reader)
                if again is not None or run.stop is not None:
                    return again or run.stop or SOON
                if self._account.clock() - run.started_at > TURN:
                    return NOW
                if reader:
                    self._renew()

    def _round(self, run: _Run, reader: bool) -> timedelta | None:
        """Takes and carries once; None: there may be more."""
        if self._must_stop(run):
            return run.stop
        self._ready(run)
        free = self._account.client.budget.free() if run.stop is None else 0
        if free < LEAST:
            return run.rest("No Pipedrive tokens are left for now.", self._account.client.budget.wait(LEAST))
        taken = self._take(run, free)
        if not taken:
            return self._account.poll
        reads = [one for one in taken if isinstance(one, Query) and run.may_read(one)] if reader else []
        changes = [one for one in taken if isinstance(one, Write)]
        if not reads and not changes:
            return AFTER_FAULT if reader else SOON  # nothing but readings that failed, or that another drain does
        for query in reads:
            self._read(run, query)
        self._write(run, changes)
        return None

    def _take(self, run: _Run, free: int) -> Sequence[Request]:
        """What just happened; when nothing is left of that, old history for this hour's portion of the tokens."""
        stale_before = self._stale_before(run)
        run.old = False
        taken = self._work.take(_most(free, DEAREST), stale_before, urgent_only=True)
        if taken or self._until_portion(self._account.clock()) is not None:
            return taken
        budget = self._account.client.budget
        portion = budget.today() if self.history.fits(self._work.backlog()) else budget.portion()
        if portion < LEAST:
            self._end_portion(run)
            return ()
        run.old = True
        taken = self._work.take(_most(portion, self.history.dearest() or DEAREST), stale_before)
        if taken:
            self._foretell()
        return taken

    def _end_portion(self, run: _Run) -> None:
        """Nothing more of old history in this hour; what waits says how long it will take."""
        self.history.spread()
        self._no_history = self._account.client.budget.next_portion()
        self.history.keep()
        run.message = run.message or str(self.history.facts(self._work.backlog()).get("forecast", ""))

    def _until_portion(self, now: datetime) -> timedelta | None:
        """How long old history has to wait; None: it may go."""
        if self._no_history is None or self._no_history <= now:
            return None
        return self._no_history - now

    def _foretell(self) -> None:
        """Says at its start and once a day how long old history will take."""
        now = self._account.clock()
        if self._foretold is not None and now - self._foretold < DAY:
            return
        forecast = self.history.facts(self._work.backlog()).get("forecast")
        if forecast:
            self._foretold = now
            logger.info("forecast", extra={"said": forecast})

    @contextmanager
    def _paying(self, run: _Run, request: Request) -> Iterator[None]:
        """Spends on old history what is old history, and measures what it costs."""
        if not run.old:
            yield
            return
        with self._account.client.budget.old_history() as bill:
            yield
        if isinstance(request, Query):
            self.history.looked(bill.tokens)
        elif bill.tokens:
            kind = request.entity if request.child is None else f"{request.entity}.{request.child}"
            self.history.paid(kind, bill.tokens)

    # ------------------------------------------------------------------------------------------------ reading
    def _read(self, run: _Run, query: Query) -> None:
        if self._must_stop(run):
            return  # a query is not leased: it is handed out again
        try:
            with self._paying(run, query):
                for page in queries.pages(self._account, query):
                    self._give(run, query, page)
                    self._renew()
                    if self._must_stop(run):
                        return
        except Stopped as stopped:
            failed = stopped.failed
        except Exception:  # a defect of ours with one answer must not keep the other readings from going on
            logger.exception("read.failed", extra={"entity": query.entity})
            failed = Failed(Failure.RETRY, f"The Pipedrive connector failed at reading {query.entity}.", "defect")
        else:
            return
        self._give(run, query, failed)
        run.failed_reading(query, failed)

    @contextmanager
    def _reading(self) -> Iterator[bool]:
        lease = self._renew()
        try:
            yield lease
        finally:
            if lease:
                self._state.change(_LEASE, lambda held: None if held and held["owner"] == self._me else held)

    def _renew(self) -> bool:
        now = self._account.clock()

        def take(held: Any) -> Any:
            if held and held["owner"] != self._me and datetime.fromisoformat(held["until"]) > now:
                return held
            return {"owner": self._me, "until": (now + READING).isoformat()}

        lease = self._state.change(_LEASE, take, READING)
        return lease is not None and lease["owner"] == self._me

    # ------------------------------------------------------------------------------------------------ writing
    def _write(self, run: _Run, changes: Sequence[Write]) -> None:
        """Options first and one after the other, since records wait for them; the rest side by side."""
        chosen = [one for one in changes if owner_of_options(one.entity)]
        for write, result in self._options(run, chosen):
            run.heed(result)
            self._give(run, write, result)
        plain = [one for one in changes if not owner_of_options(one.entity)]
        if not plain:
            return
        # Threads for this batch only: a server has a thousand connections that write nothing at most times.
        with ThreadPoolExecutor(min(self._account.settings.parallel, len(plain)), "pipedrive") as threads:
            under_way = {threads.submit(self._carry, run, one): one for one in plain}
            for future in as_completed(under_way):
                self._give(run, under_way[future], future.result())

    def _options(self, run: _Run, chosen: Sequence[Write]) -> Iterator[tuple[Write, Result]]:
        if self._must_stop(run):
            yield from ((one, run.handed_back()) for one in chosen)
            return
        created = [one for one in chosen if one.action == "create"]
        with self._account.client.budget.old_history() if run.old else nullcontext():
            made = list(options.create(self._account, created))
        yield from made
        for write in chosen:
            if write.action != "create":
                yield write, run.handed_back() if self._must_stop(run) else options.rename(self._account, write)

    def _carry(self, run: _Run, write: Write) -> Result:
        with about(connection=self._connection, visit=run.ticket, request=write.id, origin=write.origin):
            return self._carried(run, write)

    def _carried(self, run: _Run, write: Write) -> Result:
        if self._must_stop(run):
            return lines.unsettled(write, run.handed_back())
        try:
            carry = lines.carry if write.action == "children" else writes.carry
            with self._paying(run, write):
                result = carry(self._account, write)
        except Exception:  # a defect of ours must not lose the write: it may have been carried out
            logger.exception("write.failed", extra={"entity": write.entity, "action": write.action})
            result = Failed(
                Failure.UNKNOWN, "The Pipedrive connector failed at this record; its log says how.", "defect"
            )
        run.heed(result)
        return result

    def _give(self, run: _Run, request: Request, result: Result) -> None:
        self._work.give(request, result)
        run.count(result)


def _most(tokens: int, price: int) -> int:
    """How many writes of that price so many tokens are enough for."""
    return min(BATCH, max(1, tokens // price))


class _Run:
    """What one drain did, and whether it must end."""

    def __init__(self, started_at: datetime) -> None:
        self.ticket = uuid.uuid4().hex
        self.started_at = started_at
        self.requests = 0
        self.records = 0
        self.message = ""
        self.old = False
        """What is carried now is old history."""
        self.stop: timedelta | None = None
        self.forbidden: str | None = None
        """What a person must mend first."""
        self._faults = 0
        self.unread: set[str] = set()
        """Readings that failed."""
        self.unread_before: str | None = None
        """When a drain before it had such ones."""

    def count(self, result: Result) -> None:
        if isinstance(result, Page):
            self.records += len(result.found)
        if isinstance(result, Written) or (isinstance(result, Page) and result.done):
            self.requests += 1

    def heed(self, result: Result) -> None:
        """Ends the drain at a failure that the next request will meet as well, or at several faults in a row."""
        if not isinstance(result, Failed):
            self._faults = 0
            return
        if result.failure in (Failure.RETRY, Failure.UNKNOWN):
            self._faults += 1
        if result.failure is Failure.CONFIGURATION:
            self.forbidden = result.message
            self.rest(result.message, result.again_after or AFTER_CONFIGURATION)
        elif result.failure is Failure.UNSENT or result.code == "unreachable" or self._faults >= FAULTS:
            self.rest(result.message, result.again_after or AFTER_FAULT)

    def failed_reading(self, query: Query, failed: Failed) -> None:
        """A reading that failed is not tried again in this drain; the others go on where they may."""
        self.unread.add(repr(query))
        self.message = failed.message
        self.heed(failed)

    def may_read(self, query: Query) -> bool:
        return repr(query) not in self.unread

    def handed_back(self) -> Failed:
        """For what was taken and is not carried any more."""
        return Failed(Failure.UNSENT, f"Handed back: {self.message}", again_after=self.stop)

    def rest(self, message: str, pause: timedelta) -> timedelta:
        """Ends the drain, if it is not ending already; how long to wait."""
        if self.stop is None:
            self.message, self.stop = message, pause
        return self.stop
