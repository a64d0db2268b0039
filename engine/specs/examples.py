"""An example of wrong and of right for every code, as `engine codes CODE` shows them; tests run each of them.

An example is one file of a set that extends preset:default, besides what stands in `beside`. Wrong yields exactly its
code, right yields nothing.
"""

# ruff: noqa: E501 - an example that is one line here can be found by searching for it
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Example:
    """Two texts of one file, which differ in the mistake alone."""

    file: str
    wrong: str
    right: str
    beside: Mapping[str, str] = field(default_factory=dict)
    """Other files of the set: name -> text."""


def _over(name: str, wrong: str, right: str) -> Example:
    """A mapping of the preset with something of its own."""
    head = f"mapping: {name}\nextends: preset:default/{name}\n"
    return Example(f"{name}.yaml", head + wrong, head + right)


def _fields(name: str, wrong: str, right: str) -> Example:
    return _over(name, f"fields:\n  {wrong}\n", f"fields:\n  {right}\n")


def _custom(name: str, wrong: str, right: str) -> Example:
    return _over(name, f"custom:\n  {wrong}\n", f"custom:\n  {right}\n")


def _new(name: str, wrong: str, right: str, text: str) -> Example:
    """A mapping of one's own; ‸ in the text is where wrong and right differ."""
    head = f"mapping: {name}\n"
    return Example(f"{name}.yaml", head + text.replace("‸", wrong), head + text.replace("‸", right))


def _preset(wrong: str, right: str, beside: Mapping[str, str] | None = None) -> Example:
    head = "preset: mine\nextends: preset:default\n"
    return Example("preset.yaml", head + wrong, head + right, beside or {})


def _engine(wrong: str, right: str, beside: Mapping[str, str] | None = None) -> Example:
    """A connection in engine.yaml."""
    head = "connections:\n  acme:\n    mappings: mappings\n    zone: America/New_York\n"
    return Example("engine.yaml", head + wrong, head + right, beside or {})


_PEOPLE = "from: quickbooks_desktop.Vendor\nto: pipedrive.person\n"
_LINES = "from: quickbooks_desktop.Estimate\nto: pipedrive.deal\n"
_REGION = {
    "preset.yaml": "preset: mine\nextends: preset:default\nsettings:\n  region: {type: text, help: Where we sell.}\n",
    "customers.yaml": "mapping: customers\nextends: preset:default/customers\ncustom:\n  Region: {setting: region}\n",
}

EXAMPLES: Final[dict[str, Example]] = {
    # the text itself
    "E101": _fields("customers", "website: {template: 'https://{{ Name }}}", "website: {template: 'https://{{ Name }}'}"),
    "E102": _fields("customers", "name: FullName\n  name: CompanyName", "name: CompanyName || FullName"),
    "E103": _fields("customers", "website: !upper Notes", "website: {from: Notes, upper: true}"),
    "E104": _fields("customers", "website: &site [*site]", "website: Notes"),
    "E105": _fields("customers", "website: " + "[" * 41 + "]" * 41, "website: Notes"),
    "E106": _fields("customers", "website: {template: {{ Name }}}", 'website: {template: "{{ Name }}"}'),
    "E107": _fields("customers", "website:", "website: Notes"),
    "E108": Example(
        "customers.yaml",
        "mapping: customers\nfrom: quickbooks_desktop.Customer\nto: pipedrive.organization\n"
        "fields:\n  <<: {name: FullName}\n",
        "mapping: customers\nextends: preset:default/customers\nfields:\n  name: FullName\n",
    ),
    "E109": Example(
        "customers.yaml",
        "mapping: customers\nextends: preset:defualt/customers\n",
        "mapping: customers\nextends: preset:default/customers\n",
    ),
    # its shape
    "E110": _over("customers", "feilds: {name: FullName}\n", "fields: {name: FullName}\n"),
    "E111": _over("customers", "match:\n  - {source: Phone}\n", "match:\n  - {source: Phone, target: custom.Phone}\n"),
    "E112": _over("customers", "fields: [FullName]\n", "fields: {name: FullName}\n"),
    "E113": _over("customers", "conflicts: source\n", "conflicts: source_wins\n"),
    "E114": Example(
        "customers.yaml",
        "mapping: My customers\nextends: preset:default/customers\n",
        "mapping: customers\nextends: preset:default/customers\n",
    ),
    "E115": _fields("customers", "website: {from: Notes, transform: []}", "website: {from: Notes, transform: [trim]}"),
    "E116": _fields("customers", "website: {lower: true}", "website: {from: Notes, lower: true}"),
    "E117": _fields(
        "customers", "website: {from: Notes, trim: true, lower: true}", "website: {from: Notes, transform: [trim, lower]}"
    ),
    "E118": Example(
        "customers.yaml",
        "mapping: customers\nextends: preset:default/costumers\n",
        "mapping: customers\nextends: preset:default/customers\n",
    ),
    "E119": _fields("customers", "adress: null", "address: null"),
    "E120": Example(
        "more.yaml",
        "mapping: customers\nextends: preset:default/customers\n",
        "mapping: products\nextends: preset:default/products\n",
        {"customers.yaml": "mapping: customers\nextends: preset:default/customers\n"},
    ),
    # engine.yaml
    "E131": _engine(
        "    pipedrive: {company: acme, api_token: '${PIPEDRIVE_API_TOKN}'}\n",
        "    pipedrive: {company: acme, api_token: '${PIPEDRIVE_API_TOKEN}'}\n",
    ),
    "E132": _engine("    settings: {stage: '${STAGE}'}\n", "    settings: {stage: Invoices / Sent}\n"),
    # names
    "E201": _new("vendors", "quickbooks", "quickbooks_desktop",
                 "from: ‸.Vendor\nto: pipedrive.person\nfields: {name: Name}\n"),
    "E202": _new("vendors", "Vendors", "Vendor",
                 "from: quickbooks_desktop.‸\nto: pipedrive.person\nfields: {name: Name}\n"),
    "E203": _custom("customers", "Open balance: Ballance", "Open balance: Balance"),
    "E204": _fields("customers", "adress: BillAddress", "address: BillAddress"),
    "E205": _fields("customers", "owner_id: {from: SalesRepRef.ListID, via: reps}",
                    "owner_id: {from: SalesRepRef.ListID, via: sales_reps}"),
    "E206": _fields("invoices", "stage: {setting: stge, write: once}", "stage: {setting: stage, write: once}"),
    "E208": _over("invoices", "children:\n  lines: {each: Lines, key: LineKey, fields: {quantity: LineQuantity}}\n",
                  "children:\n  products: {fields: {quantity: LineQuantity}}\n"),
    "E209": _fields("payments", "content: {template: paymentnote.html}", "content: {template: payment_note.html}"),
    "E210": _fields("invoices", 'title: {template: "Invoice {{ RefNumer }}"}', 'title: {template: "Invoice {{ RefNumber }}"}'),
    "E211": _fields("customers", 'website: {template: "{{ Notes | uper }}"}', 'website: {template: "{{ Notes | upper }}"}'),
    # expressions
    "E221": _fields("customers", "website: Notes ||", "website: Notes || Email"),
    "E222": _fields("customers", "website: trim(Notes)", "website: {from: Notes, trim: true}"),
    "E223": _fields("customers", 'website: {template: "{{ Notes "}', 'website: {template: "{{ Notes }}"}'),
    "E224": _fields("customers", 'website: {template: "{{ Notes.upper() }}"}', 'website: {template: "{{ Notes | upper }}"}'),
    "E225": _over("invoices", "only: Total > '100'\n", "only: Total > `100`\n"),
    "E226": _fields("customers", "website: Email.domain", "website: Email"),
    "E227": _over("customers", "only: JobStatus == 'Pendng'\n", "only: JobStatus == 'Pending'\n"),
    "E228": _fields("customers", "employee_count: sum(Email)", "employee_count: length(Emails)"),
    # values
    "E231": _fields("customers", "website: Balance", 'website: {template: "{{ Balance }}"}'),
    "E232": _fields("invoices", "status: {value: paid}", "status: {value: won}"),
    "E233": _fields("invoices", "currency: {value: US dollar}", "currency: {value: USD}"),
    "E234": _fields("customers", "add_time: TimeCreated", "website: Notes"),
    "E235": _new("vendors", "website: Notes", "name: Name",
                 "from: quickbooks_desktop.Vendor\nto: pipedrive.organization\nfields: {‸}\n"),
    "E236": _custom("customers", "Open balance: {from: Balance, lower: true}", "Open balance: {from: Balance, round: 0}"),
    "E237": _fields("customers", "website: {from: Notes, truncate: long}", "website: {from: Notes, truncate: 40}"),
    "E238": _custom("customers", "Active: {from: IsActive, choose: {true: Yes}}",
                    "Active: {from: IsActive, choose: {true: Yes, false: No}}"),
    "E239": _over("payments", "custom: {Amount: Amount}\n", 'fields: {content: {template: "Paid {{ Amount }}"}}\n'),
    "E240": _custom("customers", "Active: IsActive", "Active: {from: IsActive, choose: {true: Yes, false: No}}"),
    "E241": _engine("    settings: {first_invoice_date: January}\n", '    settings: {first_invoice_date: "2026-01-31"}\n'),
    "E242": _engine("    settings: {}\n", "    settings: {region: East}\n", _REGION),
    "E243": _preset(
        "settings:\n  stage: {type: text, default: 5, help: Where deals begin.}\n",
        "settings:\n  stage: {type: text, default: Invoices / Sent, help: Where deals begin.}\n",
        {"invoices.yaml": "mapping: invoices\nextends: preset:default/invoices\n"},
    ),
    "E244": _over(
        "customers",
        "custom: {Open balance: TotalBalance}\nwhen_deleted: {custom: {Open balance: none}}\n",
        "custom: {Open balance: TotalBalance}\nwhen_deleted: {custom: {Open balance: 0}}\n",
    ),
    # structure
    "E251": _new("reps", "", "create: never\n",
                 "from: quickbooks_desktop.Employee\nto: pipedrive.user\n‸match:\n  - {source: Name, target: name}\n"),
    "E252": _over("payments", "each: TxnID\nkey: record.TxnID\n", "each: AppliedToTxnRet\n"),
    "E253": _new("notes", "", "key: TxnID\n", "from: quickbooks_desktop.ReceivePayment\nto: pipedrive.note\n"
                 "each: AppliedToTxnRet\n‸fields: {content: {template: Paid}}\nonly: TxnType == 'Bill'\n"),
    "E254": _over("invoices", "combine: {valu: sum}\n", "combine: {value: sum}\n"),
    "E255": _over("invoices", "combine: {Paid: sum}\n", "combine: {Paid: all}\n"),
    "E256": _fields("invoices", "org_id: {from: CustomerRef.ListID, via: products}",
                    "org_id: {from: CustomerRef.ListID, via: customers}"),
    "E257": _fields("customers", "owner_id: SalesRepRef.ListID", "owner_id: {from: SalesRepRef.ListID, via: sales_reps}"),
    "E258": _over("invoices", "since: January\n", 'since: "2026-01-31"\n'),
    "E259": _over("customers", "when_gone: {append: Gone}\n", "when_gone: {append: {website: Gone}}\n"),
    "E260": _over("customers", "match:\n  - {source: CompanyName, target: nmae}\n",
                  "match:\n  - {source: CompanyName, target: name}\n"),
    "E261": Example(
        "persons.yaml",
        "mapping: persons\nfrom: quickbooks_desktop.Vendor\nto: pipedrive.person\n"
        "fields:\n  name: Name\n  org_id: {from: ListID, via: vendors, otherwise: wait}\n",
        "mapping: persons\nfrom: quickbooks_desktop.Vendor\nto: pipedrive.person\n"
        "fields:\n  name: Name\n  org_id: {from: ListID, via: vendors, otherwise: leave}\n",
        {"vendors.yaml": "mapping: vendors\nfrom: quickbooks_desktop.Vendor\nto: pipedrive.organization\n"
         "fields: {name: Name}\ncustom:\n  Contact person: {from: ListID, via: persons, otherwise: wait}\n"},
    ),
    "E262": _over("customer_types", "scope: {feild: {value: Customer type}}\n", "scope: {field: {value: Customer type}}\n"),
    "E263": _custom("customers", "Terms: {from: TermsRef.ListID, via: payment_terms}",
                    "Payment terms: {from: TermsRef.ListID, via: payment_terms}"),
    "E264": _new("outcomes", "match:\n  - {source: title, target: RefNumber}\n", "",
                 "from: pipedrive.deal\nto: quickbooks_desktop.Invoice\nfor: linked\nfields: {Other: stage}\n‸"),
    "E265": _fields("invoices", "org_id: {from: SalesRepRef.ListID, via: customers}",
                    "org_id: {from: CustomerRef.ListID, via: customers}"),
    "E266": _fields("invoices", "stage_id: {value: '5'}", "stage: {value: Invoices / Sent, write: once}"),
    "E267": _new("jobs", "name: FullName", "website: Notes",
                 "from: quickbooks_desktop.Customer\nto: pipedrive.organization\ncreate: never\nfields: {‸}\n"),
    "E268": _custom("deal_outcomes", "Stage: stage", "Stage: {from: stage, optional: true}"),
    # warnings
    "W301": _preset("settings:\n  region: {type: text, default: null, help: Where we sell.}\n", "settings: {}\n"),
    "W302": _custom("customers", "Active: {from: IsActive, choose: {true: Yes, false: No, maybe: Perhaps}}",
                    "Active: {from: IsActive, choose: {true: Yes, false: No}}"),
    "W303": Example(
        "invoices.yaml",
        "mapping: invoices\nextends: preset:default/invoices\n",
        "mapping: invoices\nextends: preset:default/invoices\nfields:\n  title: {template: title.txt}\n",
        {"title.txt": "Invoice {{ RefNumber }}"},
    ),
    "W304": _over("customers", "match:\n  - {source: Emails, target: custom.Emial, as: email}\n",
                  "match:\n  - {source: Emails, target: custom.Email, as: email}\n"),
}  # fmt: skip
"""By code."""
