"""Small catalogues of two systems, with every kind of field that the language treats differently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.mapping.compiled import CompiledSet
from engine.mapping.compiler import compile_set
from engine.protocol import Catalogue, Children, Entity, Field, NoteField
from engine.specs.presets import load_set


def ref(name: str, refers: str) -> Field:
    return Field(name, "object", fields=(Field("ListID", "id", refers=refers), Field("FullName")))


PARTS = {"lines": ("Addr1", "Addr2"), "city": "City", "region": "State", "postal_code": "Zip", "country": "Country"}

BOOKS: Catalogue = {
    "Customer": Entity(
        "Customer", "ListID", "FullName", custom=True, fields=(
            Field("ListID", "id"), Field("FullName", length=209), Field("CompanyName", length=41),
            Field("Email", length=1023), Field("Emails", many=True, derived="split", needs=("Email",)),
            Field("IsJob", "boolean"), Field("IsActive", "boolean"), Field("Balance", "number"),
            Field("BillAddress", "address", parts=PARTS), Field("Since", "date"), Field("TimeModified", "datetime"),
            Field("JobStatus", "enum", options=("Awarded", "Closed", "None")),
            ref("ParentRef", "Customer"), ref("SalesRepRef", "SalesRep"), ref("CustomerTypeRef", "CustomerType"),
        ),
    ),
    "CustomerType": Entity("CustomerType", "ListID", "FullName", (Field("ListID", "id"), Field("FullName"))),
    "SalesRep": Entity("SalesRep", "ListID", "Initial", (
        Field("ListID", "id"), Field("Initial"), Field("Name"), Field("Email"))),
    "Item": Entity("Item", "ListID", "FullName", (Field("ListID", "id"), Field("FullName"))),
    "Invoice": Entity(
        "Invoice", "TxnID", "RefNumber", date="TxnDate", voids="IsVoided", updates=True, custom=True, fields=(
            Field("TxnID", "id"), Field("RefNumber"), Field("TxnDate", "date"), Field("DueDate", "date"),
            Field("PONumber"), Field("IsPaid", "boolean"), Field("IsVoided", "boolean"), Field("Total", "number"),
            Field("BalanceRemaining", "number"), Field("CurrencyCode"), Field("Memo", length=4095, writable=True),
            ref("CustomerRef", "Customer"),
            Field("Lines", "object", many=True, fields=(
                Field("LineKey", "id"), ref("ItemRef", "Item"), Field("Desc"), Field("LineQuantity", "number"),
                Field("LinePrice", "number"))),
        ),
    ),
    "Payment": Entity(
        "Payment", "TxnID", "RefNumber", date="TxnDate", fields=(
            Field("TxnID", "id"), Field("TxnDate", "date"), Field("RefNumber"), ref("PaymentMethodRef", "Method"),
            Field("AppliedToTxnRet", "object", many=True, fields=(
                Field("TxnID", "id"), Field("TxnType", "enum", options=("Invoice", "CreditMemo")),
                Field("Amount", "number"))),
        ),
    ),
}  # fmt: skip

CRM: Catalogue = {
    "organization": Entity(
        "organization", "id", "name", custom=True, custom_creates=True, creates=True, updates=True, identity=True,
        note=NoteField("note", "org_id", "content"), fields=(
            Field("id", "id"), Field("name", writable=True, required=True, length=60),
            Field("address", "address", writable=True, rewritten=True), Field("website", writable=True),
            Field("owner_id", "id", writable=True, refers="user"), Field("staff", "number", writable=True),
            Field("labels", many=True, writable=True), Field("founded", "date", writable=True),
            Field("seen_at", "datetime", writable=True), Field("vip", "boolean", writable=True),
            Field("rank", "enum", options=("high", "low"), writable=True), Field("add_time", "datetime"),
            Field("persons", "object", many=True, related=("person", "org_id")),
        ),
    ),
    "person": Entity("person", "id", "name", (
        Field("id", "id"), Field("name", writable=True), Field("org_id", "id", refers="organization"),
        Field("email", many=True))),
    "deal": Entity(
        "deal", "id", "title", custom=True, custom_creates=True, creates=True, updates=True, identity=True,
        children=(Children("products", (
            Field("product_id", "id", writable=True, required=True, refers="product"),
            Field("quantity", "number", writable=True, required=True),
            Field("item_price", "number", writable=True, required=True), Field("comments", writable=True))),),
        fields=(
            Field("id", "id"), Field("title", writable=True, required=True, length=255),
            Field("value", "number", writable=True, total_of="products"), Field("currency", writable=True, length=3),
            Field("org_id", "id", writable=True, refers="organization"), Field("stage", writable=True),
            Field("status", "enum", options=("open", "won", "lost"), writable=True),
            Field("lost_reason", writable=True, length=30),
        ),
    ),
    "note": Entity("note", "id", "content", creates=True, updates=True, fields=(
        Field("id", "id"), Field("content", writable=True, required=True, rewritten=True),
        Field("add_time", "datetime", writable=True), Field("deal_id", "id", writable=True, refers="deal"))),
    "product": Entity("product", "id", "name", creates=True, fields=(
        Field("id", "id"), Field("name", writable=True, required=True))),
    "user": Entity("user", "id", "name", (Field("id", "id"), Field("name"), Field("email"))),
    "organization_option": Entity("organization_option", "id", "label", creates=True, updates=True, fields=(
        Field("id", "id"), Field("field", writable=True, required=True),
        Field("label", writable=True, required=True))),
}  # fmt: skip

CATALOGUES: dict[str, Catalogue] = {"books": BOOKS, "crm": CRM}


def folder(path: Path, **files: str) -> Path:
    """A mapping set in a folder: `customers="..."` becomes customers.yaml, `note_html` note.html."""
    for name, text in files.items():
        file = name.replace("_html", ".html") if name.endswith("_html") else f"{name}.yaml"
        (path / file).write_text(text, "utf-8")
    return path


def compiled(path: Path, settings: dict[str, Any] | None = None, **files: str) -> CompiledSet:
    """The compiled set of some files over these catalogues."""
    return compile_set(load_set(folder(path, **files)), CATALOGUES, settings or {})
