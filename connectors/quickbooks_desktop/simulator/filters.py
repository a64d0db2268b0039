"""Chooses the records that a query's ids or filters mean, in file order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from lxml import etree

from connectors.quickbooks_desktop.simulator.books import Books
from connectors.quickbooks_desktop.simulator.errors import StatusError
from connectors.quickbooks_desktop.simulator.records import TRANSACTIONS, Record, targets
from connectors.quickbooks_desktop.simulator.values import read
from connectors.quickbooks_desktop.simulator.wall_clock import WallClock

Test = Callable[[Record], bool]


@dataclass(frozen=True)
class Selection:
    """The records found, and the ids or names that were asked for and are not there (status 500)."""

    records: list[Record]
    missing: list[str] = field(default_factory=list)


def select(books: Books, message: etree._Element, entities: tuple[str, ...]) -> Selection:
    """The records that `message` means. StatusError for values that cannot be read or ranges that are upside down.

    They come in file order, never sorted by TimeModified. [facts 2.3]
    """
    for element in message.iter():
        if isinstance(element.tag, str) and len(element) == 0 and element.text:
            read(element.tag, element.text)  # raises 3000-3085 for text of the wrong form
    is_txn = entities[0] in TRANSACTIONS
    for name in ("TxnID", "RefNumber", "RefNumberCaseSensitive") if is_txn else ("ListID", "FullName"):
        if asked := [child.text or "" for child in message.findall(name)]:
            return _by_name(books, entities, name, asked)
    tests = _txn_tests(books, message) if is_txn else _list_tests(books, message, entities)
    return Selection([record for record in books.records.all(entities) if all(test(record) for test in tests)])


def _by_name(books: Books, entities: tuple[str, ...], name: str, asked: Iterable[str]) -> Selection:
    found: dict[str, Record] = {}
    missing = []
    for text in asked:
        matches: list[Record] = []
        if name in ("ListID", "TxnID"):
            record = books.records.get(entities, text)
            matches = [record] if record else []
        elif name == "FullName":
            record = books.records.find(entities, text)
            matches = [record] if record else []
        else:
            same = text.lower() if name == "RefNumber" else text
            for record in books.records.all(entities):
                number = str(record.fields.get("RefNumber") or "")
                if (number.lower() if name == "RefNumber" else number) == same:
                    matches.append(record)
        if not matches:
            missing.append(text)
        found |= {record.id: record for record in matches}
    return Selection(list(found.values()), missing)


def moments(wall: WallClock, holder: etree._Element | None, word: str) -> tuple[datetime | None, datetime | None]:
    """From{word}Date and To{word}Date under `holder` as wall-clock times, both inclusive; 3030 if upside down."""
    if holder is None:
        return None, None
    begin_text, end_text = holder.findtext(f"From{word}Date"), holder.findtext(f"To{word}Date")
    begin = wall.read(begin_text) if begin_text else None
    end = wall.read(end_text, end=True) if end_text else None
    if begin and end and begin > end:
        raise StatusError(3030, "The begin date of the range is after its end date.")
    return begin, end


def _modified_tests(books: Books, holder: etree._Element | None) -> list[Test]:
    begin, end = moments(books.wall, holder, "Modified")
    wall = books.wall.wall
    tests: list[Test] = []
    if begin is not None:
        tests.append(lambda record: wall(record.modified) >= begin)
    if end is not None:
        tests.append(lambda record: wall(record.modified) <= end)
    return tests


# lists


def _list_tests(books: Books, message: etree._Element, entities: tuple[str, ...]) -> list[Test]:
    tests = _modified_tests(books, message)
    status = message.findtext("ActiveStatus") or "ActiveOnly"
    if status != "All":
        tests.append(lambda record: bool(record.fields.get("IsActive", True)) == (status == "ActiveOnly"))
    tests += _text_tests(message, "NameFilter", "NameRangeFilter", "Name", books.records.full_name)
    if (balance := message.find("TotalBalanceFilter")) is not None:
        tests.append(_balance_test(books, balance))
    for name, reference in (("CurrencyFilter", "CurrencyRef"), ("ClassFilter", "ClassRef")):
        if (holder := message.find(name)) is not None:
            tests.append(_reference_test(books, holder, reference, entities[0]))
    for name in ("AccountType", "PaymentMethodType"):
        if kinds := {child.text for child in message.findall(name)}:
            tests.append(_one_of(name, kinds))
    return tests


def _one_of(name: str, kinds: set[str | None]) -> Test:
    return lambda record: record.fields.get(name) in kinds


def _balance_test(books: Books, holder: etree._Element) -> Test:
    amount = Decimal(holder.findtext("Amount") or "0")
    compare: dict[str, Callable[[Decimal], bool]] = {
        "LessThan": lambda balance: balance < amount,
        "LessThanEqual": lambda balance: balance <= amount,
        "Equal": lambda balance: balance == amount,
        "GreaterThan": lambda balance: balance > amount,
        "GreaterThanEqual": lambda balance: balance >= amount,
    }
    test = compare[holder.findtext("Operator") or "Equal"]
    return lambda record: test(books.ledger.total_balance(record))


def _text_tests(
    message: etree._Element, single: str, span: str, word: str, text_of: Callable[[Record], str]
) -> list[Test]:
    """NameFilter and RefNumberFilter, and their ranges; letters of either case are equal. [assumed]"""
    tests: list[Test] = []
    if (holder := message.find(single)) is not None:
        wanted = (holder.findtext(word) or "").lower()
        match = {"StartsWith": str.startswith, "EndsWith": str.endswith, "Contains": str.__contains__}[
            holder.findtext("MatchCriterion") or "Contains"
        ]
        tests.append(lambda record: bool(match(text_of(record).lower(), wanted)))
    if (holder := message.find(span)) is not None:
        begin, end = holder.findtext(f"From{word}"), holder.findtext(f"To{word}")
        if begin and end and begin.lower() > end.lower():
            raise StatusError(3031, "The begin of the range is after its end.")
        if begin:
            low = begin.lower()
            tests.append(lambda record: text_of(record).lower() >= low)
        if end:
            high = end.lower()
            tests.append(lambda record: text_of(record).lower() <= high)
    return tests


def _reference_test(books: Books, holder: etree._Element, reference: str, entity: str) -> Test:
    kinds = targets(reference, entity)
    wanted: set[str] = set()
    for child in holder:
        name, text = str(child.tag), child.text or ""
        record = books.records.get(kinds, text) if "ListID" in name else books.records.find(kinds, text)
        if record is None:
            reason = f'There was a required element ("{text}") that could not be found in QuickBooks.'
            raise StatusError(500, reason, "Warn")
        wanted.add(record.id)
        if name.endswith("WithChildren"):
            wanted |= _below(books, record)
    return lambda candidate: (candidate.fields.get(reference) or {}).get("ListID") in wanted


def _below(books: Books, top: Record) -> set[str]:
    ids = {top.id}
    for record in books.records.shelf(top.entity).values():
        parent = books.records.parent(record)
        if parent is not None and parent.id in ids:  # parents enter the file before their children
            ids.add(record.id)
    return ids


# transactions


_PARTIES = {"Bill": "VendorRef", "PurchaseOrder": "VendorRef", "BillPaymentCheck": "PayeeEntityRef"}
"""Whom EntityFilter looks at; the customer where nothing is said. [assumed]"""


def _txn_tests(books: Books, message: etree._Element) -> list[Test]:
    entity = str(message.tag).removesuffix("QueryRq")
    tests = _modified_tests(books, message.find("ModifiedDateRangeFilter"))
    begin, end = _txn_dates(books, message.find("TxnDateRangeFilter"))
    if begin:
        tests.append(lambda record: str(record.fields["TxnDate"]) >= begin)
    if end:
        tests.append(lambda record: str(record.fields["TxnDate"]) <= end)
    party = _PARTIES.get(entity, "CustomerRef")
    for name, reference in (
        ("EntityFilter", party), ("AccountFilter", "ARAccountRef"), ("CurrencyFilter", "CurrencyRef"),
    ):  # fmt: skip
        if (holder := message.find(name)) is not None:
            tests.append(_reference_test(books, holder, reference, entity))
    tests += _text_tests(message, "RefNumberFilter", "RefNumberRangeFilter", "RefNumber", _ref_number)
    paid = message.findtext("PaidStatus") or "All"
    if paid != "All":
        tests.append(lambda record: _is_paid(books, record) == (paid == "PaidOnly"))
    return tests


def _ref_number(record: Record) -> str:
    return str(record.fields.get("RefNumber") or "")


def _is_paid(books: Books, record: Record) -> bool:
    if record.entity == "Invoice":
        return books.ledger.open_balance(record) == 0
    paid: Any = record.fields.get("IsPaid", False)
    return bool(paid)


def _txn_dates(books: Books, holder: etree._Element | None) -> tuple[str | None, str | None]:
    if holder is None:
        return None, None
    macro = holder.findtext("DateMacro")
    if macro is not None:
        return _macro(macro, books.wall.wall(books.at(None)).date())
    begin, end = holder.findtext("FromTxnDate"), holder.findtext("ToTxnDate")
    if begin and end and begin > end:
        raise StatusError(3030, "The begin date of the range is after its end date.")
    return begin, end


def _macro(name: str, today: date) -> tuple[str | None, str | None]:
    """The macros that a connector might use; the others are refused, which QuickBooks would not do."""
    month = today.replace(day=1)
    year = today.replace(month=1, day=1)
    day = timedelta(days=1)
    spans: dict[str, tuple[date | None, date | None]] = {
        "All": (None, None),
        "Today": (today, today),
        "Yesterday": (today - day, today - day),
        "ThisMonthToDate": (month, today),
        "ThisMonth": (month, (month + 32 * day).replace(day=1) - day),
        "LastMonth": ((month - day).replace(day=1), month - day),
        "ThisCalendarYearToDate": (year, today),
        "ThisCalendarYear": (year, year.replace(month=12, day=31)),
        "LastCalendarYear": (year.replace(year=year.year - 1), year - day),
    }
    if name not in spans:
        raise StatusError(1030, f"The simulator does not know the date macro {name}.")
    begin, end = spans[name]
    return (begin.isoformat() if begin else None, end.isoformat() if end else None)
