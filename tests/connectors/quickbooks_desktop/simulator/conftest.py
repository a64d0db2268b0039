"""Fixtures of the simulator's tests: a clock that tests move, a company file, schemas, and a scripted SOAP server."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from lxml import etree

from connectors.quickbooks_desktop.simulator.company import Company

REFERENCE = Path(__file__).parents[5] / "shared" / "reference" / "quickbooks"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
INTUIT = "http://developer.intuit.com/"


@pytest.fixture
def reference() -> Path:
    """Intuit's schemas and samples, which may not be published with the repository."""
    if not REFERENCE.is_dir():
        pytest.skip(f"the reference data is not at {REFERENCE}")
    return REFERENCE


@pytest.fixture
def qbxml_schema(reference: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(reference / "xsd" / "qbxmlops130.xsd"))


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 7, 1, 16, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company(clock: Clock) -> Company:
    """A company in New York with one customer, a job, items of the important kinds, and nothing sold yet."""
    company = Company(clock=clock, zone="America/New_York")
    company.add("CustomerType", Name="Retail")
    company.add("StandardTerms", Name="Net 30", StdDueDays=30)
    company.add("DateDrivenTerms", Name="Tenth", DayOfMonthDue=10, DueNextMonthDays=5)
    company.add("PaymentMethod", Name="Check")
    company.add("Employee", Name="Jane Doe")
    company.add("SalesRep", Initial="JD", SalesRepEntityRef="Jane Doe")
    company.add_item("ItemSalesTax", "Tax 10", price=Decimal("10"))
    company.add_item("ItemService", "Labor", price=Decimal("50"), description="Work")
    company.add_item("ItemInventory", "Lamp", price=Decimal("19.99"))
    company.add_item("ItemDiscount", "Ten off", DiscountRatePercent=Decimal(10))
    company.add_item("ItemSubtotal", "Subtotal")
    company.add_item("ItemGroup", "Kit", ItemGroupLine=[{"ItemRef": "Lamp", "Quantity": 2}, {"ItemRef": "Labor"}])
    acme = company.add_customer("Acme & Sons", Email="a@acme.example", TermsRef="Net 30", SalesRepRef="JD")
    company.add_customer("Roof", parent=acme)
    company.define_custom_field("CRM status", ("Customer",))
    clock.advance(hours=1)
    return company


Ask = Callable[..., etree._Element]


@pytest.fixture
def ask(company: Company) -> Ask:
    """Sends messages in an envelope to the company's session and gives the QBXMLMsgsRs of the answer."""

    def send(messages: str, on_error: str = "continueOnError", **attributes: str) -> etree._Element:
        extra = "".join(f' {name}="{value}"' for name, value in attributes.items())
        answer = company.process(
            '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?><QBXML>'
            f'<QBXMLMsgsRq onError="{on_error}"{extra}>{messages}</QBXMLMsgsRq></QBXML>'
        )
        return etree.fromstring(answer.encode())[0]

    return send


class Server:
    """A tiny SOAP server that answers what the test wrote down, and keeps what it was sent.

    `answers` maps a method to a list of results, used one after the other (the last one stays); a result is text,
    a list for authenticate, or a whole (status, headers, body).
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[object]] = {
            "serverVersion": ["1.0"], "clientVersion": [""], "authenticate": [["ticket-1", ""]],
            "sendRequestXML": [""], "receiveResponseXML": ["100"], "getLastError": ["nothing to do"],
            "closeConnection": ["OK"], "connectionError": ["done"],
        }  # fmt: skip
        self.received: list[etree._Element] = []  # body children
        self.headers: list[dict[str, str]] = []
        self.get_status = 200
        self.url = ""

    def handle(self, raw: bytes) -> tuple[int, dict[str, str], bytes]:
        body = etree.fromstring(raw).find(f"{{{SOAP}}}Body")
        assert body is not None
        self.received.append(body[0])
        method = etree.QName(body[0]).localname
        script = self.answers[method]
        result = script[0] if len(script) == 1 else script.pop(0)
        if isinstance(result, tuple):
            return result
        return 200, {"Content-Type": "text/xml; charset=utf-8"}, soap(method, result)

    def arguments(self, method: str, which: int = 0) -> dict[str, str]:
        found = [call for call in self.received if etree.QName(call).localname == method]
        return {etree.QName(child).localname: child.text or "" for child in found[which]}


def soap(method: str, result: object) -> bytes:
    """The envelope of an answer; a list becomes <string> elements."""
    element = etree.Element(f"{{{INTUIT}}}{method}Response", nsmap={None: INTUIT})
    holder = etree.SubElement(element, f"{{{INTUIT}}}{method}Result")
    if isinstance(result, list):
        for text in result:
            etree.SubElement(holder, f"{{{INTUIT}}}string").text = text
    else:
        holder.text = str(result)
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(element)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


@pytest.fixture
def server() -> Iterator[Server]:
    scripted = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            scripted.headers.append(dict(self.headers.items()))
            status, headers, body = scripted.handle(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.send_response(scripted.get_status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    scripted.url = f"http://127.0.0.1:{http.server_port}/qbwc"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield scripted
    http.shutdown()
    thread.join()
    http.server_close()
