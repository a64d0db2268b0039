"""What hurts users of other Web Connector libraries: each pain by its number, with the cure that is to hold here.

[facts 4; the numbers in brackets there are the reports of those users]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from lxml import etree

from connectors.quickbooks_desktop import status
from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from connectors.quickbooks_desktop.cursors import cursor
from connectors.quickbooks_desktop.entities import sources
from connectors.quickbooks_desktop.simulator import qwc_file
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.faults import Faults, parse_fault
from connectors.quickbooks_desktop.simulator.sample_company import sample_company
from connectors.quickbooks_desktop.simulator.soap_client import QbwcError
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector
from engine.errors import InvalidSettings
from engine.protocol import Failed, Failure, HttpRequest, Query, Request, Write
from tests.connectors.quickbooks_desktop.caller import ask, call, empty, envelope, hcp, login, post, rs, tell, visit
from tests.connectors.quickbooks_desktop.ports import PASSWORD, Clock, MemoryState, MemoryWork, make_site
from tests.connectors.quickbooks_desktop.server import serve

CUSTOMER = "<CustomerRet><ListID>80-1</ListID><Name>A</Name></CustomerRet>"


def company_answers(company: Company) -> Callable[[etree._Element], str]:
    """Answers as the company file does, with its parser, which is as strict about order as QuickBooks'."""
    session = company.open_session()

    def answer(request: etree._Element) -> str:
        text = etree.tostring(request, encoding="unicode")
        document = session.process(
            f'<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="continueOnError">{text}'
            "</QBXMLMsgsRq></QBXML>"
        )
        return etree.tostring(etree.fromstring(document.encode())[0][0], encoding="unicode")

    return answer


def read(clock: Clock, company: Company, *queries: Query, state: MemoryState | None = None) -> MemoryWork:
    work = MemoryWork(*queries)
    _, progress, _ = visit(QuickBooksDesktop.open(make_site(work, clock, state)), company_answers(company))
    assert progress == 100
    return work


def test_pain_01_elements_stand_in_the_schemas_order_whatever_order_a_mapping_names_them_in(clock: Clock) -> None:
    fields = tuple(one.name for one in sources()["Invoice"].entity.fields)
    company = sample_company(1, 3, clock=clock)
    one, other = (read(clock, company, Query("Invoice", fields=names)) for names in (fields, fields[::-1]))
    assert one.found("Invoice") and not one.failures and not other.failures  # 0x80040400 would fail them
    assert [found.record for found in one.found("Invoice")] == [found.record for found in other.found("Invoice")]


def test_pain_02_the_empty_second_string_of_authenticate_is_always_there(clock: Clock) -> None:
    inside = f"<strUserName>acme</strUserName><strPassword>{PASSWORD}</strPassword>"
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(Query("Customer")), clock))
    body = post(endpoint, envelope("authenticate", inside)).body
    assert re.search(
        rb"<authenticateResult><string>[\w-]{20,}</string><string( ?/>|></string>)</authenticateResult>", body
    )


def test_pain_03_a_plain_get_or_head_is_answered_so_that_the_application_can_be_added(clock: Clock) -> None:
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(), clock))
    for method in ("GET", "HEAD"):
        assert endpoint.answer(HttpRequest(method, "", {}, b"")).status == 200


@pytest.mark.parametrize(
    ("url", "rule"), [("http://sync.example.com/x", "QBWC1010"), ("https://192.0.2.7/x", "QBWC1001")]
)
def test_pain_04_an_address_that_the_web_connector_refuses_is_refused_when_the_file_is_written(
    clock: Clock, url: str, rule: str
) -> None:
    with pytest.raises(InvalidSettings, match=rule):
        QuickBooksDesktop.write_qwc(replace(make_site(MemoryWork(), clock), url=url))


def test_pain_05_a_qwc_file_that_is_downloaded_again_is_taken_by_the_same_company(clock: Clock) -> None:
    company, site = Company(clock=clock), make_site(MemoryWork(), clock)
    for _ in range(2):
        qwc_file.register(qwc_file.read(QuickBooksDesktop.write_qwc(site)), company)
    with pytest.raises(QbwcError, match="QBWC1039"):  # what new ids would come to
        qwc_file.register(qwc_file.read(QuickBooksDesktop.write_qwc(make_site(MemoryWork(), clock))), company)


def test_pain_06_a_request_that_fails_is_not_sent_again_in_the_same_visit(clock: Clock) -> None:
    work = MemoryWork(Query("Terms"))
    again = Query("Terms")

    def due_again(request: Request, result: object) -> None:
        if isinstance(result, Failed):
            work.due.append(again)

    work.when_given = due_again
    requests, _, _ = visit(QuickBooksDesktop.open(make_site(work, clock)), lambda one: rs(one, code=1000))
    assert len(requests) == 1
    assert [one.failure for one in work.failures] == [Failure.RETRY]


def test_pain_07_nothing_found_is_an_empty_page_and_not_an_error(clock: Clock) -> None:
    work = MemoryWork(Query("Customer", cursor="2026-03-01T00:00:00"), Query("Terms"))
    _, progress, said = visit(QuickBooksDesktop.open(make_site(work, clock)), empty)
    assert (progress, work.failures, said[:2]) == (100, [], "OK")
    assert all(page.done and not page.found for name in ("Customer", "Terms") for page in work.pages(name))


def test_pain_08_a_lost_iterator_begins_again_and_the_cursor_did_not_move(clock: Clock) -> None:
    work = MemoryWork(Query("Customer", fields=("Name",), cursor="2026-03-01T00:00:00"))
    answers = [
        lambda one: rs(one, CUSTOMER, iteratorID="{1}", iteratorRemainingCount=1),
        lambda one: rs(one, code=3391),
        lambda one: rs(one, CUSTOMER, iteratorID="{2}", iteratorRemainingCount=0),
    ]

    def one_after_the_other(request: etree._Element) -> str:
        return answers.pop(0)(request)

    requests, *_ = visit(QuickBooksDesktop.open(make_site(work, clock)), one_after_the_other)
    assert ["Start" in request for request in requests] == [True, False, True]
    assert [page.cursor is None for page in work.pages("Customer")] == [True, False]
    assert not work.failures


def test_pain_09_a_continued_iterator_keeps_its_request_id(clock: Clock) -> None:
    work = MemoryWork(Query("Customer", cursor="2026-03-01T00:00:00"))
    left = iter([1, 0])
    requests, _, _ = visit(
        QuickBooksDesktop.open(make_site(work, clock)),
        lambda one: rs(one, CUSTOMER, iteratorID="{1}", iteratorRemainingCount=next(left)),
    )
    first, second = (etree.fromstring(request.encode())[0][0] for request in requests)
    assert second.get("iterator") == "Continue"
    assert first.get("requestID") == second.get("requestID")


def test_pain_10_requests_are_ascii_and_names_with_accents_arrive_whole(clock: Clock) -> None:
    company = Company(clock=clock)
    key = company.add_customer("Müller & Söhne – “Élan”")
    work = MemoryWork(Query("Customer", "keys", ("Name",), keys=(key, "80-é")))
    requests, _, _ = visit(QuickBooksDesktop.open(make_site(work, clock)), empty)
    assert all(request.isascii() for request in requests) and "80-&#233;" in requests[0]
    found = read(clock, company, Query("Customer", fields=("Name",))).found("Customer")
    assert [one.record["Name"] for one in found] == ["Müller & Söhne – “Élan”"]


def test_pain_10_a_name_that_quickbooks_cannot_hold_is_spelt_with_what_it_has(clock: Clock) -> None:
    company = Company(clock=clock)
    work = MemoryWork(Write("a", "Customer", "create", None, {"Name": "Łódź – Straße"}))
    endpoint = QuickBooksDesktop.open(make_site(work, clock))
    requests, *_ = visit(endpoint, company_answers(company))
    assert all(request.isascii() for request in requests)
    assert [one["Name"] for one in company.records("Customer")] == ["Lódz - Straße"]


@pytest.mark.parametrize("change", ["2026-03-08T07:00:00", "2026-11-01T06:00:00"])
def test_pain_11_a_change_in_the_hours_around_a_change_of_the_clock_is_read(change: str) -> None:
    """Both ways: what is saved while a reading begins has a wall-clock stamp at or after that reading's cursor."""
    site = make_site(MemoryWork(), Clock())
    for minutes in range(-180, 181, 7):
        began = datetime.fromtimestamp(
            datetime.fromisoformat(change).replace(tzinfo=UTC).timestamp() + 60 * minutes, UTC
        )
        clock = Clock(began)
        company = Company(clock=clock, zone=site.zone.key, opened=datetime(2026, 1, 1, tzinfo=UTC))
        company.add("PaymentMethod", Name="Check")
        found = read(clock, company, Query("PaymentMethod", fields=("Name",), cursor=cursor(began, site.zone)))
        assert [one.record["Name"] for one in found.found("PaymentMethod")] == ["Check"], began


def test_pain_12_a_visit_without_work_says_that_all_is_well_and_when_the_next_one_is(clock: Clock) -> None:
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(), clock, every="10 minutes"))
    ticket, word = call(endpoint, "authenticate", "acme", PASSWORD)
    assert word == "none"
    assert call(endpoint, "closeConnection", ticket) == "Nothing to do. The next visit is planned for 10:10."


def test_pain_13_whatever_breaks_inside_the_answer_is_soap_from_its_first_byte(clock: Clock) -> None:
    class Broken(MemoryWork):
        def take(self, limit: int, stale_before: datetime) -> list[Request]:
            raise RuntimeError("<html>a page of errors</html>")

    endpoint = QuickBooksDesktop.open(make_site(Broken(Query("Customer")), clock))
    ticket = login(endpoint)
    inside = f"<ticket>{ticket}</ticket><strHCPResponse>{escape(hcp())}</strHCPResponse>"
    response = post(endpoint, envelope("sendRequestXML", inside))
    assert response.status == 200 and response.body.startswith(b"<?xml") and b"html" not in response.body
    assert "internal error" in str(call(endpoint, "getLastError", ticket))


@pytest.mark.parametrize("code", sorted(status.HRESULTS))
def test_pain_14_every_hresult_becomes_a_sentence_that_is_kept_for_people(clock: Clock, code: int) -> None:
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(Query("Customer")), clock))
    ticket = login(endpoint)
    assert call(endpoint, "connectionError", ticket, f"0x{code:08X}", "Its words.") == "done"
    (check,) = [one for one in endpoint.ping() if one.name == "last visit"]
    assert not check.ok and check.message.startswith(status.HRESULTS[code].sentence)


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (3200, Failure.STALE),
        (3175, Failure.RETRY),
        (3176, Failure.RETRY),
        (3170, Failure.RETRY),
        (3171, Failure.REFUSED),
    ],
)
def test_pain_15_races_with_people_are_told_apart_from_what_will_never_work(code: int, failure: Failure) -> None:
    assert status.failed(code, "", "Invoice").failure is failure


@pytest.mark.parametrize("request_number", [1, 2, 3])
def test_pain_16_what_was_written_before_the_answer_was_lost_is_not_written_again(
    clock: Clock, state: MemoryState, request_number: int
) -> None:
    """More of it in test_writing."""
    company, work = Company(clock=clock), MemoryWork(Write("a", "Customer", "create", None, {"Name": "Jones"}))
    faults = Faults(parse_fault(f"cut-before@receiveResponseXML#{request_number}"))
    for _ in range(2):
        with serve(QuickBooksDesktop.open(make_site(work, clock, state))) as url:
            WebConnector(url, "acme", PASSWORD, company, faults=faults, sleep=lambda seconds: None).visit()
        clock.move(minutes=5)
    assert [one["Name"] for one in company.records("Customer")] == ["Jones"]


def test_pain_17_one_bad_request_costs_the_others_nothing(clock: Clock) -> None:
    work = MemoryWork(Query("Terms"), Query("PaymentMethod"), Query("CustomerType"))
    endpoint = QuickBooksDesktop.open(make_site(work, clock))
    ticket = login(endpoint)
    request = ask(endpoint, ticket, hcp())
    assert request.count("QueryRq ") == 3 and 'onError="continueOnError"' in request
    percent = tell(endpoint, ticket, "", "0x80040400", "cannot parse")
    while 0 <= percent < 100:
        request = ask(endpoint, ticket)
        broken = "PaymentMethod" in request
        asked = etree.fromstring(request.encode())[0]
        answer = f"<QBXML><QBXMLMsgsRs>{''.join(map(empty, asked))}</QBXMLMsgsRs></QBXML>"
        percent = tell(endpoint, ticket, *(("", "0x80040400", "") if broken else (answer,)))
    assert [request.entity for request, result in work.results if isinstance(result, Failed)] == ["PaymentMethod"]
    assert work.pages("Terms")[0].done and work.pages("CustomerType")[0].done


def test_pain_18_tickets_cannot_be_guessed_collide_or_live_for_ever(clock: Clock) -> None:
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(Query("Customer")), clock))
    tickets = {login(endpoint) for _ in range(5)}
    assert len(tickets) == 5 and all(len(ticket) >= 40 for ticket in tickets)
    last = login(endpoint)
    clock.move(minutes=61)
    assert ask(endpoint, last, hcp()) == ""


def test_pain_19_voided_and_deleted_invoices_are_both_noticed(clock: Clock, state: MemoryState) -> None:
    company = sample_company(1, 3, clock=clock)
    fields = tuple(one.name for one in sources()["Invoice"].entity.fields)
    work = read(clock, company, Query("Invoice", fields=fields), state=state)
    before = {one.key: QuickBooksDesktop.derive("Invoice", one.record, None) for one in work.found("Invoice")}
    voided, deleted = company.ids("Invoice")[:2]
    clock.move(hours=2)
    company.void_invoice(voided)
    company.delete_transaction(deleted)
    since = work.pages("Invoice")[-1].cursor
    later = read(
        clock,
        company,
        Query("Invoice", fields=fields, cursor=since),
        Query("Invoice", "gone", cursor=since),
        state=state,
    )
    (found,) = later.found("Invoice")
    assert QuickBooksDesktop.derive("Invoice", found.record, before[voided])["IsVoided"] is True
    assert [one.key for one in later.gone("Invoice")] == [deleted]
