"""What goes wrong at a visit, on demand: each fault strikes a stated number of times and is then used up."""

import threading
from dataclasses import dataclass
from typing import Literal

from connectors.quickbooks_desktop.simulator.errors import HResult

Moment = Literal["open", "process", "slow", "truncate", "cut_before", "cut_after", "abandon_after"]

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
class _Fault:
    moment: Moment
    at: int | str | None  # number of the request or call in its visit, or a method's name; None: the first
    times: int
    code: int = 0
    seconds: float = 0.0


class Faults:
    """A list of faults to come, shared with a `WebConnector`. May be filled from another thread.

    `request` counts the qbXML requests of a visit from 1, `call` its SOAP calls from 1, or names a method.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coming: list[_Fault] = []

    def cannot_open(self, code: int = 0x80040408, *, times: int = 1) -> None:
        """QuickBooks cannot be opened: connectionError with this HRESULT, `times` attempts long. [facts 1.4]"""
        self._add(_Fault("open", None, times, code))

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
        self._add(_Fault("process", request, times, code))

    def slow_answer(self, seconds: float, *, request: int | None = None, times: int = 1) -> None:
        """QuickBooks takes this long for a request."""
        self._add(_Fault("slow", request, times, seconds=seconds))

    def truncated_answer(self, *, request: int | None = None, times: int = 1) -> None:
        """Only the first half of QuickBooks' answer reaches the server; it WAS processed."""
        self._add(_Fault("truncate", request, times))

    def cut_before(self, call: int | str, *, times: int = 1) -> None:
        """The network fails before a SOAP call: the server never sees it."""
        self._add(_Fault("cut_before", call, times))

    def cut_after(self, call: int | str, *, times: int = 1) -> None:
        """The server has carried out a SOAP call, but its answer is lost."""
        self._add(_Fault("cut_after", call, times))

    def abandon_after(self, call: int | str, *, times: int = 1) -> None:
        """The computer is switched off after a SOAP call: no closeConnection, no word."""
        self._add(_Fault("abandon_after", call, times))

    def pending(self) -> int:
        """How many strikes are still to come; 0 proves that a test's faults all happened."""
        with self._lock:
            return sum(fault.times for fault in self._coming)

    def _add(self, fault: _Fault) -> None:
        with self._lock:
            self._coming.append(fault)

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

    def _take(self, moment: Moment, number: int, name: str) -> _Fault | None:
        with self._lock:
            for fault in self._coming:
                if fault.moment == moment and fault.at in (None, number, name):
                    fault.times -= 1
                    if fault.times == 0:
                        self._coming.remove(fault)
                    return fault
        return None
