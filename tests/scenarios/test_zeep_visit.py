"""A SOAP client that nobody here wrote plays whole visits against `engine serve`, by our WSDL and by Intuit's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zeep
from zeep.transports import Transport

from tests.scenarios.served import PASSWORD, USER, Served, running

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"
BINDING = "{http://developer.intuit.com/}QBWebConnectorSvcSoap"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running(tmp_path_factory.mktemp("zeep") / "work") as one:
        yield one


def visit(service: Any, served: Served) -> tuple[int, str]:
    """The real order of calls; returns the number of requests and the farewell."""
    assert service.serverVersion() is not None
    assert service.clientVersion("2.3.0.215") in (None, "")
    ticket, file = service.authenticate(USER, PASSWORD)[:2]
    assert file in (None, "")
    session = served.company.open_session()
    hcp = session.process(
        '<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="continueOnError">'
        '<HostQueryRq requestID="0"/><CompanyQueryRq requestID="1"><OwnerID>0</OwnerID></CompanyQueryRq>'
        '<PreferencesQueryRq requestID="2"/></QBXMLMsgsRq></QBXML>'
    )
    requests, progress = 0, 0
    while progress < 100:
        request = service.sendRequestXML(ticket, hcp, "company.qbw", "US", 13, 0)
        hcp = ""
        if not request:
            service.getLastError(ticket)
            break
        requests += 1
        progress = service.receiveResponseXML(ticket, session.process(request), "", "")
        assert 0 <= progress <= 100
    return requests, service.closeConnection(ticket)


@pytest.mark.reference
def test_zeep_with_the_references_wsdl_plays_a_whole_visit(served: Served) -> None:
    wsdl = REFERENCE / "quickbooks" / "wsdl" / "QBWebConnectorSvc.wsdl"
    if not wsdl.exists():
        pytest.skip("../shared/reference is not there")
    client = zeep.Client(str(wsdl), transport=Transport(timeout=30))
    requests, farewell = visit(client.create_service(BINDING, served.soap), served)
    assert requests > 5
    assert farewell.startswith("OK")
    served.settle()
    assert len(served.account.records("deal")) == len(served.company.records("Invoice"))


def test_zeep_with_our_own_wsdl_plays_a_whole_visit(served: Served) -> None:
    client = zeep.Client(served.soap + "?wsdl", transport=Transport(timeout=30))
    client.transport.session.close()
    requests, farewell = visit(client.service, served)
    assert requests > 0
    assert farewell
