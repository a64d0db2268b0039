"""What people do between the visits, on both sides; each act says in one sentence what happened.

Who is concerned is chosen from the company file alone, so that the same world tells the same story.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.demo.checks.scene import Record, Scene, is_voided, total
from connectors.demo.diary import FIRST_INVOICE_DATE
from connectors.demo.load_company import add_customer, given, qb_address
from connectors.demo.stage import Stage
from connectors.demo.world import Expected

TODAY = date(2026, 11, 19)
"""The day that people write on what they enter, so that the story does not depend on the calendar."""
RETAIL = "Retail"
FIRST_NUMBER = 90_000
"""Numbers of the payments and invoices that the story enters."""


class NobodyLeft(Exception):
    """A small world has nobody to whom this could happen."""


class Story:
    """Two chapters; between the acts nothing is synchronised. Remembers what a later chapter comes back to."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.company, self.account, self.diary = stage.company, stage.account, stage.diary
        self._number = FIRST_NUMBER
        self._used: set[str] = set()
        self._taken_back: list[tuple[str, dict[str, Decimal]]] = []
        self._bounced: list[Record] = []
        self._with_hand_line: str | None = None
        self._partly_paid: str | None = None
        self._moved: Record | None = None
        self._won: Record | None = None
        self._lost: Record | None = None

    @property
    def most_told(self) -> str | None:
        """The number of an invoice to which much happens on both sides, if the world was large enough for one."""
        return None if self._won is None else str(self._won["RefNumber"])

    def first_chapter(self) -> list[str]:
        """Before the second visit."""
        acts: list[Callable[[Scene], str]] = [
            self._customer_moves, self._customer_changes_email, self._customer_changes_type, self._type_is_renamed,
            self._new_customer, self._stranger_becomes_customer, self._line_changes, self._invoice_is_voided,
            self._part_of_an_order_is_voided, self._invoice_is_deleted, self._payment_for_an_order,
            self._payment_is_deleted, self._payment_is_taken_back, self._deal_is_moved, self._organization_moves,
            self._organization_is_renamed, self._line_is_added_by_hand, self._deal_is_won,
            self._deal_of_an_order_is_won, self._deal_is_lost,
        ]  # fmt: skip
        return self._told(acts)

    def second_chapter(self) -> list[str]:
        """Before the third visit."""
        acts: list[Callable[[Scene], str]] = [
            self._payment_is_applied_again, self._bounced_payment_comes_again, self._job_begins,
            self._late_invoice_for_an_order, self._invoice_with_hand_line_changes, self._rest_is_paid,
            self._deal_is_moved_on, self._deal_is_reopened, self._memo_is_added_to,
        ]  # fmt: skip
        return self._told(acts)

    def _told(self, acts: list[Callable[[Scene], str]]) -> list[str]:
        """Tells what happened; in a small world some acts find nobody and are left out."""
        told = []
        for act in acts:
            with suppress(NobodyLeft):
                told.append(act(self.stage.scene()))
        return told

    # ------------------------------------------------------------------------------------------- who is concerned
    def _customers(self, scene: Scene, outcome: str) -> Iterator[Record]:
        """Customers of that expectation whom nothing happened to yet."""
        for key, expected in self.diary.expected.items():
            if expected.outcome == outcome and key not in self._used and scene.customers[key]["IsActive"]:
                yield scene.customers[key]

    def _invoices(self, scene: Scene, fits: Callable[[Record], bool], shared: bool = False) -> Iterator[Record]:
        """Invoices with a deal whom nothing happened to yet; `shared`: of a purchase order of several."""
        sizes = Counter(scene.group(one) for one in scene.living())
        for one in scene.living():
            if (
                one["TxnID"] not in self._used
                and self._gets_deal(scene, one)
                and (sizes[scene.group(one)] > 1) == shared
                and fits(one)
            ):
                yield one

    def _gets_deal(self, scene: Scene, invoice: Record) -> bool:
        """By the answer key: it is recent enough and its customer does not wait for a person."""
        root = self.diary.expected[scene.root(invoice["CustomerRef"]["ListID"])]
        return root.outcome != "parked" and date.fromisoformat(str(invoice["TxnDate"])) >= FIRST_INVOICE_DATE

    def _use(self, found: Iterator[Record], scene: Scene, key: str = "TxnID") -> Record:
        """The first of them; from now on it is concerned, and with it its whole purchase order."""
        record = next(found, None)
        if record is None:
            raise NobodyLeft
        self._used.add(record[key])
        if key == "TxnID" and "Subtotal" in record:
            group = scene.group(record)
            self._used.update(txn for txn, one in scene.invoices.items() if scene.group(one) == group)
        return record

    def _deal(self, scene: Scene, invoice: Record) -> int:
        return scene.invoice_claims[invoice["TxnID"]][0]

    def _organization(self, scene: Scene, customer: Record) -> int:
        return scene.customer_claims[customer["ListID"]][0]

    def _next_number(self) -> str:
        self._number += 1
        return str(self._number)

    # --------------------------------------------------------------------------------- the first chapter, QuickBooks
    def _customer_moves(self, scene: Scene) -> str:
        customer = self._use((one for one in self._customers(scene, "new") if one.get("BillAddress")), scene, "ListID")
        address = self.stage.world.directory.address()
        self.company.edit("Customer", customer["ListID"], BillAddress=qb_address(address))
        parts = (address.street, address.city, address.postal_code)
        self.diary.note("organization", self._organization(scene, customer), "address", parts, "the customer moved")
        return f"QuickBooks: {customer['FullName']} moves to {address.one_line}"

    def _customer_changes_email(self, scene: Scene) -> str:
        customer = self._use((one for one in self._customers(scene, "new") if one.get("Email")), scene, "ListID")
        key, email = customer["ListID"], f"new.{customer['ListID'].lower()}@mail.example"
        self.company.edit("Customer", key, Email=email)
        self.diary.note("organization", self._organization(scene, customer), "custom.Email", email, "a new e-mail")
        return f"QuickBooks: {customer['FullName']} has a new e-mail address"

    def _customer_changes_type(self, scene: Scene) -> str:
        customer = self._use(self._typed(scene), scene, "ListID")
        self.company.edit("Customer", customer["ListID"], CustomerTypeRef=RETAIL)
        organization = self._organization(scene, customer)
        self.diary.note("organization", organization, "custom.Customer type", RETAIL, "another customer type")
        return f"QuickBooks: {customer['FullName']} is a retail customer now"

    def _type_is_renamed(self, scene: Scene) -> str:
        customer = self._use(self._typed(scene), scene, "ListID")
        old = customer["CustomerTypeRef"]["FullName"]
        name = f"{old} accounts"
        self.company.edit("CustomerType", customer["CustomerTypeRef"]["ListID"], Name=name)
        organization = self._organization(scene, customer)
        self.diary.note("organization", organization, "custom.Customer type", name, "the customer type was renamed")
        return f"QuickBooks: the customer type {old} is called {name} now"

    def _typed(self, scene: Scene) -> Iterator[Record]:
        """New organizations whose customer has a type, other than the one that somebody gets."""
        for one in self._customers(scene, "new"):
            if one.get("CustomerTypeRef", {"FullName": RETAIL})["FullName"] != RETAIL:
                yield one

    def _new_customer(self, scene: Scene) -> str:
        customer = self.stage.world.book.enter(active=True, created=self.stage.clock(), customer_type=RETAIL)
        self._enter(customer, Expected("new", "entered between two visits"))
        return f"QuickBooks: a new customer, {customer.name}, with an invoice"

    def _stranger_becomes_customer(self, scene: Scene) -> str:
        stranger = self.stage.world.strangers[0]
        customer = self.stage.world.book.enter(
            emails=(),
            active=True,
            created=self.stage.clock(),
            name=stranger.name,
            company=stranger.name,
            customer_type=RETAIL,
        )
        self._enter(customer, Expected("linked", "an organization of its name was there", stranger.ref))
        return f"QuickBooks: {customer.name}, long known in Pipedrive, becomes a customer"

    def _enter(self, customer: Any, expected: Expected) -> None:
        key = add_customer(self.company, customer, self.stage.ids)
        self.stage.ids.customers[customer.ref] = key
        self.diary.expected[key] = expected
        self._used.add(key)
        self._invoice(key)

    def _invoice(self, customer: str, **fields: Any) -> str:
        goods = next(item for item in self.stage.world.items if item.kind == "Inventory")
        line = {"ItemRef": self.stage.ids.items[goods.ref], "Quantity": Decimal(3), "SalesTaxCodeRef": "Non"}
        key = self.company.add_invoice(customer, [line], date=TODAY, RefNumber=self._next_number(), **fields)
        self._used.add(key)
        return key

    def _line_changes(self, scene: Scene) -> str:
        invoice = self._use(self._invoices(scene, _editable), scene)
        self._one_more(invoice)
        return f"QuickBooks: one more of the first line of invoice {invoice['RefNumber']}"

    def _one_more(self, invoice: Record) -> None:
        first, *others = invoice["Lines"]
        changed = {"TxnLineID": first["TxnLineID"], "Quantity": first["Quantity"] + 1}
        kept = [{"TxnLineID": line["TxnLineID"]} for line in others]
        self.company.edit("Invoice", invoice["TxnID"], lines=[changed, *kept])

    def _invoice_is_voided(self, scene: Scene) -> str:
        invoice = self._use(self._invoices(scene, _unpaid), scene)
        self.company.void_invoice(invoice["TxnID"])
        self.diary.note("deal", self._deal(scene, invoice), "status", "lost", "its only invoice was voided")
        return f"QuickBooks: invoice {invoice['RefNumber']} is voided"

    def _part_of_an_order_is_voided(self, scene: Scene) -> str:
        invoice = self._use(self._invoices(scene, _unpaid, shared=True), scene)
        self.company.void_invoice(invoice["TxnID"])
        self.diary.note("deal", self._deal(scene, invoice), "status", "open", "its order has other invoices")
        return f"QuickBooks: invoice {invoice['RefNumber']} is voided; order {invoice['PONumber']} has others"

    def _invoice_is_deleted(self, scene: Scene) -> str:
        invoice = self._use(self._invoices(scene, _unpaid), scene)
        self.company.delete_transaction(invoice["TxnID"])
        self.diary.note("deal", self._deal(scene, invoice), "status", "lost", "its only invoice was deleted")
        return f"QuickBooks: invoice {invoice['RefNumber']} is deleted"

    def _payment_for_an_order(self, scene: Scene) -> str:
        """A part of what is open on each invoice of one purchase order."""
        groups = Counter(scene.group(one) for one in self._invoices(scene, _unpaid, shared=True))
        group = next((group for group, size in groups.items() if size > 1), None)
        if group is None:
            raise NobodyLeft
        invoices = [one for one in self._invoices(scene, _unpaid, shared=True) if scene.group(one) == group]
        self._use(iter(invoices), scene)
        applied = {one["TxnID"]: (one["BalanceRemaining"] * 2 / 3).quantize(Decimal("0.01")) for one in invoices}
        self._receive(invoices[0]["CustomerRef"]["ListID"], applied, "Wire")
        self._partly_paid = invoices[-1]["TxnID"]
        return f"QuickBooks: a payment for {len(invoices)} invoices of order {invoices[0]['PONumber']}"

    def _receive(self, customer: str, applied: dict[str, Decimal], method: str) -> None:
        self.company.receive_payment(customer, applied, method=method, date=TODAY, RefNumber=self._next_number())

    def _payments(self, scene: Scene, applications: int) -> Iterator[Record]:
        """Payments with so many applications, all of them to invoices with a deal, untouched so far."""
        for payment in self.company.records("ReceivePayment"):
            keys = [part["TxnID"] for part in payment["AppliedToTxnRet"]]
            untouched = payment["TxnID"] not in self._used and not self._used.intersection(keys)
            day = date.fromisoformat(str(payment["TxnDate"]))
            dealt = all(self._gets_deal(scene, scene.invoices[key]) for key in keys)
            if untouched and dealt and len(keys) == applications and day >= FIRST_INVOICE_DATE:
                yield payment

    def _use_payment(self, scene: Scene, applications: int) -> Record:
        payment = self._use(self._payments(scene, applications), scene)
        self._used.update(part["TxnID"] for part in payment["AppliedToTxnRet"])
        return payment

    def _payment_is_deleted(self, scene: Scene) -> str:
        payment = self._use_payment(scene, 1)
        self.company.delete_payment(payment["TxnID"])
        self._bounced.append(payment)
        return f"QuickBooks: check {payment['RefNumber']} bounced, the payment is deleted"

    def _payment_is_taken_back(self, scene: Scene) -> str:
        payment = self._use_payment(scene, 2)
        applied = {part["TxnID"]: part["Amount"] for part in payment["AppliedToTxnRet"]}
        first = next(iter(applied))
        self.company.apply_payment(payment["TxnID"], {first: applied[first]})
        self._taken_back.append((payment["TxnID"], applied))
        return f"QuickBooks: payment {payment['RefNumber']} no longer settles the second of its invoices"

    # ---------------------------------------------------------------------------------- the first chapter, Pipedrive
    def _deal_is_moved(self, scene: Scene) -> str:
        """And its invoice is paid meanwhile: the stage stays all the same."""
        invoice = self._use(self._invoices(scene, _unpaid), scene)
        self._moved = invoice
        self._move(self._deal(scene, invoice), "Promised")
        self._receive(invoice["CustomerRef"]["ListID"], {invoice["TxnID"]: invoice["BalanceRemaining"]}, "ACH")
        return f"Pipedrive: the deal of invoice {invoice['RefNumber']} is moved to Promised; QuickBooks: it is paid"

    def _move(self, deal: int, stage: str) -> None:
        self.account.move_deal(deal, "Invoices", stage)
        self.diary.note("deal", deal, "stage_id", self.account.stage_id("Invoices", stage), "a salesperson moved it")
        self.diary.told.add(deal)

    def _decide(self, scene: Scene, invoice: Record, status: str) -> None:
        """A salesperson wins, loses or reopens the deal of this invoice."""
        deal = self._deal(scene, invoice)
        acts = {"won": self.account.win_deal, "lost": self.account.lose_deal, "open": self.account.reopen_deal}
        acts[status](deal)
        self.diary.note("deal", deal, "status", status, f"a salesperson made it {status}")
        self.diary.told.add(deal)

    def _deal_is_won(self, scene: Scene) -> str:
        """Of an invoice that has a memo already, where there is one."""
        fit = sorted(self._invoices(scene, _unpaid), key=lambda one: not one.get("Memo"))
        self._won = self._use(iter(fit), scene)
        self._decide(scene, self._won, "won")
        return f"Pipedrive: the deal of invoice {self._won['RefNumber']} is won"

    def _deal_of_an_order_is_won(self, scene: Scene) -> str:
        invoice = self._use(self._invoices(scene, lambda one: True, shared=True), scene)
        self._decide(scene, invoice, "won")
        return f"Pipedrive: the deal of order {invoice['PONumber']} is won, with all its invoices"

    def _deal_is_lost(self, scene: Scene) -> str:
        self._lost = self._use(self._invoices(scene, _unpaid), scene)
        self._decide(scene, self._lost, "lost")
        return f"Pipedrive: the deal of invoice {self._lost['RefNumber']} is lost"

    def _organization_moves(self, scene: Scene) -> str:
        """Its customer changes in QuickBooks as well, but elsewhere: the address stays the salesperson's."""
        customer = self._use(self._customers(scene, "new"), scene, "ListID")
        organization, address = self._organization(scene, customer), self.stage.world.directory.address()
        self.account.edit("organization", organization, address={"value": address.one_line})
        self.diary.note("organization", organization, "address", address.one_line, "a salesperson corrected it")
        self.company.edit("Customer", customer["ListID"], TermsRef="Net 60", Phone="(518) 555-0100")
        return f"Pipedrive: somebody corrects the address of {customer['FullName']}; QuickBooks: other terms"

    def _organization_is_renamed(self, scene: Scene) -> str:
        customer = self._use(self._customers(scene, "new"), scene, "ListID")
        organization, name = self._organization(scene, customer), f"{customer['FullName']} (key account)"
        self.account.edit("organization", organization, name=name)
        self.diary.note("organization", organization, "name", name, "a salesperson renamed it")
        return f"Pipedrive: somebody renames {customer['FullName']}"

    def _line_is_added_by_hand(self, scene: Scene) -> str:
        invoice = self._use(self._invoices(scene, _editable), scene)
        deal = self._deal(scene, invoice)
        product = next(one["id"] for one in scene.products.values() if one["name"] == "Consulting day")
        line = self.account.add_line(deal, product_id=product, item_price=Decimal(950), quantity=2, tax_method="none")
        self.diary.hand_lines.add(line["id"])
        self._with_hand_line = invoice["TxnID"]
        return f"Pipedrive: a salesperson adds two consulting days to the deal of invoice {invoice['RefNumber']}"

    # ---------------------------------------------------------------------------------------------- the second chapter
    def _payment_is_applied_again(self, scene: Scene) -> str:
        if not self._taken_back:
            raise NobodyLeft
        payment, applied = self._taken_back[0]
        self.company.apply_payment(payment, applied)
        return "QuickBooks: the payment settles both its invoices again"

    def _bounced_payment_comes_again(self, scene: Scene) -> str:
        if not self._bounced:
            raise NobodyLeft
        payment = self._bounced[0]
        applied = {part["TxnID"]: part["Amount"] for part in payment["AppliedToTxnRet"]}
        self._receive(payment["CustomerRef"]["ListID"], applied, "Wire")
        return f"QuickBooks: instead of check {payment['RefNumber']} the money comes by wire"

    def _job_begins(self, scene: Scene) -> str:
        customer = self._use(self._customers(scene, "linked"), scene, "ListID")
        job = self.company.add_customer(
            "Winter season", parent=customer["ListID"], SalesTaxCodeRef="Non",
            **given(CurrencyRef=customer.get("CurrencyRef"), CompanyName=customer.get("CompanyName")),
        )  # fmt: skip
        self._invoice(job)
        return f"QuickBooks: {customer['FullName']} has a new job, with an invoice"

    def _late_invoice_for_an_order(self, scene: Scene) -> str:
        order = self._use(self._invoices(scene, lambda one: True, shared=True), scene)
        self._invoice(order["CustomerRef"]["ListID"], PONumber=order["PONumber"])
        return f"QuickBooks: another invoice for order {order['PONumber']}"

    def _invoice_with_hand_line_changes(self, scene: Scene) -> str:
        if self._with_hand_line is None:
            raise NobodyLeft
        invoice = scene.invoices[self._with_hand_line]
        self._one_more(invoice)
        return f"QuickBooks: one more of the first line of invoice {invoice['RefNumber']}; the consulting days stay"

    def _deal_is_moved_on(self, scene: Scene) -> str:
        if self._moved is None:
            raise NobodyLeft
        self._move(self._deal(scene, self._moved), "Settled")
        return f"Pipedrive: the deal of invoice {self._moved['RefNumber']} is moved on to Settled"

    def _deal_is_reopened(self, scene: Scene) -> str:
        if self._lost is None:
            raise NobodyLeft
        self._decide(scene, self._lost, "open")
        return f"Pipedrive: the deal of invoice {self._lost['RefNumber']} is open again"

    def _memo_is_added_to(self, scene: Scene) -> str:
        """In front of what stands there, our line included; in the same days the deal is moved."""
        if self._won is None:
            raise NobodyLeft
        key, words = self._won["TxnID"], "Ask for Ms Doyle."
        memo = scene.invoices[key].get("Memo") or ""
        self.company.edit("Invoice", key, Memo=f"{words} {memo}")
        self.diary.words[key] = f"{words} {self.diary.words.get(key, '')}"
        self._move(self._deal(scene, self._won), "Promised")
        return (
            f"QuickBooks: somebody adds to the memo of invoice {self._won['RefNumber']}; Pipedrive: its deal is moved"
        )

    def _rest_is_paid(self, scene: Scene) -> str:
        """Of the order that was partly paid before: the later note shows other balances than the earlier one."""
        if self._partly_paid is None:
            raise NobodyLeft
        invoice = scene.invoices[self._partly_paid]
        self._receive(invoice["CustomerRef"]["ListID"], {invoice["TxnID"]: invoice["BalanceRemaining"]}, "Check")
        return f"QuickBooks: the rest of invoice {invoice['RefNumber']} is paid"


def _unpaid(invoice: Record) -> bool:
    return bool(invoice["AppliedAmount"] == 0 and total(invoice) > 0 and invoice.get("RefNumber"))


def _editable(invoice: Record) -> bool:
    """Unpaid, with nothing but items, the first one by the piece."""
    plain = all("ItemRef" in line and line.get("Quantity") for line in invoice["Lines"])
    return plain and _unpaid(invoice) and not is_voided(invoice) and invoice["Lines"][0]["Quantity"] % 1 == 0
