"""Visits against scripted answers of QuickBooks: what goes out together, what comes of every kind of answer."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from lxml import etree

from connectors.quickbooks_desktop import pages
from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from engine.protocol import CustomField, Endpoint, Failure, Option, Page, Query, Request, Result, Write
from tests.connectors.quickbooks_desktop.caller import answers, ask, call, empty, hcp, login, rs, tell, visit
from tests.connectors.quickbooks_desktop.ports import Clock, MemoryState, MemoryWork, make_site

SINCE = "2026-03-01T00:00:00"
"""The cursor of a first reading that is complete: so what follows comes in one piece."""


def customers(*names: str) -> str:
    return "".join(f"<CustomerRet><ListID>{name}</ListID><Name>{name}</Name></CustomerRet>" for name in names)


def opened(work: MemoryWork, clock: Clock, state: MemoryState | None = None, **settings: object) -> Endpoint:
    return QuickBooksDesktop.open(make_site(work, clock, state, **settings))


# ------------------------------------------------------------------------------------------------------- going out
def test_small_lists_share_a_message_set_and_iterators_go_alone(clock: Clock) -> None:
    names = ("Customer", "Terms", "Invoice", "PaymentMethod", "CustomerType")
    work = MemoryWork(*(Query(name, fields=("TimeModified",), cursor=SINCE) for name in names))
    requests, progress, status = visit(opened(work, clock), empty)
    sets = [re.findall(r"<(\w+)QueryRq", request) for request in requests]
    assert sets == [["Terms", "PaymentMethod", "CustomerType"], ["Customer"], ["Invoice"]]
    assert (progress, status) == (100, "OK: 0 records in 3 requests. The next visit is planned for 10:05.")
    assert len(work.results) == 5
    assert work.due == []


def test_the_version_sent_is_the_newest_that_both_know(clock: Clock) -> None:
    requests, *_ = visit(opened(MemoryWork(Query("Terms")), clock), empty)
    assert '<?qbxml version="13.0"?>' in requests[0]


def test_a_first_reading_filters_transactions_by_date_and_a_later_one_by_change(clock: Clock) -> None:
    first = Query("Invoice", fields=("RefNumber",), since="2026-01-01")
    later = Query("Invoice", fields=("RefNumber",), since="2026-01-01", cursor="2026-03-03T09:45:00")
    lists = Query("Customer", fields=("Name",), cursor="2026-03-03T09:45:00")
    requests = [visit(opened(MemoryWork(query), clock), empty)[0][0] for query in (first, later, lists)]
    assert "<TxnDateRangeFilter><FromTxnDate>2026-03-01</FromTxnDate></TxnDateRangeFilter>" in requests[0]
    assert "Modified" not in requests[0].replace("<IncludeRetElement>TimeModified</IncludeRetElement>", "")
    wall = "<FromModifiedDate>2026-03-03T09:45:00</FromModifiedDate>"
    assert f"<ModifiedDateRangeFilter>{wall}</ModifiedDateRangeFilter>" in requests[1]
    assert "TxnDateRangeFilter" not in requests[1]
    assert f"<ActiveStatus>All</ActiveStatus>{wall}" in requests[2]


def test_lines_links_and_custom_fields_are_included_only_when_wanted(clock: Clock) -> None:
    plain = visit(opened(MemoryWork(Query("ReceivePayment", fields=("Memo",))), clock), empty)[0][0]
    assert "IncludeLineItems" in plain, "applications are how a payment touches invoices"
    bare = visit(opened(MemoryWork(Query("Invoice", fields=("Memo",))), clock), empty)[0][0]
    assert "IncludeLineItems" not in bare
    assert "OwnerID" not in bare
    full = visit(opened(MemoryWork(Query("Invoice", fields=("Lines", "custom"))), clock), empty)[0][0]
    assert "<IncludeLineItems>true</IncludeLineItems><IncludeLinkedTxns>true</IncludeLinkedTxns>" in full
    assert full.index("<OwnerID>0</OwnerID>") > full.index("<IncludeRetElement>DataExtRet</IncludeRetElement>")


def test_work_that_a_page_produces_is_carried_in_the_same_visit(clock: Clock) -> None:
    work = MemoryWork(Query("ReceivePayment", fields=("AppliedToTxnRet",), cursor=SINCE))

    def touched(request: Request, result: Result) -> None:
        if isinstance(request, Query) and request.entity == "ReceivePayment":
            work.due.append(Query("Invoice", "keys", ("RefNumber",), keys=("T1",)))

    work.when_given = touched
    requests, progress, _ = visit(opened(work, clock), empty)
    assert "<TxnID>T1</TxnID>" in requests[1]
    assert progress == 100
    assert set(work.stale_before) == {clock.now}


def test_a_query_that_comes_again_and_again_does_not_keep_the_visit_for_ever(clock: Clock) -> None:
    work = MemoryWork(Query("Terms"))
    work.when_given = lambda request, result: work.due.append(request)
    requests, progress, _ = visit(opened(work, clock), empty)
    assert (len(requests), progress) == (3, 100)


def test_writes_and_unknown_entities_are_given_back_in_words(clock: Clock) -> None:
    work = MemoryWork(Write("w", "Terms", "update", "T1"), Query("Elephant"), Query("Terms"))
    visit(opened(work, clock), empty)
    assert {one.failure for one in work.failures} == {Failure.REFUSED, Failure.CONFIGURATION}
    assert len(work.pages("Terms")) == 1


# ------------------------------------------------------------------------------------------------------- iterators
def test_an_iterator_is_followed_with_one_request_id_and_the_cursor_comes_last(clock: Clock) -> None:
    work = MemoryWork(Query("Customer", fields=("Name",), cursor=SINCE))
    started = clock.now

    def page(request: etree._Element) -> str:
        clock.move(seconds=8)
        if request.get("iterator") == "Start":
            return rs(request, customers("a", "b"), iteratorID="{it}", iteratorRemainingCount=1)
        assert request.get("iteratorID") == "{it}"
        return rs(request, customers("c"), iteratorID="{it}", iteratorRemainingCount=0)

    requests, *_ = visit(opened(work, clock), page)
    assert [re.findall('requestID="(.+?)"', request) for request in requests] == [["1"], ["1"]]
    assert ["ActiveStatus" in request for request in requests] == [True, False], "it keeps the filter it began with"
    assert [one.key for one in work.found("Customer")] == ["a", "b", "c"]
    first, last = work.pages("Customer")
    assert (first.done, first.cursor, first.read_at) == (False, None, started)
    assert last.done
    assert last.cursor == "2026-03-03T09:45:00", "15 minutes before the start, in New York"


def test_an_iterator_that_quickbooks_forgot_starts_again(clock: Clock) -> None:
    work = MemoryWork(Query("Customer", fields=("Name",), cursor=SINCE))
    starts = []

    def page(request: etree._Element) -> str:
        if request.get("iterator") == "Start":
            starts.append(request)
            if len(starts) == 1:
                return rs(request, customers("a"), iteratorID="{1}", iteratorRemainingCount=1)
            return rs(request, customers("a", "b"), iteratorID="{2}", iteratorRemainingCount=0)
        return rs(request, code=3391, message="invalid iteratorID")

    _, progress, _ = visit(opened(work, clock), page)
    assert (len(starts), progress) == (2, 100)
    assert work.pages("Customer")[-1].done
    assert not work.failures


def test_an_iterator_that_is_always_forgotten_fails_after_a_few_attempts(clock: Clock) -> None:
    work = MemoryWork(Query("Customer", cursor=SINCE))

    def page(request: etree._Element) -> str:
        if request.get("iterator") == "Start":
            return rs(request, customers("a"), iteratorID="{1}", iteratorRemainingCount=1)
        return rs(request, code=3391)

    visit(opened(work, clock), page)
    assert [one.failure for one in work.failures] == [Failure.RETRY]


@pytest.mark.parametrize(("code", "hresult"), [(3391, ""), (1000, ""), (3231, ""), (0, "0x80040402")])
def test_whatever_ends_an_iterator_the_next_visit_starts_it_again_from_the_same_cursor(
    clock: Clock, state: MemoryState, code: int, hresult: str
) -> None:
    query = Query("Customer", fields=("Name",), cursor=SINCE)
    work = MemoryWork(query)
    endpoint = opened(work, clock, state)
    ticket = login(endpoint)
    first = ask(endpoint, ticket, hcp())
    tell(
        endpoint,
        ticket,
        answers(first, lambda one: rs(one, customers("a"), iteratorID="{1}", iteratorRemainingCount=9)),
    )
    for _ in range(10):
        request = ask(endpoint, ticket)
        if not request:
            break
        if 'iterator="Start"' in request:  # 3391 is tried again at once, a few times
            page = answers(request, lambda one: rs(one, customers("a"), iteratorID="{1}", iteratorRemainingCount=9))
            tell(endpoint, ticket, page)
        elif hresult:
            tell(endpoint, ticket, "", hresult, "words")
        else:
            tell(endpoint, ticket, answers(request, lambda one: rs(one, code=code)))
    call(endpoint, "closeConnection", ticket)
    assert len(work.failures) == 1 and not any(page.done or page.cursor for page in work.pages("Customer"))
    work.due = [query]  # as the engine does: its cursor has not moved
    again, *_ = visit(endpoint, lambda one: rs(one, customers("b"), iteratorID="{2}", iteratorRemainingCount=0))
    assert 'iterator="Start"' in again[0] and f"<FromModifiedDate>{SINCE}</FromModifiedDate>" in again[0]
    assert work.pages("Customer")[-1].done


def test_a_visit_that_lasts_long_begins_no_more_windows_of_first_readings(clock: Clock) -> None:
    work = MemoryWork(Query("Customer", fields=("Name",), cursor=f"{SINCE} before 2026-01-01"))

    def slow(request: etree._Element) -> str:
        clock.move(minutes=8)
        return rs(request, customers("a"), iteratorID="{1}", iteratorRemainingCount=0)

    requests, progress, said = visit(opened(work, clock), slow)
    assert progress == 100 and said.startswith("OK")
    assert len(requests) == 4, "changes and a window; and once more, since half an hour was not over"
    assert work.due, "the next visit goes on"


@pytest.mark.parametrize(("since", "asked"), [("2025-10-15", 2), ("2025-11-01", 1), ("2026-02-01", 1)])
def test_a_first_day_that_moved_on_ends_the_first_reading_there(clock: Clock, since: str, asked: int) -> None:
    work = MemoryWork(Query("Invoice", fields=("RefNumber",), since=since, cursor=f"{SINCE} before 2025-11-01"))
    requests, *_ = visit(opened(work, clock), empty)
    assert len(requests) == asked and "ModifiedDateRangeFilter" in requests[0]
    assert all(f"<FromTxnDate>{since}</FromTxnDate><ToTxnDate>2025-10-31</ToTxnDate>" in one for one in requests[1:])
    assert work.pages("Invoice")[-1].done and work.pages("Invoice")[-1].cursor == "2026-03-03T09:45:00"


@pytest.mark.parametrize("entity", ["Invoice", "Customer", "Item", "Person", "Terms", "Currency"])
@pytest.mark.reference
def test_all_keys_are_asked_for_without_a_filter_and_without_anything_else(
    clock: Clock, qbxml_schema: etree.XMLSchema, entity: str
) -> None:
    work = MemoryWork(Query(entity, "all"))
    requests, *_ = visit(opened(work, clock), empty)
    for text in requests:
        qbxml_schema.assertValid(etree.fromstring(text.encode()))
        assert "Date" not in text and "OwnerID" not in text and text.count("IncludeRetElement>") == 2
    assert [(page.there, page.cursor) for page in work.pages(entity)] == [((), None)] * len(requests)
    assert [page.done for page in work.pages(entity)] == [False] * (len(requests) - 1) + [True]


def test_keys_of_a_feature_that_is_off_cannot_be_told(clock: Clock) -> None:
    work = MemoryWork(Query("Currency", "all"))
    visit(opened(work, clock), lambda request: rs(request, code=3250, message="not enabled"))
    (page,) = work.pages("Currency")
    assert page.done and page.there is None


def test_a_page_that_was_asked_for_twice_starts_the_iterator_anew(clock: Clock) -> None:
    endpoint = opened(MemoryWork(Query("Customer", cursor=SINCE)), clock)
    ticket = login(endpoint)
    one = ask(endpoint, ticket, hcp())
    tell(endpoint, ticket, answers(one, lambda r: rs(r, customers("a"), iteratorID="{1}", iteratorRemainingCount=5)))
    assert 'iterator="Continue"' in ask(endpoint, ticket)
    assert 'iterator="Start"' in ask(endpoint, ticket), "the answer never came, and no iterator can go back"


@pytest.mark.parametrize(("seconds", "size"), [(1, 200), (8, 100), (20, 50)])
def test_pages_grow_when_they_are_quick_and_shrink_when_they_are_slow(clock: Clock, seconds: int, size: int) -> None:
    state = MemoryState(clock)

    def page(request: etree._Element) -> str:
        clock.move(seconds=seconds)
        return rs(request, customers(*map(str, range(100))), iteratorID="{1}", iteratorRemainingCount=0)

    visit(opened(MemoryWork(Query("Customer", cursor=SINCE)), clock, state), page)
    requests, *_ = visit(opened(MemoryWork(Query("Customer", cursor=SINCE)), clock, state), empty)
    assert f"<MaxReturned>{size}</MaxReturned>" in requests[0]


def test_page_sizes_stay_within_bounds() -> None:
    assert pages.adapted(pages.MOST, pages.MOST, timedelta()) == pages.MOST
    assert pages.adapted(pages.LEAST, 1, timedelta(minutes=1)) == pages.LEAST
    assert pages.adapted(100, 30, timedelta()) == 100, "a page that was not full says nothing"


# ---------------------------------------------------------------------------------------------------------- answers
def test_a_record_has_what_was_asked_for_and_what_it_cannot_say_itself(clock: Clock) -> None:
    work = MemoryWork(Query("Invoice", fields=("Memo", "custom"), cursor=SINCE))
    site = make_site(work, clock)
    object.__setattr__(site, "custom_fields", {"Invoice": (CustomField("Deal status", "text"),)})
    visit(QuickBooksDesktop.open(site), lambda request: rs(request, "<InvoiceRet><TxnID>T</TxnID></InvoiceRet>"))
    (found,) = work.found("Invoice")
    assert (found.key, found.record["Memo"], found.record["LinkedTxn"]) == ("T", None, [])
    assert found.record["HomeCurrencyCode"] == "USD"
    assert found.record["custom"] == {"Deal status": None}
    assert "PONumber" not in found.record


def test_kinds_of_one_list_come_as_one_entity(clock: Clock) -> None:
    work = MemoryWork(Query("Item", cursor=SINCE), Query("Terms"))

    def both(request: etree._Element) -> str:
        if request.tag == "TermsQueryRq":
            return rs(request, "<DateDrivenTermsRet><ListID>d</ListID></DateDrivenTermsRet>")
        inside = (
            "<ItemServiceRet><ListID>s</ListID></ItemServiceRet><ItemSubtotalRet><ListID>t</ListID></ItemSubtotalRet>"
        )
        return rs(request, inside, iteratorID="{1}", iteratorRemainingCount=0)

    visit(opened(work, clock), both)
    assert [(one.key, one.record["Kind"]) for one in work.found("Item")] == [("s", "Service"), ("t", "Subtotal")]
    assert [(one.key, one.record["Kind"]) for one in work.found("Terms")] == [("d", "DateDriven")]


def test_a_person_is_looked_for_in_three_lists_and_missing_only_if_none_has_it(clock: Clock) -> None:
    work = MemoryWork(Query("Person", "keys", ("Name",), keys=("e", "v", "x")))
    asked: dict[str, list[str]] = {}

    def lists(request: etree._Element) -> str:
        name = str(request.tag).removesuffix("QueryRq")
        asked[name] = [child.text or "" for child in request.findall("ListID")]
        found = {"Employee": "e", "Vendor": "v"}.get(name)
        inside = f"<{name}Ret><ListID>{found}</ListID><Name>N</Name></{name}Ret>" if found else ""
        return rs(request, inside, code=500 if found else 1)

    visit(opened(work, clock), lists)
    assert asked == {"Employee": ["e", "v", "x"], "OtherName": ["v", "x"], "Vendor": ["v", "x"]}
    assert [(one.key, one.record["Kind"]) for one in work.found("Person")] == [("e", "Employee"), ("v", "Vendor")]
    assert work.pages("Person")[-1] == Page(missing=("x",), done=True, read_at=clock.now)


def test_all_persons_are_read_list_by_list_and_only_the_last_page_ends_it(clock: Clock) -> None:
    work = MemoryWork(Query("Person"))

    def lists(request: etree._Element) -> str:
        name = str(request.tag).removesuffix("QueryRq")
        return rs(request, f"<{name}Ret><ListID>{name}</ListID></{name}Ret>")

    visit(opened(work, clock), lists)
    assert [one.key for one in work.found("Person")] == ["Employee", "OtherName", "Vendor"]
    assert [page.done for page in work.pages("Person")] == [False, False, True]


def test_many_keys_go_in_requests_of_a_hundred(clock: Clock) -> None:
    keys = tuple(f"T{number}" for number in range(250))
    work = MemoryWork(Query("Invoice", "keys", ("Memo",), keys=keys))

    def found(request: etree._Element) -> str:
        asked = [child.text for child in request.findall("TxnID")]
        assert len(asked) <= 100
        return rs(request, "".join(f"<InvoiceRet><TxnID>{key}</TxnID></InvoiceRet>" for key in asked[1:]), code=500)

    requests, *_ = visit(opened(work, clock), found)
    assert len(requests) == 3
    assert len(work.found("Invoice")) == 247
    assert work.pages("Invoice")[-1].missing == ("T0", "T100", "T200")


@pytest.mark.parametrize("named", [True, False])
def test_one_unknown_key_that_refuses_the_whole_request_costs_the_others_nothing(clock: Clock, named: bool) -> None:
    keys = tuple("abcdefgh")
    work = MemoryWork(Query("Customer", "keys", ("Name",), keys=keys))

    def strict(request: etree._Element) -> str:
        asked = [child.text or "" for child in request.findall("ListID")]
        if "e" in asked:
            words = 'Object "e" specified in the request cannot be found.' if named else "cannot be found"
            return rs(request, code=3120, message=words)
        return rs(request, customers(*asked))

    visit(opened(work, clock), strict)
    assert sorted(one.key for one in work.found("Customer")) == [key for key in keys if key != "e"]
    assert work.pages("Customer")[-1].missing == ("e",)
    assert not work.failures


def test_deletions_come_with_their_own_cursor(clock: Clock) -> None:
    work = MemoryWork(Query("Invoice", "gone", cursor="2026-03-01T00:00:00"), Query("Terms", "gone"))

    def gone(request: etree._Element) -> str:
        if request.tag == "ListDeletedQueryRq":
            assert [one.text for one in request.findall("ListDelType")] == ["StandardTerms", "DateDrivenTerms"]
            return empty(request)
        assert request.findtext("DeletedDateRangeFilter/FromDeletedDate") == "2026-03-01T00:00:00"
        stamps = (
            "<TimeCreated>2026-02-01T00:00:00-05:00</TimeCreated><TimeDeleted>2026-03-02T00:00:00-05:00</TimeDeleted>"
        )
        inside = f"<TxnDelType>Invoice</TxnDelType><TxnID>T</TxnID>{stamps}"
        return rs(request, f"<TxnDeletedRet>{inside}</TxnDeletedRet>")

    visit(opened(work, clock), gone)
    (page,) = work.pages("Invoice")
    assert [(one.key, one.how, one.at) for one in page.gone] == [("T", "deleted", "2026-03-02T00:00:00-05:00")]
    assert (page.done, page.cursor) == (True, "2026-03-03T09:45:00")
    assert work.pages("Terms")[0].done


def test_a_list_whose_feature_is_off_is_empty_and_not_a_failure(clock: Clock) -> None:
    work = MemoryWork(Query("Currency"), Query("Currency", "keys", keys=("C1",)))
    visit(opened(work, clock), lambda request: rs(request, code=3250, message="not enabled"))
    assert not work.failures
    assert [page.missing for page in work.pages("Currency")] == [(), ("C1",)]


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (1000, Failure.RETRY), (3000, Failure.REFUSED), (3030, Failure.REFUSED), (3120, Failure.GONE),
        (3175, Failure.RETRY), (3200, Failure.STALE), (3231, Failure.UNSENT), (3250, Failure.CONFIGURATION),
        (3260, Failure.CONFIGURATION), (9999, Failure.REFUSED),
    ],
)  # fmt: skip
def test_an_error_fails_its_query_and_lets_the_others_pass(clock: Clock, code: int, failure: Failure) -> None:
    work = MemoryWork(Query("Terms"), Query("PaymentMethod"))

    def one_fails(request: etree._Element) -> str:
        return rs(request, code=code, message="Its words.") if "Terms" in request.tag else empty(request)

    _, progress, status = visit(opened(work, clock), one_fails)
    (failed,) = work.failures
    assert (failed.failure, failed.code) == (failure, str(code))
    assert failed.message.startswith("Terms: ") and failed.message.endswith("QuickBooks said: Its words.")
    assert work.pages("PaymentMethod")[0].done
    assert (progress, status) == (100, failed.message)


def test_a_request_that_was_left_unanswered_fails_for_now(clock: Clock) -> None:
    work = MemoryWork(Query("Terms"))
    visit(opened(work, clock), lambda request: "")
    assert [one.failure for one in work.failures] == [Failure.RETRY]


def test_an_answer_that_was_cut_off_fails_for_now_and_ends_the_visit(clock: Clock) -> None:
    work = MemoryWork(Query("Customer", cursor=SINCE), Query("Invoice"))
    endpoint = opened(work, clock)
    ticket = login(endpoint)
    request = ask(endpoint, ticket, hcp())
    whole = answers(request, lambda one: rs(one, customers("a", "b")))
    assert tell(endpoint, ticket, whole[:-40]) < 0
    assert "not well-formed" in call(endpoint, "getLastError", ticket)
    assert [one.failure for one in work.failures] == [Failure.RETRY]
    assert work.found("Customer") == []
    assert call(endpoint, "closeConnection", ticket) == work.visits[0]["message"]


def test_a_visit_is_reported_with_its_times_and_counts(clock: Clock) -> None:
    work = MemoryWork(Query("Customer", cursor=SINCE))

    def slow(request: etree._Element) -> str:
        clock.move(seconds=9)
        return rs(request, customers("a", "b"), iteratorID="{1}", iteratorRemainingCount=0)

    visit(opened(work, clock), slow)
    (facts,) = work.visits
    start = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
    assert (facts["started_at"], facts["ended_at"]) == (start, start + timedelta(seconds=9))
    assert (facts["requests"], facts["records"], facts["message"]) == (1, 2, "OK: 2 records in 1 request.")
    assert (facts["company"], facts["product"]) == ("Acme Inc", "QuickBooks Pro 2024")


def test_work_that_vanished_after_the_login_is_no_problem(clock: Clock, state: MemoryState) -> None:
    work = MemoryWork(Query("Terms"))
    endpoint = opened(work, clock, state)
    ticket = login(endpoint)
    work.due.clear()
    assert ask(endpoint, ticket, hcp()) == ""
    assert call(endpoint, "getLastError", ticket) == "Nothing to do."
    assert str(call(endpoint, "closeConnection", ticket)).startswith("OK: 0 records in 0 requests.")
    assert all(one.ok for one in endpoint.ping() if one.name == "last visit")


def test_a_page_whose_keeping_takes_us_long_makes_the_next_one_smaller(clock: Clock, state: MemoryState) -> None:
    work = MemoryWork(Query("Customer", cursor=SINCE))
    work.when_given = lambda request, result: clock.move(seconds=20)
    page = customers(*map(str, range(100)))
    visit(opened(work, clock, state), lambda request: rs(request, page, iteratorID="{1}", iteratorRemainingCount=0))
    assert pages.page_size(state, {}, "Customer") == 50


def test_a_draft_is_shown_as_it_would_be_read(clock: Clock) -> None:
    shown = opened(MemoryWork(), clock).canonical(
        "Invoice", {"Subtotal": Decimal("5"), "Memo": "5", "TermsRef": Option("Terms", "80-1"), "ShipDate": None}
    )
    assert shown == {"Subtotal": Decimal("5.00"), "Memo": "5", "TermsRef": {"ListID": "80-1"}, "ShipDate": None}
    assert str(shown["Subtotal"]) == "5.00"


def test_nothing_is_drained_and_nothing_is_held(clock: Clock) -> None:
    endpoint = opened(MemoryWork(), clock)
    assert endpoint.drain() is None
    endpoint.close()
    assert [one.name for one in endpoint.ping() if not one.ok] == ["company"]
