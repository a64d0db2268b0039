"""Plays the QuickBooks Web Connector: visits a SOAP URL over real HTTP in the real order of calls, on a `Company`."""

import ssl
import time
from collections.abc import Callable

from connectors.quickbooks_desktop.simulator import qwc_file
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.errors import HResult
from connectors.quickbooks_desktop.simulator.faults import TEXTS, Faults
from connectors.quickbooks_desktop.simulator.qbxml_service import Session
from connectors.quickbooks_desktop.simulator.qwc_file import Application
from connectors.quickbooks_desktop.simulator.soap_client import NUMBERS, QbwcError, Reply, SoapClient
from connectors.quickbooks_desktop.simulator.visit import Call, Outcome, VisitReport

NO_OP_PAUSE = 5.0
"""Seconds between a NoOp and the next question. [facts 1.2]"""

_RETRIES = 2  # of opening QuickBooks [facts 1.4]
_MOST_NO_OPS = 100  # a server that says NoOp for ever is a fault of the server [assumed]
_STRANGER = "{00000000-0000-4000-8000-000000000000}"  # a ticket of the usual form that nobody gave [facts 1.3]
_HCP = (
    '<?xml version="1.0" encoding="utf-8"?><?qbxml version="{version}"?><QBXML><QBXMLMsgsRq onError="stopOnError">'
    '<HostQueryRq requestID="0" /><CompanyQueryRq requestID="1">{owner}</CompanyQueryRq>'
    '<PreferencesQueryRq requestID="2" /></QBXMLMsgsRq></QBXML>'
)


class _Ended(Exception):
    def __init__(self, outcome: Outcome) -> None:
        self.outcome: Outcome = outcome


class WebConnector:
    """One row of the Web Connector's window: an application's URL, user and password, and the open company file.

    `sleep` is used for pauses and slow answers, so that tests need not wait; `told` gets a line per call.
    """

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        company: Company,
        *,
        faults: Faults | None = None,
        sleep: Callable[[float], None] = time.sleep,
        told: Callable[[str], None] = lambda line: None,
        version: str = "2.3.0.215",
        timeout: float = 100.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.url = url
        self.username = username
        self.password = password
        self.company = company
        self.faults = faults or Faults()
        self.application: Application | None = None
        self._sleep = sleep
        self._told = told
        self._version = version
        self._timeout = timeout
        self._ssl_context = ssl_context

    def add(self, qwc_text: str) -> Application:
        """Adds the application of a .qwc file, as "Add an application" does; QbwcError says which rule fails.

        Reads the file strictly, asks AppURL and AppSupport by plain GET, writes FileID into the company file, and
        takes URL and user from the file. [facts 1.5]
        """
        application = qwc_file.read(qwc_text)
        client = SoapClient(application.url, timeout=self._timeout, ssl_context=self._ssl_context)
        qwc_file.check_reachable(application, client.get)
        qwc_file.register(application, self.company)
        self.application, self.url, self.username = application, application.url, application.user
        return application

    def visit(self) -> VisitReport:
        """One visit, from serverVersion to closeConnection; never raises for what the server does."""
        return _Visit(self).run()


class _Visit:
    """One session with the server and, if there is work, one with QuickBooks."""

    def __init__(self, connector: WebConnector) -> None:
        self._c = connector
        self._soap = SoapClient(connector.url, timeout=connector._timeout, ssl_context=connector._ssl_context)
        self._report = VisitReport()
        self._began = time.monotonic()
        self._ticket = ""
        self._session: Session | None = None

    def run(self) -> VisitReport:
        """The order of calls. [facts 1.4]"""
        try:
            self._greet()
            file = self._authenticate()
            self._open(file)
            self._work()
        except _Ended as end:
            self._report.outcome = end.outcome
        except QbwcError as error:  # [assumed: no closeConnection after an answer that was not believed]
            self._report.errors.append(error)
            self._report.outcome = "error"
        finally:
            self._soap.close()
            if self._session is not None:
                self._session.close()  # iterators die with the visit
        return self._report

    # calls

    def _call(self, method: str, *arguments: tuple[str, str]) -> Reply:
        number = len(self._report.calls) + 1
        faults = self._c.faults
        started = time.monotonic()
        failed = True
        try:
            if faults.strikes("cut_before", number, method):
                self._cut(method)
            if faults.strikes("stranger", number, method):
                arguments = tuple((name, _STRANGER if name == "ticket" else value) for name, value in arguments)
            reply = self._soap.call(method, *arguments)
            if faults.strikes("late", number, method):
                self._c._sleep(self._c._timeout)
                self._cut(method, "The operation has timed out.")
            if faults.strikes("cut_after", number, method):
                self._cut(method)
            failed = False
        finally:
            seconds = time.monotonic() - started
            self._report.calls.append(Call(method, started - self._began, seconds, failed))
            self._c._told(f"{method}{' failed' if failed else ''} ({seconds * 1000:.0f} ms)")
        if faults.strikes("abandon_after", number, method):
            raise _Ended("abandoned")
        return reply

    def _cut(self, method: str, words: str = "The underlying connection was closed.") -> None:
        self._report.errors.append(QbwcError(NUMBERS[method], words))
        raise _Ended("cut")

    def _close(self, outcome: Outcome) -> None:
        self._report.status = self._call("closeConnection", ("ticket", self._ticket)).text
        if self._c.faults.strikes("closed_twice"):
            self._misplaced("closeConnection", ("ticket", self._ticket))
        raise _Ended(outcome)

    def _misplaced(self, method: str, *arguments: tuple[str, str]) -> None:
        """A call that the order of calls does not have there; the visit goes on as if it had not been made."""
        self._report.misplaced.append(self._call(method, *arguments).text)

    def _last_error(self) -> str:
        self._report.last_error = self._call("getLastError", ("ticket", self._ticket)).text
        return self._report.last_error

    # steps

    def _greet(self) -> None:
        self._report.server_version = self._call("serverVersion").text
        answer = self._call("clientVersion", ("strVersion", self._c._version)).text
        kind, _, text = answer.partition(":")
        if answer and (kind not in ("W", "E", "O") or not text):
            raise QbwcError(1046, f"clientVersion answered {answer!r}")
        if kind == "W":  # the user goes on
            self._report.warning = text
        elif kind in ("E", "O"):  # [facts 1.2: both stop]
            self._report.errors.append(QbwcError(1037, text))
            raise _Ended("version")

    def _authenticate(self) -> str:
        """The company file to open; ends the visit where there is nothing to do. [facts 1.3]"""
        if self._c.faults.strikes("early"):
            self._misplaced("sendRequestXML", ("ticket", ""), *self._about_quickbooks(""))
        user, password = ("strUserName", self._c.username), ("strPassword", self._c.password)
        strings = self._call("authenticate", user, password).strings
        self._ticket = strings[0]
        report = self._report
        report.postponed_seconds = _seconds(strings[2]) if len(strings) > 2 else None
        report.minimum_seconds = _seconds(strings[3]) if len(strings) > 3 else None
        word = strings[1].lower()  # values are case-insensitive in practice
        if word == "nvu":
            self._close("refused")
        if report.postponed_seconds:  # beats work
            self._close("postponed")
        if word in ("none", "busy"):
            self._close("no work" if word == "none" else "busy")
        return strings[1]

    def _open(self, file: str) -> None:
        """Opens QuickBooks, or tells connectionError why not; the server may name another file, twice."""
        for attempt in range(_RETRIES + 1):
            problem = self._c.faults.hresult("open") or self._wrong_file(file)
            if problem is None:
                self._session = self._c.company.open_session()
                return
            self._report.hresults.append(problem.hex)
            arguments = (("ticket", self._ticket), ("hresult", problem.hex), ("message", problem.text))
            file = self._call("connectionError", *arguments).text
            if file.lower() == "done" or attempt == _RETRIES:
                raise _Ended("not opened")

    def _wrong_file(self, file: str) -> HResult | None:
        """A path other than that of the open file cannot be opened. [facts 1.7]"""
        if not file or file.lower() == self._c.company.facts.path.lower():
            return None
        return HResult(0x8004040A, TEXTS[0x8004040A])

    def _work(self) -> None:
        hcp = self._host_company_preferences()
        no_ops = 0
        while True:
            request = self._call("sendRequestXML", ("ticket", self._ticket), *self._about_quickbooks(hcp)).text
            hcp = ""  # only the first time [facts 1.4]
            if request in ("", "NoOp"):
                no_ops += 1
                self._pause_or_end(no_ops)
                continue
            self._settle(*self._process(request))

    def _about_quickbooks(self, hcp: str) -> tuple[tuple[str, str], ...]:
        """The arguments of sendRequestXML after the ticket. [facts 1.2]"""
        facts = self._c.company.facts
        major, minor = facts.max_version
        return (
            ("strHCPResponse", hcp), ("strCompanyFileName", facts.path), ("qbXMLCountry", facts.country),
            ("qbXMLMajorVers", str(major)), ("qbXMLMinorVers", str(minor)),
        )  # fmt: skip

    def _pause_or_end(self, no_ops: int) -> None:
        """After '' or NoOp getLastError decides: NoOp pauses, any other text ends. [facts 1.4]"""
        if self._last_error() != "NoOp":
            self._close("done")
        if no_ops >= _MOST_NO_OPS:
            self._close("stopped")
        self._c._sleep(NO_OP_PAUSE)

    def _process(self, request: str) -> tuple[str, str, str]:
        """(response, hresult, message) of ProcessRequest; the response is '' where it threw. [facts 1.4]"""
        assert self._session is not None
        self._report.requests.append(request)
        number = len(self._report.requests)
        faults = self._c.faults
        if delay := faults.delay(number):
            self._c._sleep(delay)
        try:
            if error := faults.hresult("process", number):
                raise error
            response = self._session.process(request)
        except HResult as error:
            self._report.responses.append("")
            self._report.hresults.append(error.hex)
            return "", error.hex, error.text
        if faults.strikes("truncate", number):
            response = response[: len(response) // 2]
        self._report.responses.append(response)
        return response, "", ""

    def _settle(self, response: str, hresult: str, message: str) -> None:
        """Hands the answer over and does what the number says. [facts 1.2]"""
        answer = (("ticket", self._ticket), ("response", response), ("hresult", hresult), ("message", message))
        text = self._call("receiveResponseXML", *answer).text
        if self._c.faults.strikes("received_twice", len(self._report.requests)):
            self._misplaced("receiveResponseXML", *answer)
        try:
            progress = int(text.strip())
        except ValueError:
            raise QbwcError(1042, f"receiveResponseXML answered {text!r}, not an int") from None
        if progress > 100:
            raise QbwcError(1042, f"receiveResponseXML answered {progress}; at most 100")  # [assumed]
        self._report.progress.append(progress)
        if progress == 100:
            self._close("done")
        if progress < 0:
            if self._last_error() == "NoOp":
                self._c._sleep(NO_OP_PAUSE)
                return
            self._close("stopped")

    def _host_company_preferences(self) -> str:
        """The first strHCPResponse: really asked of the company file, with the application's own company data."""
        assert self._session is not None
        application = self._c.application
        owner = f"<OwnerID>{application.owner_id}</OwnerID>" if application else ""
        try:
            return self._session.process(_HCP.format(version=self._c.company.facts.versions[-1], owner=owner))
        except HResult as error:
            raise QbwcError(1014, str(error)) from None


def _seconds(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        raise QbwcError(1012, f"authenticate answered {text!r} where seconds are due") from None
