"""What a perfect engine would have done to Pipedrive by now: the state that every check must accept.

It knows the answer key, works in the simulators' memory and costs nothing, so the checks and the story can be tried
without any engine; each test then spoils one thing.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.demo.checks.memos import plain, told
from connectors.demo.checks.money import CODES
from connectors.demo.checks.notes import noon
from connectors.demo.checks.scene import IDENTITY_FIELD, Scene, is_voided, total
from connectors.demo.diary import FIRST_INVOICE_DATE, ZONE
from connectors.demo.stage import Stage

FILE = "somefile"


def identity(entity: str, *keys: str) -> str:
    """The identity lines of those records."""
    return "\n".join(f"{FILE}/{entity}/{key}" for key in keys)


class Ideal:
    """Brings the account of a stage up to date, whenever it is called."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.account, self.diary = stage, stage.account, stage.diary
        for entity in ("organization", "deal", "product"):
            self.account.add_field(entity, IDENTITY_FIELD, "text")
        types = [one["Name"] for one in stage.company.records("CustomerType")]
        self.types = self.account.add_field("organization", "Customer type", "enum", types)
        self.product = self.account.add_product(
            "QuickBooks item", custom={IDENTITY_FIELD: identity("Item", "1-1000000")}
        )
        self._seen: dict[str, dict[str, Any]] = {}

    def synchronise(self) -> None:
        """Customers, deals and notes; what the story did included."""
        self._customers(self.stage.scene())
        self._deals(self.stage.scene())
        self._notes(self.stage.scene())
        self._memos(self.stage.scene())

    def _customers(self, scene: Scene) -> None:
        names = [one["Name"] for one in self.stage.company.records("CustomerType")]
        field = self.account.fields.named("organization", "Customer type")
        changed = [{"id": o["id"], "label": n} for o, n in zip(field["options"], names, strict=True) if o["label"] != n]
        if changed:
            self.account.fields.change_options("organization", field["field_code"], changed)
        for key, expected in self.diary.expected.items():
            customer, ids = scene.customers[key], scene.customer_claims.get(key)
            if expected.outcome == "parked":
                continue
            if ids is None:
                mine = {IDENTITY_FIELD: identity("Customer", key)}
                if expected.outcome == "linked":
                    self.account.edit(
                        "organization", self.diary.organizations[expected.organization or ""], custom=mine
                    )
                else:
                    self.account.add_organization(customer["CompanyName"], custom=mine | self._custom(customer))
            elif ids[0] not in self.diary.before:
                self._update(ids[0], customer)
            self._seen[key] = customer

    def _update(self, organization: int, customer: dict[str, Any]) -> None:
        before = self._seen[customer["ListID"]]
        changed: dict[str, Any] = {}
        if customer.get("BillAddress") != before.get("BillAddress"):
            changed["address"] = {"value": ", ".join(customer["BillAddress"].values())}
        if self._custom(customer) != self._custom(before):
            changed["custom"] = self._custom(customer)
        if changed:
            self.account.edit("organization", organization, **changed)

    def _custom(self, customer: dict[str, Any]) -> dict[str, Any]:
        kind = customer.get("CustomerTypeRef")
        custom = {"Customer type": kind["FullName"]} if kind else {}
        return custom | ({"Email": customer["Email"]} if customer.get("Email") else {})

    def _deals(self, scene: Scene) -> None:
        groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for invoice in scene.invoices.values():
            root = scene.root(invoice["CustomerRef"]["ListID"])
            if self.diary.expected[root].outcome != "parked" and invoice["TxnDate"] >= FIRST_INVOICE_DATE.isoformat():
                groups[scene.group(invoice)].append(invoice)
        for invoices in groups.values():
            self._deal(scene, invoices)
        for key in scene.invoice_claims.keys() - scene.invoices.keys():
            self._lose(scene, scene.invoice_claims[key][0], "Deleted in QuickBooks")

    def _deal(self, scene: Scene, invoices: list[dict[str, Any]]) -> None:
        claims = [scene.invoice_claims[one["TxnID"]][0] for one in invoices if one["TxnID"] in scene.invoice_claims]
        living = [one for one in invoices if not is_voided(one)]
        if not living:
            if claims:
                self._lose(scene, claims[0], "Voided in QuickBooks")
            return
        mine = {IDENTITY_FIELD: identity("Invoice", *(one["TxnID"] for one in invoices))}
        if claims:
            deal = claims[0]
            self.account.edit("deal", deal, custom=mine)
        else:
            organization = scene.customer_claims[scene.root(living[0]["CustomerRef"]["ListID"])][0]
            currency = CODES[living[0]["CurrencyRef"]["FullName"]]
            title = f"Invoice {living[0].get('RefNumber') or living[0]['TxnID']}"
            deal = self.account.add_deal(title, org_id=organization, currency=currency, custom=mine)["id"]
        due = {str(total(one)): one for one in living}
        lines = [line for line in scene.lines[deal] if line["id"] not in self.diary.hand_lines]
        if sum(Decimal(line["sum"]) for line in lines) != sum(total(one) for one in living) or not due:
            for line in lines:
                self.account.lines.remove_one(deal, line["id"], None)  # type: ignore[arg-type]
            for one in living:
                self.account.add_line(
                    deal, product_id=self.product["id"], quantity=1, item_price=total(one), tax_method="none"
                )

    def _lose(self, scene: Scene, deal: int, reason: str) -> None:
        if scene.deals[deal]["status"] == "open":
            self.account.lose_deal(deal, reason)

    def _notes(self, scene: Scene) -> None:
        held = {claim: note for note in scene.notes for claim in note.claims}
        living = set()
        for part in scene.applications:
            claim = (part.payment, part.invoice)
            deals = scene.invoice_claims.get(part.invoice)
            living.add(claim)
            if deals and part.day >= FIRST_INVOICE_DATE.isoformat():
                content = self._content(scene, part, deals[0])
                if claim not in held:
                    record = self.account.add_note(content, deal_id=deals[0])
                    add_time = noon(part.day).replace("T", " ").removesuffix("Z")
                    self.account.edit("note", record["id"], add_time=add_time)
                elif "Reversed in QuickBooks" in held[claim].lines[-1]:
                    self.account.edit("note", held[claim].id, content=content)
        for claim in held.keys() - living:
            note = self.account.record("note", held[claim].id)
            if "Reversed in QuickBooks" not in note["content"]:
                body, mark, rest = note["content"].partition(f"<p>{FILE}")
                self.account.edit("note", note["id"], content=f"{body}<p>Reversed in QuickBooks on x</p>{mark}{rest}")

    def _memos(self, scene: Scene) -> None:
        for deal in self.diary.told:
            for key in scene.invoices_of(deal):
                memo = f"{self.diary.words.get(key, '')}\n{told(scene, deal)}"
                if plain(memo) != plain(scene.invoices[key].get("Memo") or ""):
                    self.stage.company.edit("Invoice", key, Memo=memo)

    def _content(self, scene: Scene, part: Any, deal: int) -> str:
        now: datetime = self.stage.clock().astimezone(ZONE).replace(microsecond=0)
        rows = []
        for key in scene.invoices_of(deal):
            if key in scene.invoices:
                one = scene.invoices[key]
                rows.append(
                    f"<li>{one.get('RefNumber') or key}: {total(one):,.2f}, open {one['BalanceRemaining']:,.2f}, "
                    f"read {now.isoformat()}</li>"
                )
        line = f'{FILE}/ReceivePayment/["{part.payment}","{part.invoice}"]'
        return f"<p>{part.amount:,.2f} by {part.method}, {part.number}</p><ul>{''.join(rows)}</ul><p>{line}</p>"
