"""What a visit of the Web Connector was: its calls, requests and outcome, for people and for tests."""

from dataclasses import dataclass, field
from typing import Literal

from connectors.quickbooks_desktop.simulator.soap_client import QbwcError

Outcome = Literal[
    "done", "no work", "refused", "busy", "postponed", "version", "not opened", "stopped", "error", "cut", "abandoned"
]
"""done: the server said 100 (or had nothing more); refused: nvu; version: clientVersion stopped us; not opened:
QuickBooks could not be opened; stopped: a negative progress; error: an answer was not believed; cut and abandoned:
faults."""


@dataclass(frozen=True)
class Call:
    """One SOAP call: `started` in seconds since the visit began; `failed` if no believable answer came."""

    method: str
    started: float
    seconds: float
    failed: bool = False


@dataclass
class VisitReport:
    """One visit from serverVersion to closeConnection."""

    outcome: Outcome = "error"
    calls: list[Call] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)  # every qbXML document that the server sent
    responses: list[str] = field(default_factory=list)  # what it was given back; '' where ProcessRequest threw
    progress: list[int] = field(default_factory=list)  # results of receiveResponseXML
    errors: list[QbwcError] = field(default_factory=list)
    hresults: list[str] = field(default_factory=list)  # HRESULTs reported to the server
    server_version: str = ""
    warning: str = ""  # of clientVersion's W:
    misplaced: list[str] = field(default_factory=list)  # what calls out of their order were answered
    last_error: str = ""  # what getLastError said
    status: str = ""  # what closeConnection said, the status column
    postponed_seconds: int | None = None  # authenticate [2]
    minimum_seconds: int | None = None  # authenticate [3], the lower bound for Every-Min

    @property
    def methods(self) -> list[str]:
        """The names of the calls in their order."""
        return [call.method for call in self.calls]

    @property
    def ok(self) -> bool:
        """Whether the visit ended as it should, with or without work."""
        return self.outcome in ("done", "no work", "postponed") and not self.errors

    @property
    def slowest(self) -> float:
        """The seconds of the slowest call, 0 for a visit without any."""
        return max((call.seconds for call in self.calls), default=0.0)

    def summary(self) -> str:
        """One line for a terminal."""
        errors = "".join(f"; {error}" for error in self.errors)
        told = self.status or self.last_error
        return f"{self.outcome}: {len(self.requests)} requests, {len(self.calls)} calls{errors}" + (
            f"; server says {told!r}" if told else ""
        )
