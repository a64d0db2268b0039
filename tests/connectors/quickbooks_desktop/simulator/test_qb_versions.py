"""Older QuickBooks: fewer versions on offer, newer elements refused in requests and left out of answers."""

import csv

import pytest

from connectors.quickbooks_desktop.simulator import requests
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.errors import HResult
from connectors.quickbooks_desktop.simulator.versions import VERSIONS, number, since

JOB_TITLE = "<CustomerAddRq><CustomerAdd><Name>New</Name><JobTitle>Chief</JobTitle></CustomerAdd></CustomerAddRq>"


def process(company: Company, messages: str, version: str) -> str:
    return company.process(
        f'<?xml version="1.0"?><?qbxml version="{version}"?><QBXML><QBXMLMsgsRq onError="stopOnError">{messages}'
        "</QBXMLMsgsRq></QBXML>"
    )


def test_an_older_quickbooks_offers_less_and_knows_no_newer_document(company):
    company.facts.offer("8.0")
    answer = process(company, "<HostQueryRq />", "8.0")
    assert "<SupportedQBXMLVersion>8.0</" in answer and "<SupportedQBXMLVersion>9.0</" not in answer
    with pytest.raises(HResult) as caught:
        process(company, "<HostQueryRq />", "13.0")
    assert caught.value.hex == "0x80040423"
    assert company.facts.max_version == (8, 0)


def test_an_element_that_is_newer_than_the_document_is_refused(company):
    with pytest.raises(HResult) as caught:
        process(company, JOB_TITLE, "11.0")
    assert caught.value.hex == "0x80040400"
    assert 'statusCode="0"' in process(company, JOB_TITLE, "12.0")
    with pytest.raises(HResult):
        process(company, "<CurrencyQueryRq />", "7.0")


def test_an_answer_has_what_its_version_knows(company):
    company.add_customer("Titled", JobTitle="Chief", BillAddress={"Addr1": "1 Main", "Addr5": "Floor 5"})
    query = "<CustomerQueryRq><FullName>Titled</FullName></CustomerQueryRq>"
    old, new = process(company, query, "5.0"), process(company, query, "13.0")
    for name in ("JobTitle", "Addr5", "BillAddressBlock"):
        assert (name in old, name in new) == (False, True), name
    assert "<Addr1>1 Main</Addr1>" in old


def test_only_versions_that_were_are_offered(company):
    with pytest.raises(ValueError, match=r"13\.5"):
        company.facts.offer("13.5")
    assert VERSIONS[-1] == "13.0"


@pytest.mark.reference
def test_the_versions_of_the_requests_elements_are_those_of_the_reference(reference):
    """What came with 6.0 or later exactly; nothing is called newer than it is."""
    wrong, compared = [], 0
    within: dict[str, tuple[int, ...]] = {}
    with (reference / "tables" / "fields-qbxml130.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            message, path = row["message"], row["path"]
            if message not in requests.QUERIES and message not in requests.WRITES:
                continue
            if path.startswith("@") or "QBD" in row["not_in_edition"].split("|"):
                continue
            parent, name = ([message, *path.split("/")])[-2:]
            outer = within.get(f"{message} {path.rpartition('/')[0]}", (1, 0))
            told = within[f"{message} {path}"] = max(outer, number(row["since_version"] or "1.0"))
            ours = max(outer, since(parent, name))  # what stands in something newer is as new as that
            compared += 1
            if ours > told or (told >= (6, 0) and ours != told):
                wrong.append(f"{message} {path}: {told}, not {ours}")
    assert compared > 500
    assert wrong == []


@pytest.mark.parametrize(("change", "code"), [({"read_only": True}, "3263"), ({"writes_allowed": False}, "3261")])
def test_an_application_that_may_only_read_is_refused_every_write_and_no_query(company, ask, change, code):
    for name, value in change.items():
        setattr(company.facts, name, value)
    answers = ask(JOB_TITLE + "<CustomerQueryRq />")
    assert [answer.get("statusCode") for answer in answers] == [code, "0"]
    assert company.find("Customer", "New") is None
