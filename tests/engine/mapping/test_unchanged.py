"""Ids, zips and numbers that look like something else go through every path of the language as they are."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine.mapping.draft import Resolved
from engine.mapping.testcases import run_tests
from engine.specs.presets import load_set
from engine.store.codec import decode, encode
from tests.engine.mapping.world import context, drafted, one, record
from tests.engine.specs.catalogues import CATALOGUES, compiled, folder

TEXTS = ["8000000E-1700000014", "01234", "1E5", "no", "12:30", "1.10", "0x10", "null", "true", "~", "007", "1_000",
         "1234567890.10", "2026-01-31", "NaN", ".5", "+1", "<<", "=", "{{ x }}"]  # fmt: skip
AMOUNTS = ["1234567890.10", "0.10", "1.10", "-0.01", "100000000000000.01", "0.00"]

FIELDS = """  website: Email
  labels: '[Email, CompanyName]'
"""
CUSTOM = """  From: {from: Email}
  Or: CompanyName || Email
  Written: {template: "{{ Email }}"}
  Joined: {template: "<{{ CompanyName or Email }}>"}
  Looped: {template: "{% for e in Emails %}{{ e }}{% endfor %}"}
  Chosen: {from: IsActive, choose: {true: "TEXT", false: other}}
  Chooses: {from: Email, choose: {"TEXT": hit}}
  Looked up: {from: FullName, lookup: {A: "TEXT"}}
  Looks up: {from: Email, lookup: {setting: table}}
  Mapped: {from: Emails, transform: [{map: trim}, first]}
  Steps: {from: Email, transform: [trim, collapse, strip_html, {truncate: 99}, {replace: {§: x}}, {default: x}]}
  Lists: {from: "[Email, CompanyName]", transform: [unique, coalesce]}
  Filled: {from: CompanyName, default: "TEXT"}
  Given: {value: "TEXT"}
  Set: {setting: text}
"""
CUSTOMERS = f"""mapping: customers
from: books.Customer
to: crm.organization
match:
  - {{source: Email, target: [website, custom.From, persons.email]}}
fields:
  name: FullName
{FIELDS}custom:
{CUSTOM}"""
PRESET = "settings:\n  text: {type: text, help: x}\n  table: {type: table, help: x}\n"


def as_yaml(text: str) -> str:
    return CUSTOMERS.replace("TEXT", text)


@pytest.mark.parametrize("text", TEXTS)
def test_text_goes_unchanged_through_every_kind_of_rule(text: str, tmp_path: Path) -> None:
    given = {"text": text, "table": {text: text}}
    mapping = compiled(tmp_path, given, preset=PRESET, customers=as_yaml(text)).mappings["customers"]
    read = decode(encode(record("Customer", FullName="A", Email=text, Emails=[text], IsActive=True)))
    draft = drafted(mapping, read)
    names = ("From", "Or", "Written", "Looped", "Chosen", "Looked up", "Looks up", "Mapped", "Steps", "Lists", "Filled",
             "Given", "Set")  # fmt: skip
    assert draft.problems == []
    assert draft.values == {
        "name": "A", "website": text, "labels": [text], "custom.Joined": f"<{text}>", "custom.Chooses": "hit",
        **{f"custom.{name}": text for name in names}}  # fmt: skip
    assert decode(encode(draft.values)) == draft.values
    assert mapping.match[0].source_values(read) == [text]
    own, custom, persons = mapping.match[0].targets
    assert own.index({"id": text, "website": text}) == custom.index({"id": text, "custom": {"From": text}})
    assert persons.index({"id": "9", "org_id": text, "email": [text]}) == [(text, text)]


INVOICES = """mapping: invoices
from: books.Invoice
to: crm.deal
one_per: [CustomerRef.ListID, PONumber]
fields:
  title: RefNumber
  value: Total
  currency: CurrencyCode
  org_id: {from: CustomerRef.ListID, via: customers, otherwise: wait}
children:
  products:
    each: Lines
    key: LineKey
    fields:
      product_id: {from: ItemRef.ListID, via: items, otherwise: wait}
      quantity: LineQuantity
      item_price: LinePrice
      comments: Desc
when_deleted: {fields: {lost_reason: "TEXT"}, append: {title: "{{ RefNumber }}"}}
"""
ITEMS = "mapping: items\nfrom: books.Item\nto: crm.product\nfields: {name: FullName}\n"
PLAIN = "mapping: customers\nfrom: books.Customer\nto: crm.organization\nfields: {name: FullName}\n"


@pytest.mark.parametrize("text", TEXTS)
def test_keys_go_unchanged_through_groups_references_children_and_ends(text: str, tmp_path: Path) -> None:
    made = compiled(tmp_path, customers=PLAIN, items=ITEMS, invoices=INVOICES.replace("TEXT", text))
    mapping = made.mappings["invoices"]
    line = {"LineKey": text, "ItemRef": {"ListID": text}, "Desc": text, "LineQuantity": Decimal("1.10"),
            "LinePrice": Decimal("1234567890.10")}  # fmt: skip
    read = record("Invoice", TxnID=text, RefNumber=text, PONumber=text, CurrencyCode="USD", Total=Decimal("0.10"),
                  CustomerRef={"ListID": text}, Lines=[line])  # fmt: skip
    element = one(mapping, decode(encode(read)))
    links = {("customers", text): Resolved("linked", text), ("items", text): Resolved("linked", text)}
    draft = mapping.draft(element, context(links))
    assert element.key == text and mapping.group(read) == f"{text}|{text}|USD"
    assert mapping.references(element) == [("customers", text), ("items", text)]
    assert draft.problems == draft.waits == [] and draft.values["title"] == draft.values["org_id"] == text
    (child,) = draft.children["products"]
    assert child.key == child.values["product_id"] == child.values["comments"] == text
    assert [str(child.values[name]) for name in ("quantity", "item_price")] == ["1.10", "1234567890.10"]
    assert [one.key for one in mapping.combine([(text, draft)]).children["products"]] == [f"{text}|{text}"]
    ended = mapping.gone("deleted", element, context())
    assert ended is not None and ended.values == {"lost_reason": text} and ended.append == {"title": text}


MONEY = """mapping: customers
from: books.Customer
to: crm.organization
fields:
  name: FullName
  staff: Balance
custom:
  From: {from: Balance}
  Or: Balance || `0`
  Rounded: {from: Balance, money: true}
  Places: {from: Balance, round: 2}
  Sum: {from: "[Balance]", sum: true}
  First: {from: "[Balance]", first: true}
  Filled: {from: Balance, default: 1.10}
  Set: {setting: amount}
  Written: {template: "{{ Balance }}"}
  Read: {from: Email, number: true}
"""


@pytest.mark.parametrize("amount", AMOUNTS)
def test_money_keeps_every_digit(amount: str, tmp_path: Path) -> None:
    preset = "settings:\n  amount: {type: number, help: x}\n"
    made = compiled(tmp_path, {"amount": Decimal(amount)}, preset=preset, customers=MONEY)
    read = decode(encode(record("Customer", FullName="A", Balance=Decimal(amount), Email=amount)))
    draft = drafted(made.mappings["customers"], read)
    values = decode(encode({path: value for path, value in draft.values.items() if path != "name"}))
    assert draft.problems == [] and {str(value) for value in values.values()} == {amount}
    assert {path for path, value in values.items() if not isinstance(value, Decimal)} == {"custom.Written"}


CASES = """mapping: customers
tests:
  - name: The text is what was written.
    settings: {{text: "{0}", table: {{"{0}": "{0}"}}}}
    record: {{ListID: "{0}", FullName: A, Email: "{0}", Emails: ["{0}"], IsActive: true}}
    expect:
      fields: {{website: "{0}", labels: ["{0}"], custom.From: "{0}", custom.Given: "{0}", custom.Looks up: "{0}"}}
"""


@pytest.mark.parametrize("text", TEXTS)
def test_text_goes_unchanged_through_test_cases(text: str, tmp_path: Path) -> None:
    folder(tmp_path, preset=PRESET, customers=as_yaml(text))
    cases = tmp_path / "tests" / "customers.yaml"
    cases.parent.mkdir()
    cases.write_text(CASES.format(text), "utf-8")
    (outcome,) = run_tests(cases, "customers.yaml", load_set(tmp_path), CATALOGUES)
    assert outcome.differences == ()
