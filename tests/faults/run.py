"""One run: a small company's first days with `engine serve` as a process, one fault, and the verdict.

Nobody lends a hand: a process that died is started again as an init system would, and the Web Connector comes again.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from connectors.pipedrive.simulator.deliveries import Deliveries
from connectors.quickbooks_desktop.simulator.faults import Faults as VisitFaults, parse_fault
from connectors.quickbooks_desktop.simulator.visit import VisitReport
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector
from tests.faults.clock import BEGIN, Clock
from tests.faults.judge import Verdict, judge
from tests.faults.place import COMMANDS, PASSWORD, Place
from tests.faults.points import Combination
from tests.faults.small_company import SmallCompany
from tests.faults.strikes import SLOW_FOR, Plan
from tests.faults.wires import PipedriveWire, Visit, Watch, WebhookDisorder, WebhookWire

PATIENCE, LITTLE_PATIENCE = 20.0, 0.8
"""Seconds that the server waits for Pipedrive, and the Web Connector for the server (real ones wait 30 and 100); the
second where somebody is slow."""
LOOK = 0.005
"""Seconds between two looks whether the server has looked through its queue."""
LONGEST, ENDS_WITHIN = 300.0, timedelta(hours=30)
"""Seconds, and what the clock shows then, after which a run counts as one that does not end."""
KILLED, SURROUNDINGS = -signal.SIGKILL, 3
"""How a process may end: killed, or because it cannot begin while the disk is full or the store locked."""
AGAIN = 0.6
"""Seconds after which a worker is started again: meanwhile, by its next heartbeat, the other one takes over."""
VISITS = 25
"""More visits than that need a person."""
LOST = ("deal.lines_create",)
"""Pipedrive's first answer to these is lost in every run, so that faults also meet what then goes on."""


class Stuck(Exception):
    """It does not come to an end; the message says what is left."""


class Down(Exception):
    """Nobody listens."""


@dataclass(eq=False)
class Process:
    """A server or a worker; it runs while it has a process id."""

    name: str
    command: tuple[str, ...]
    pid: int = 0
    due: float = 0.0
    """When it is to be started, in seconds of time.monotonic."""


@dataclass
class Outcome:
    """What came of a run."""

    verdict: Verdict
    struck: bool
    seconds: float
    starts: int
    passed: Counter[str] = field(default_factory=Counter)
    """How often each boundary was passed; only of a survey."""
    log: list[str] = field(default_factory=list)


@dataclass
class Run:
    """One run at a place, which keeps what outlives it."""

    place: Place
    plan: Plan = field(default_factory=Plan)
    mutant: str = ""
    survey: bool = False
    starts: int = 0
    log: list[str] = field(default_factory=list)

    def play(self) -> Outcome:
        """From two empty systems to the verdict."""
        self._began = time.monotonic()
        place, folder = self.place, self.place.fresh()
        self._folder, self._up, self._struck_at = folder, False, 0.0
        self._server, *workers = self._processes = [
            Process(f"{command[0]}{number}", command) for number, command in enumerate(COMMANDS[place.layout])
        ]
        self._striking = workers or [self._server]
        self._clock = clock = Clock(folder / "clock")
        self._small = small = SmallCompany(clock)
        self._inside = Combination(self.plan.point, self.plan.fault).inside
        self._watch = Watch(Plan() if self._inside else self.plan, clock)
        place.pipedrive.use(small.account, PipedriveWire(self._watch, set(LOST)))
        self._visit_faults = VisitFaults()
        self._patience = LITTLE_PATIENCE if self.plan.fault == "slow" else PATIENCE
        told = Deliveries(
            small.account, pace=0.01, timeout=self._patience, disorder=WebhookDisorder(self._watch)
        )  # fmt: skip
        with WebhookWire(self._watch), told as self._deliveries:
            try:
                verdict = self._live()
            except Stuck as stuck:
                verdict = judge(small)
                verdict.other.append(f"{stuck}; {self._waits()}")
            finally:
                self._kill()
        seconds = time.monotonic() - self._began
        return Outcome(verdict, clock.struck, seconds, self.starts, self._passed(), self.log)

    def _passed(self) -> Counter[str]:
        if not self.survey:
            return Counter()
        passed = Counter() if self.place.layout == "workers" else self._watch.seen  # which does not see who calls
        for process in self._striking:
            passed = passed | Counter(self._survey_of(process).read_text().splitlines())
        return passed

    # ------------------------------------------------------------------------------------------------- the days
    def _live(self) -> Verdict:
        small = self._small
        self._visit_faults.add(parse_fault("closed-file"))  # nobody has opened QuickBooks yet
        self._visit()
        self._days_work(until=lambda left: small.deal_there)
        small.second_day()
        self._visit_faults.add(parse_fault("process-raises@2"))
        self._days_work(until=lambda left: True)
        self._clock.on(timedelta(hours=3))  # what no webhook told is read by then
        self._heard()
        verdict = judge(small)
        written = self._written_by_a_days_work()
        if written and not verdict.holds:  # something was told late
            verdict, written = judge(small), self._written_by_a_days_work()
        verdict.doubled += [f"a visit without changes writes {one}" for one in written]
        for name, one in self._status()["mappings"].items():
            verdict.other += [f"{name} parks: {reason}" for reason in one["parked"]]
        return verdict

    def _written_by_a_days_work(self) -> list[str]:
        ledger, company = self._small.account.ledger, self._small.company
        edits = lambda: {one["TxnID"]: one["EditSequence"] for one in company.records("Invoice")}  # noqa: E731
        mark, before = ledger.mark(), edits()
        self._days_work()
        written = [f"{one.method} {one.path}" for one in ledger.since(mark).writes if "/webhooks" not in one.path]
        return written + [f"to invoice {key}" for key, edit in edits().items() if before.get(key) != edit]

    def _days_work(self, until: Callable[[int], bool] = lambda left: not left) -> None:
        """Visits until one went well and nothing is left to do, or as much as is to be."""
        for _ in range(VISITS):
            report = self._visit()
            left = self._settle()
            if report.ok and until(left):
                return
        raise Stuck(f"there is work after {VISITS} visits")

    def _heard(self) -> None:
        """Wait until the deals were listed."""
        ledger, mark = self._small.account.ledger, self._small.account.ledger.mark()
        while not any(one.operation.endswith("GET /deals") for one in ledger.since(mark).entries):
            self._looked_through()
            self._hurry()

    def _visit(self) -> VisitReport:
        self._alive()
        self._clock.on(timedelta(minutes=1))
        connector = WebConnector(
            f"{self.place.url}/acme/quickbooks_desktop/", "acme", PASSWORD, self._small.company,
            faults=self._visit_faults, timeout=self._patience,
            sleep=lambda seconds: self._clock.on(timedelta(seconds=seconds)),
        )  # fmt: skip
        report = Visit(connector, self._watch, self._kill).run()
        self.log.append(f"visit: {report.summary()}")
        if report.outcome == "busy":
            self._clock.on(timedelta(minutes=2))
        return report

    def _settle(self) -> int:
        """Until nothing is left but what the next visit is for; how much that is."""
        step, last = timedelta(seconds=4), None
        while True:
            self._looked_through()
            told = self._deliveries.settle(timeout=5)
            status = self._status()
            left, for_visit = status["busy"], status["for_visit"]
            state = (left, for_visit, self._small.account.ledger.requests)
            if state == last and told and left == for_visit:
                return int(left)
            if state == last:
                self._hurry(step)
                step = min(2 * step, timedelta(minutes=10))
            else:
                step = timedelta(seconds=4)
            last = state

    def _looked_through(self) -> None:
        """Wait until somebody has once looked through all that there is to send; what ended is started if need be."""
        for _ in range(2):  # the first may have begun before
            looks, starts = self._clock.looks, self.starts
            self._clock.ask()
            while self._clock.looks == looks:
                self._alive()
                self._check_time()
                if starts != self.starts:
                    starts = self.starts
                    self._clock.ask()
                time.sleep(LOOK)

    def _hurry(self, step: timedelta = timedelta(minutes=1)) -> None:
        """Put the clock forward; not while somebody is slow, since a caller's patience runs in real time."""
        if self._clock.struck and not self._struck_at:
            self._struck_at = time.monotonic()
        if self.plan.fault == "slow" and self._struck_at and time.monotonic() < self._struck_at + SLOW_FOR + 0.2:
            time.sleep(LOOK)
        else:
            self._clock.on(step)
        self._check_time()

    def _check_time(self) -> None:
        if time.monotonic() - self._began > LONGEST or self._clock() > BEGIN + ENDS_WITHIN:
            raise Stuck("it does not come to an end")

    # --------------------------------------------------------------------------------------------- the processes
    def _alive(self) -> None:
        """The server answers, and what ended is started when it is time."""
        while True:
            for process in self._processes:
                self._look_after(process)
            if self._up:
                return
            try:
                self._get("/healthz")
                self._up = True
            except Down:
                self._check_time()
                time.sleep(LOOK)

    def _look_after(self, process: Process) -> None:
        if process.pid and self.place.launcher.ended(process.pid):
            status = os.waitstatus_to_exitcode(self.place.launcher.wait(process.pid))
            process.pid = 0
            if process is self._server:
                self._up = False
            else:
                process.due = time.monotonic() + AGAIN
            self.log.append(f"{process.name} ended: {status}")
            if status not in (KILLED, SURROUNDINGS):
                raise Stuck(f"{process.name} ended by itself with status {status}")
        if not process.pid and time.monotonic() >= process.due:
            self._start(process)

    def _start(self, process: Process) -> None:
        self.starts += 1
        folder, striking = self._folder, process in self._striking
        plan = asdict(self.plan if striking and self._inside and not self._clock.struck else Plan())
        process.pid = self.place.launcher.start(
            command=process.command, config=str(folder / "engine.yaml"), log=str(folder / "server.log"),
            clock=str(folder / "clock"), environment=self.place.environment(self._small.account.token),
            patience=self._patience, mutant=self.mutant, plan=plan,
            survey=str(self._survey_of(process)) if striking and self.survey else None,
        )  # fmt: skip

    def _survey_of(self, process: Process) -> Path:
        return self._folder / f"survey of {process.name}"

    def _waits(self) -> str:
        """What the store says is left, for whoever must find out."""
        try:
            mappings = json.loads(self._get("/status.json"))["connections"]["acme"]["mappings"]
        except (Down, KeyError):
            return "nobody can say what is left"
        return "; ".join(f"{name} {one['states']} {one['waiting']}" for name, one in mappings.items() if one["states"])

    def _kill(self) -> None:
        for process in self._processes:
            if process.pid:
                self.place.launcher.kill(process.pid)
                process.pid, self._up = 0, False

    def _status(self) -> dict[str, Any]:
        while True:
            self._alive()
            try:
                found: dict[str, Any] = json.loads(self._get("/status.json"))["connections"]["acme"]
                return found
            except (Down, KeyError):
                self._check_time()
                time.sleep(LOOK)

    def _get(self, path: str) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.place.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        except (OSError, HTTPException) as error:
            raise Down(str(error)) from None
        finally:
            connection.close()


def server_log(place: Place) -> str:
    """What the servers of the last run said."""
    return Path(place.folder / "run" / "server.log").read_text(errors="replace")
