"""Which company file is open: learnt in the greeting, refused when it is another one, with its home currency."""

from __future__ import annotations

import re

import pytest

from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from engine.protocol import Endpoint, Query
from tests.connectors.quickbooks_desktop.caller import FILE, answers, ask, call, empty, hcp, login, rs, tell, visit
from tests.connectors.quickbooks_desktop.ports import Clock, MemoryState, MemoryWork, make_site

MULTI = (
    "<MultiCurrencyPreferences><IsMultiCurrencyOn>true</IsMultiCurrencyOn><HomeCurrencyRef><ListID>C1</ListID>"
    "<FullName>Canadian Dollar</FullName></HomeCurrencyRef></MultiCurrencyPreferences>"
)


def opened(work: MemoryWork, clock: Clock, state: MemoryState | None = None, **settings: object) -> Endpoint:
    return QuickBooksDesktop.open(make_site(work, clock, state, **settings))


def test_another_company_is_refused_with_both_names_and_nothing_is_read(clock: Clock, state: MemoryState) -> None:
    work = MemoryWork(Query("Terms"))
    endpoint = opened(work, clock, state)
    visit(endpoint, empty)
    work.due.append(Query("Terms"))
    for name, file, words in (
        ("Other Corp", FILE, ("Other Corp", "Acme Inc")),
        ("Acme Inc", r"D:\copies\Acme copy.qbw", ("Acme copy.qbw", "Acme.qbw")),
    ):
        ticket = login(endpoint)
        assert ask(endpoint, ticket, hcp(name), file) == ""
        said = call(endpoint, "getLastError", ticket)
        assert all(word in said for word in words)
        assert tell(endpoint, ticket, "<QBXML/>") < 0
        call(endpoint, "closeConnection", ticket)
    assert len(work.results) == 1


def test_the_same_file_by_another_path_and_a_renamed_company_in_the_settings_pass(
    clock: Clock, state: MemoryState
) -> None:
    visit(opened(MemoryWork(Query("Terms")), clock, state), empty)
    moved = opened(MemoryWork(Query("Terms")), clock, state)
    assert ask(moved, login(moved), hcp("ACME Inc"), r"\\server\books\acme.qbw")
    renamed = opened(MemoryWork(Query("Terms")), clock, state, company="Acme Holding")
    clock.move(minutes=4)
    assert ask(renamed, login(renamed), hcp("Acme Holding"))


def test_without_the_greeting_we_ask_who_is_there_ourselves(clock: Clock) -> None:
    endpoint = opened(MemoryWork(Query("Terms")), clock, company="Acme Inc")
    ticket = login(endpoint)
    request = ask(endpoint, ticket, "")
    assert re.findall(r"<(\w+)QueryRq", request) == ["Host", "Company", "Preferences"]
    assert 0 <= tell(endpoint, ticket, hcp()) < 100
    assert "<TermsQueryRq" in ask(endpoint, ticket)


def test_the_code_of_the_home_currency_is_looked_up_once(clock: Clock, state: MemoryState) -> None:
    work = MemoryWork(Query("Invoice", fields=("CurrencyCode",)))
    endpoint = opened(work, clock, state, currency=None)
    ticket = login(endpoint)
    request = ask(endpoint, ticket, hcp(preferences=MULTI))
    assert "<CurrencyQueryRq><ListID>C1</ListID>" in request
    code = "<CurrencyRet><CurrencyCode>CAD</CurrencyCode></CurrencyRet>"
    tell(endpoint, ticket, f"<QBXML><QBXMLMsgsRs><CurrencyQueryRs>{code}</CurrencyQueryRs></QBXMLMsgsRs></QBXML>")
    request = ask(endpoint, ticket)
    tell(endpoint, ticket, answers(request, lambda one: rs(one, "<InvoiceRet><TxnID>T</TxnID></InvoiceRet>")))
    (found,) = work.found("Invoice")
    enriched = QuickBooksDesktop.enrich("Invoice", found.record, lambda entity, key: {})
    assert enriched["CurrencyCode"] == "CAD"
    call(endpoint, "closeConnection", ticket)
    work.due.append(Query("Terms"))
    assert "TermsQueryRq" in ask(endpoint, login(endpoint), hcp(preferences=MULTI)), "known by now"


@pytest.mark.parametrize("greeting", ["<QBXML", "<html/>"])
def test_a_greeting_that_cannot_be_read_ends_the_visit_with_a_reason(clock: Clock, greeting: str) -> None:
    work = MemoryWork(Query("Terms"))
    endpoint = opened(work, clock)
    ticket = login(endpoint)
    assert ask(endpoint, ticket, greeting) == ""
    assert "QuickBooks' answer" in call(endpoint, "getLastError", ticket)
    assert work.results == []


def test_a_greeting_of_ours_that_quickbooks_refuses_ends_the_visit_with_the_action(clock: Clock) -> None:
    endpoint = opened(MemoryWork(Query("Terms")), clock)
    ticket = login(endpoint)
    ask(endpoint, ticket, "")
    assert tell(endpoint, ticket, "", "0x80040418", "First access.") < 0
    assert "QuickBooks Admin" in call(endpoint, "getLastError", ticket)


@pytest.mark.parametrize("refusal", [("", "0x80040402"), ("<QBXML><QBXMLMsgsRs/></QBXML>", "")])
def test_without_the_code_of_the_home_currency_the_setting_counts(clock: Clock, refusal: tuple[str, str]) -> None:
    work = MemoryWork(Query("Invoice", fields=("CurrencyCode",)))
    endpoint = opened(work, clock, currency="CAD")
    ticket = login(endpoint)
    ask(endpoint, ticket, hcp(preferences=MULTI))
    assert 0 <= tell(endpoint, ticket, refusal[0], refusal[1]) < 100
    request = ask(endpoint, ticket)
    tell(endpoint, ticket, answers(request, lambda one: rs(one, "<InvoiceRet><TxnID>T</TxnID></InvoiceRet>")))
    assert work.found("Invoice")[0].record["HomeCurrencyCode"] == "CAD"
