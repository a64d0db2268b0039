"""What goes wrong at a visit: on demand, a stated number of times, or again and again by seeded chance.

A fault as text, for the command line: `KIND[=VALUE][@WHERE][#NTH][*TIMES][%CHANCE]`, for example
`cut-after@receiveResponseXML#2`, `modal-dialog*3`, `slow=20@3`, `cut-before%0.05`. WHERE is a method's name or a
number: of the SOAP call in its visit for cuts, of the qbXML request in its visit for the others. NTH counts what fits
from 1. A fault without TIMES strikes once, with CHANCE (0 to 1) again and again.
"""

import random
import re
import threading
from dataclasses import dataclass, field
from typing import Literal

from connectors.quickbooks_desktop.simulator.errors import HResult
from connectors.quickbooks_desktop.simulator.soap_client import NUMBERS

Moment = Literal[
    "open", "process", "slow", "truncate", "cut_before", "cut_after", "abandon_after", "late", "stranger", "early",
    "received_twice", "closed_twice",
]  # fmt: skip
AT_CALLS = frozenset({"cut_before", "cut_after", "abandon_after", "late", "stranger"})
ONCE = frozenset({"open", "early", "closed_twice"})

TEXTS = {
    0x80040402: "An unexpected error has occurred. See the qbsdklog.txt file for details.",
    0x80040408: "Could not start QuickBooks.",
    0x8004040A: "A QuickBooks company data file is already open and it is different from the one requested.",
    0x80040410: "The QuickBooks company data file is currently open in a mode other than the one specified.",
    0x80040414: "QuickBooks found a modal dialog box open.",
    0x80040416: "If QuickBooks is not running, a company data file must be named.",
    0x80040417: "If there is no company data file open in QuickBooks, one must be named.",
    0x80040424: "QuickBooks did not finish its initialization. Please try again later.",
}
"""HRESULT -> roughly what QuickBooks says. [facts 1.7]"""


@dataclass
class Fault:
    """One rule: `at` is the number of the request or call in its visit, or a method's name; None fits all."""

    moment: Moment
    at: int | str | None
    times: int | None  # None: as long as chance wants
    code: int = 0
    seconds: float = 0.0
    nth: int = 1
    chance: float | None = None
    seen: int = field(default=0, compare=False)


KINDS: dict[str, tuple[Moment, int]] = {
    "cannot-open": ("open", 0x80040408), "closed-file": ("open", 0x80040417), "modal-dialog": ("open", 0x80040414),
    "other-company": ("open", 0x8004040A), "process-raises": ("process", 0x80040402), "slow": ("slow", 0),
    "truncated": ("truncate", 0), "cut-before": ("cut_before", 0), "cut-after": ("cut_after", 0),
    "abandon-after": ("abandon_after", 0), "timeout": ("late", 0), "unknown-ticket": ("stranger", 0),
    "early-send": ("early", 0), "receive-twice": ("received_twice", 0), "close-twice": ("closed_twice", 0),
}  # fmt: skip
"""Word of the text form -> the moment, and the HRESULT unless VALUE names another."""

_SPEC = re.compile(
    r"(?P<kind>[a-z-]+)(=(?P<value>[0-9A-Fa-fx.]+))?(@(?P<at>\w+))?(#(?P<nth>[1-9]\d*))?(\*(?P<times>[1-9]\d*))?"
    r"(%(?P<chance>[01]|0?\.\d+|1\.0+))?"
)


def parse_fault(spec: str) -> Fault:
    """Reads a fault from its text (see the module). Raises ValueError that quotes the text."""
    match = _SPEC.fullmatch(spec.strip())
    if match is None:
        raise ValueError(f"not a fault: {spec!r} (KIND[=VALUE][@WHERE][#NTH][*TIMES][%CHANCE])")
    given = match.groupdict()
    if given["kind"] not in KINDS:
        raise ValueError(f"unknown fault {given['kind']!r}: one of {', '.join(sorted(KINDS))}")
    moment, code = KINDS[given["kind"]]
    where: str | None = given["at"]
    at = int(where) if where is not None and where.isdecimal() else where
    if isinstance(at, str) and (moment not in AT_CALLS or at not in NUMBERS):
        raise ValueError(f"{spec!r}: {at} is no call of the Web Connector, or this fault is not at a call")
    if moment in ONCE and at is not None:
        raise ValueError(f"{spec!r}: this happens once a visit; leave {at} out")
    seconds = 1.0
    if given["value"] is not None:
        try:
            if moment == "slow":
                seconds = float(given["value"])
            elif moment in ("open", "process"):
                code = int(given["value"], 16)
            else:
                raise ValueError
        except ValueError:
            raise ValueError(f"{spec!r}: {given['value']} is no value for this fault") from None
    chance = float(given["chance"]) if given["chance"] else None
    times = int(given["times"]) if given["times"] else (None if chance is not None else 1)
    return Fault(moment, at, times, code, seconds, int(given["nth"] or 1), chance)


class Faults:
    """The faults to come, shared with a `WebConnector`. May be filled from another thread.

    `request` counts the qbXML requests of a visit from 1, `call` its SOAP calls from 1, or names a method. `seed`
    decides the faults that strike by chance.
    """

    def __init__(self, *faults: Fault, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._coming: list[Fault] = list(faults)
        self._random = random.Random(f"faults {seed}")

    def add(self, fault: Fault | str) -> None:
        """One more, also as text."""
        with self._lock:
            self._coming.append(parse_fault(fault) if isinstance(fault, str) else fault)

    def cannot_open(self, code: int = 0x80040408, *, times: int = 1) -> None:
        """QuickBooks cannot be opened: connectionError with this HRESULT, `times` attempts long. [facts 1.4]"""
        self.add(Fault("open", None, times, code))

    def modal_dialog(self, *, times: int = 1) -> None:
        """A dialog is open in QuickBooks: 0x80040414. [facts 1.7]"""
        self.cannot_open(0x80040414, times=times)

    def closed_file(self, *, times: int = 1) -> None:
        """No company file is open: 0x80040417. [facts 1.7]"""
        self.cannot_open(0x80040417, times=times)

    def other_company(self, *, times: int = 1) -> None:
        """Another company file is open: 0x8004040A. [facts 1.7]"""
        self.cannot_open(0x8004040A, times=times)

    def process_raises(self, code: int = 0x80040402, *, request: int | None = None, times: int = 1) -> None:
        """ProcessRequest throws instead of answering; nothing was processed. [facts 1.4]"""
        self.add(Fault("process", request, times, code))

    def slow_answer(self, seconds: float, *, request: int | None = None, times: int = 1) -> None:
        """QuickBooks takes this long for a request."""
        self.add(Fault("slow", request, times, seconds=seconds))

    def truncated_answer(self, *, request: int | None = None, times: int = 1) -> None:
        """Only the first half of QuickBooks' answer reaches the server; it WAS processed."""
        self.add(Fault("truncate", request, times))

    def cut_before(self, call: int | str, *, times: int = 1) -> None:
        """The network fails before a SOAP call: the server never sees it."""
        self.add(Fault("cut_before", call, times))

    def cut_after(self, call: int | str, *, times: int = 1) -> None:
        """The server has carried out a SOAP call, but its answer is lost."""
        self.add(Fault("cut_after", call, times))

    def abandon_after(self, call: int | str, *, times: int = 1) -> None:
        """The computer is switched off after a SOAP call: no closeConnection, no word."""
        self.add(Fault("abandon_after", call, times))

    def timeout(self, call: int | str, *, times: int = 1) -> None:
        """The server carries out a SOAP call, but answers only after the Web Connector has given up waiting."""
        self.add(Fault("late", call, times))

    def unknown_ticket(self, call: int | str, *, times: int = 1) -> None:
        """A SOAP call comes with a ticket that the server never gave, as after its store was replaced."""
        self.add(Fault("stranger", call, times))

    def pending(self) -> int:
        """How many strikes are still to come, those by chance aside; 0 proves that a test's faults all happened."""
        with self._lock:
            return sum(fault.times or 0 for fault in self._coming)

    # asked by the Web Connector

    def strikes(self, moment: Moment, number: int = 0, name: str = "") -> bool:
        """Whether such a fault is due now; it is then used up by one."""
        return self._take(moment, number, name) is not None

    def hresult(self, moment: Moment, number: int = 0) -> HResult | None:
        """The HRESULT of a fault that is due now, or None."""
        fault = self._take(moment, number, "")
        return None if fault is None else HResult(fault.code, TEXTS.get(fault.code, "QuickBooks error."))

    def delay(self, number: int) -> float:
        """The seconds by which a request is slow now, 0 if it is not."""
        fault = self._take("slow", number, "")
        return 0.0 if fault is None else fault.seconds

    def _take(self, moment: Moment, number: int, name: str) -> Fault | None:
        with self._lock:
            for fault in self._coming:
                if fault.moment != moment or fault.at not in (None, number, name):
                    continue
                fault.seen += 1
                if fault.seen < fault.nth or (fault.chance is not None and self._random.random() >= fault.chance):
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._coming.remove(fault)
                return fault
        return None
