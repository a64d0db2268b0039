"""Answers of a company with very many customers, made as they are asked for: the company itself is nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

CUSTOMER = (
    "<CustomerRet><ListID>{key}</ListID><TimeCreated>2026-01-05T09:00:00-05:00</TimeCreated>"
    "<TimeModified>2026-01-05T09:00:00-05:00</TimeModified><EditSequence>1767600000</EditSequence>"
    "<Name>Customer {number}</Name><FullName>Customer {number}</FullName><IsActive>true</IsActive>"
    "<Sublevel>0</Sublevel><CompanyName>Customer {number}</CompanyName><BillAddress><Addr1>{number} Main Street</Addr1>"
    "<City>Albany</City><State>NY</State><PostalCode>12207</PostalCode></BillAddress><Phone>555-{number}</Phone>"
    "<Email>office@c{number}.example</Email><Contact>Jo {number}</Contact><Balance>12.50</Balance>"
    "<TotalBalance>12.50</TotalBalance><AccountNumber>A{number}</AccountNumber><JobStatus>None</JobStatus></CustomerRet>"
)
GREETING = (
    '<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><HostQueryRs requestID="0" statusCode="0" statusSeverity="Info">'
    "<HostRet><ProductName>QuickBooks Enterprise</ProductName>"
    "<SupportedQBXMLVersion>13.0</SupportedQBXMLVersion></HostRet>"
    '</HostQueryRs><CompanyQueryRs requestID="1" statusCode="0" statusSeverity="Info"><CompanyRet>'
    "<CompanyName>Very Large</CompanyName></CompanyRet></CompanyQueryRs>"
    '<PreferencesQueryRs requestID="2" statusCode="0" statusSeverity="Info"><PreferencesRet>'
    "<MultiCurrencyPreferences><IsMultiCurrencyOn>false</IsMultiCurrencyOn></MultiCurrencyPreferences>"
    "</PreferencesRet></PreferencesQueryRs></QBXMLMsgsRs></QBXML>"
)


class VeryLarge:
    """Answers message sets: customers page by page until `count` were given, nothing to any other query."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.given = 0

    def process(self, qbxml: str) -> str:
        """The answer to one request document."""
        return document("".join(self._answers(qbxml)))

    def _answers(self, qbxml: str) -> Iterator[str]:
        for request in etree.fromstring(qbxml.encode())[0]:
            name, key = str(request.tag).removesuffix("Rq"), request.get("requestID")
            if name != "CustomerQuery" or self.given == self.count:
                yield f'<{name}Rs requestID="{key}" statusCode="1" statusSeverity="Info" statusMessage="None" />'
                continue
            size = min(int(request.findtext("MaxReturned") or self.count), self.count - self.given)
            self.given += size
            yield customers(self.given - size, size, str(key), self.count - self.given)


def customers(first: int, size: int, request: str = "1", remaining: int = 0) -> str:
    """One page of customers, as the answer to a request."""
    rows = "".join(
        CUSTOMER.format(key=f"{number:08X}-1767600000", number=number) for number in range(first, first + size)
    )
    return (
        f'<CustomerQueryRs requestID="{request}" statusCode="0" statusSeverity="Info" statusMessage="Status OK" '
        f'retCount="{size}" iteratorRemainingCount="{remaining}" iteratorID="{{1}}">{rows}</CustomerQueryRs>'
    )


def document(answers: str) -> str:
    """A response document."""
    return f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>{answers}</QBXMLMsgsRs></QBXML>'
