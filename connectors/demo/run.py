"""Plays the whole demo: four visits with people at work between them, a server that may be killed, and the verdict."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from connectors.demo.checker import Verdict, judge
from connectors.demo.checks.state import fingerprint
from connectors.demo.folder import CONNECTION, HASH_VARIABLE, TOKEN_VARIABLE, USER, write_folder
from connectors.demo.server import Server, free_port, password_hash
from connectors.demo.stage import Stage
from connectors.demo.story import Story
from connectors.pipedrive.simulator.ledger import Ledger
from connectors.pipedrive.simulator.server import serve
from connectors.quickbooks_desktop.simulator.visit import VisitReport
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector

QUIET, LAST_QUIET = 1.0, 7.0
"""Seconds without anything to do until a visit counts as worked off; after the last one, longer than a poll of
Pipedrive takes to come round."""
STUCK, FOR_VISIT = 4.0, 1.0
"""Seconds without progress until the Web Connector comes again; the second where all that is left waits for it."""
PATIENCE = 150.0
"""Seconds for one visit and everything that follows from it; a killed server's leases may have to run out first."""
CLOSED_MONTH = "2026-10"
"""The month that is compared on both sides in the end: the last whole one of the story."""
BETWEEN_VISITS = 5.0
"""Seconds between two visits while somebody looks, so that what he does there has its effect while he waits."""
WRITES_BEFORE_KILL = 5
QB_WRITE = re.compile(r"<(\w+(?:Add|Mod))Rq\b")


class NeverQuiet(Exception):
    """Work was left after all patience: the message says what."""


class Audience(Protocol):
    """Who watches: told what happens, and how much is left to do."""

    def say(self, text: str) -> None: ...

    def busy(self, left: int, requests: int) -> None: ...


@dataclass(slots=True)
class Outcome:
    """What came of it. Times are seconds since the beginning."""

    mappings: dict[str, Any]
    verdict: Verdict
    visits: int
    tokens_spent: int
    """As Pipedrive charged them."""
    tokens_counted: int
    """As the server counted them: no fewer, as it counts before it spends."""
    last_visit_writes: int
    seconds: float
    first_deal_seconds: float | None
    state: str
    """A fingerprint of what Pipedrive holds, without ids and hours: equal for two runs that ended alike."""
    acts: list[str] = field(default_factory=list)
    most_told: str | None = None
    """The number of an invoice whose record has a long story."""


class Run:
    """One demo. `open` it, `play` it, `close` it; the server is up in between."""

    store = "sqlite:///engine.db"
    """The address of the server's store."""

    def __init__(
        self, stage: Stage, folder: Path, audience: Audience, *, port: int | None = None, kill: bool = False
    ) -> None:
        self.stage = stage
        self.folder = folder
        self.audience = audience
        self.kill = kill
        self.visits = 0
        self._due: Callable[[], bool] | None = None
        self.requests: list[str] = []
        """Every qbXML request that the server sent."""
        self.began = time.monotonic()
        self._first_deal: float | None = None
        self._told_at = 0
        self._port = free_port(port)
        self._password = secrets.token_urlsafe(12)
        self._closing: list[Callable[[], None]] = []

    @property
    def url(self) -> str:
        """The page with everything on it."""
        return f"http://localhost:{self._port}/"

    def open(self) -> None:
        """Starts Pipedrive and the server; whatever was started is stopped by `close`, also after a failure."""
        account = self.stage.account
        pipedrive = serve(account)
        self._closing.append(pipedrive.stop)
        config = write_folder(self.folder, self._port, account.company, pipedrive.url, self.store)
        self._serve(config, {HASH_VARIABLE: password_hash(self._password), TOKEN_VARIABLE: account.token})
        address = f"http://localhost:{self._port}/{CONNECTION}/quickbooks_desktop"
        self.web_connector = WebConnector(address, USER, self._password, self.stage.company, told=self._called)

    def _serve(self, config: Path, environment: dict[str, str]) -> None:
        self.server = Server(config, self._port, environment)
        self._closing.append(self.server.stop)
        self.audience.say(f"engine serve starts in {self.folder}")
        self.server.start()

    def close(self) -> None:
        """Stops the server, then Pipedrive."""
        while self._closing:
            self._closing.pop()()

    def play(self) -> Outcome:
        """The visits, the story and the verdict. Raises NeverQuiet, or ServerFailed if the server dies.

        Everything is judged after each visit; with the first thing that is wrong the story ends, as people could not
        go on as it tells.
        """
        story = Story(self.stage)
        acts: list[str] = []
        self._visit("First visit: QuickBooks has never been read")
        verdict, writes = self._verdict(), 0
        if verdict.holds:
            acts += self._chapter(story.first_chapter)
            (self._visit_with_kill if self.kill else self._visit)("Second visit: the changes come over")
            verdict = self._verdict()
        if verdict.holds:
            acts += self._chapter(story.second_chapter)
            self._visit("Third visit")
            verdict = self._verdict()
        if verdict.holds:
            before, asked = self.stage.account.ledger.mark(), len(self.requests)
            self._visit("Fourth visit: nothing has changed", quiet=LAST_QUIET)
            written = [f"{one.method} {one.path}" for one in self.stage.account.ledger.since(before).writes]
            written += [kind for request in self.requests[asked:] for kind in QB_WRITE.findall(request)]
            verdict, writes = self._verdict(written), len(written)
        return self._outcome(verdict, acts, writes, story.most_told)

    def stay(self, leaving: Callable[[float], object]) -> None:
        """The office goes on while somebody looks: a month is closed, and the Web Connector comes again and again.

        `leaving` waits that many seconds and says whether to end; it may be interrupted.
        """
        with self.server.command("reconcile", "--month", CLOSED_MONTH, "--yes", "--json"):
            while not leaving(BETWEEN_VISITS):
                self.web_connector.visit()

    def _verdict(self, last_visit_writes: Sequence[str] = ()) -> Verdict:
        return judge(self.stage.company, self.stage.account, self.stage.diary, last_visit_writes)

    def _outcome(self, verdict: Verdict, acts: list[str], writes: int, most_told: str | None) -> Outcome:
        status = self.server.status()["connections"][CONNECTION]
        return Outcome(
            mappings=status["mappings"],
            verdict=verdict,
            visits=self.visits,
            tokens_spent=self.stage.account.ledger.spent,
            tokens_counted=int(status.get("tokens_spent", 0)),
            last_visit_writes=writes,
            seconds=time.monotonic() - self.began,
            first_deal_seconds=self._first_deal,
            state=fingerprint(self.stage.scene()),
            acts=acts,
            most_told=most_told,
        )

    def _chapter(self, tell: Callable[[], list[str]]) -> list[str]:
        acts = tell()
        self._told_at = self.stage.account.ledger.mark()
        for act in acts:
            self.audience.say(act)
        return acts

    def _visit(self, title: str, quiet: float = QUIET) -> None:
        """One visit and all that follows; QuickBooks is asked again where something is still wanted of it."""
        self.audience.say(title)
        deadline = time.monotonic() + PATIENCE
        while True:
            report = self._once()
            if not report.ok:
                raise NeverQuiet(f"{title}: the Web Connector reports {report.summary()}")
            if self._settled(quiet, deadline):
                return

    def _once(self) -> VisitReport:
        report = self.web_connector.visit()
        self.visits += 1
        self.requests += report.requests
        return report

    def _settled(self, quiet: float, deadline: float) -> bool:
        """True once there is nothing to do for `quiet` seconds; False when nothing moves but something is left.

        What people did in Pipedrive counts as to do until its deals were listed after that.
        """
        ledger = self.stage.account.ledger
        moved = calm = time.monotonic()
        last: object = None
        while time.monotonic() < deadline:
            (left, for_visit), now = self._left(), time.monotonic()
            self._look_for_the_first_deal()
            self.audience.busy(left, ledger.requests)
            if left or not self._heard(ledger):
                calm = now
            elif now - calm >= quiet:
                return True
            state = (left, ledger.requests)
            if state != last:
                moved, last = now, state
            if left and now - moved > (FOR_VISIT if left == for_visit else STUCK):
                return False
            time.sleep(0.25)
        raise NeverQuiet(f"there is still work after {PATIENCE:.0f} seconds: {self._left()[0]}")

    def _heard(self, ledger: Ledger) -> bool:
        """Whether the server has asked Pipedrive for its deals since people were at work there."""
        return any(one.operation.endswith("GET /deals") for one in ledger.since(self._told_at).entries)

    def _left(self) -> tuple[int, int]:
        """What is to be done, and how much of it only the next visit can work off."""
        status = self.server.status()["connections"][CONNECTION]
        if stopped := status.get("stopped"):
            raise NeverQuiet(f"the server has stopped calling: {stopped}")
        return int(status["busy"]), int(status["for_visit"])

    def _look_for_the_first_deal(self) -> None:
        if self._first_deal is None and self.stage.account.records("deal"):
            self._first_deal = time.monotonic() - self.began

    # ------------------------------------------------------------------------------------------------- the power cut
    def _visit_with_kill(self, title: str) -> None:
        """The same visit, but the server dies twice: while QuickBooks is read, and while Pipedrive is written."""
        self.audience.say(f"{title}, and the power fails")
        self._killed_when(lambda: True)
        enough = len(self.stage.account.ledger.writes) + WRITES_BEFORE_KILL
        self._killed_when(lambda: len(self.stage.account.ledger.writes) >= enough)
        self._visit("The power is back, and the Web Connector comes again")

    def _killed_when(self, due: Callable[[], bool]) -> None:
        """Visits, kills the server as soon as `due`, and starts it again.

        During the visit it dies between two calls: with a request still out, the Web Connector would rightly be told
        for some minutes that another visit is under way.
        """
        self._due = due
        self._once()
        deadline = time.monotonic() + STUCK
        while self._due is not None and not due() and time.monotonic() < deadline:
            time.sleep(0.002)
        if self._due is not None:
            self._cut_power()
        self.audience.say("SIGKILL; engine serve starts again")
        self.server.start()

    def _called(self, line: str) -> None:
        """After each call of the Web Connector, before the next."""
        if self._due is not None and line.startswith("receiveResponseXML") and self._due():
            self._cut_power()

    def _cut_power(self) -> None:
        self._due = None
        self.server.kill()
