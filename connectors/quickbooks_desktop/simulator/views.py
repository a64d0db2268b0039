"""Shows a record as QuickBooks answers it: with identity, stamps, names of references and computed amounts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.quickbooks_desktop.simulator.answers import in_order
from connectors.quickbooks_desktop.simulator.ledger import Ledger
from connectors.quickbooks_desktop.simulator.records import TRANSACTIONS, TREES, Record, Records, targets
from connectors.quickbooks_desktop.simulator.wall_clock import WallClock


class Views:
    """The read side of a company file. `currency` is the home currency's ListID when several currencies are in use."""

    def __init__(self, records: Records, ledger: Ledger, wall: WallClock) -> None:
        self._records = records
        self._ledger = ledger
        self._wall = wall
        self.home_currency: str | None = None
        self.custom_types: dict[tuple[str, str], str] = {}  # (OwnerID, DataExtName) -> DataExtType

    def full(self, record: Record) -> dict[str, Any]:
        """Everything: lines, links and custom fields of every owner."""
        fields = self._head(record) | self._named(record.entity, record.fields)
        match record.entity:
            case "Customer":
                fields |= self._customer(record)
            case "Invoice":
                fields |= self._invoice(record)
            case "Estimate" | "SalesOrder" if record.lines:
                fields |= self._order(record)
            case "ReceivePayment":
                fields |= self._payment(record)
            case "Currency" if record.id == self.home_currency:
                fields["ExchangeRate"] = Decimal(1)
        if record.custom:
            fields["DataExtRet"] = [
                self._data_ext(owner, name, value) for (owner, name), value in record.custom.items()
            ]
        return in_order(record.entity, fields)

    def _head(self, record: Record) -> dict[str, Any]:
        stamps = {
            "TimeCreated": self._wall.stamp(record.created),
            "TimeModified": self._wall.stamp(record.modified),
            "EditSequence": record.edit_sequence,
        }
        if record.entity in TRANSACTIONS:
            return {"TxnID": record.id, **stamps, "TxnNumber": record.txn_number}
        head: dict[str, Any] = {"ListID": record.id, **stamps}
        if record.entity in TREES:
            head |= {"FullName": self._records.full_name(record), "Sublevel": self._records.level(record)}
        return head

    def _named(self, entity: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """References get the FullName that their target has today. [assumed: QuickBooks stores the id]"""
        return {name: self._value(entity, name, value) for name, value in fields.items()}

    def _value(self, entity: str, name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._value(entity, name, item) for item in value]
        if not isinstance(value, Mapping):
            return value
        if name.endswith("Ref") and "ListID" in value:
            target = self._records.get(targets(name, entity), value["ListID"])
            return {"ListID": value["ListID"], "FullName": self._records.full_name(target)} if target else dict(value)
        return self._named(entity, value)

    def _customer(self, record: Record) -> dict[str, Any]:
        return _address_blocks(record) | {
            "Balance": self._ledger.balance(record),
            "TotalBalance": self._ledger.total_balance(record),
        }

    def _invoice(self, record: Record) -> dict[str, Any]:
        balance = self._ledger.open_balance(record)
        fields = _address_blocks(record) | {
            "AppliedAmount": -self._ledger.settled(record.id),  # negative [facts 3 (mem)]
            "BalanceRemaining": balance,
            "IsPaid": balance == 0,  # true for a voided invoice as well [assumed]
            "LinkedTxn": [self._link(payment, record.id) for payment in self._ledger.payments_of(record.id)],
            "Lines": self._lines(record),
        }
        if "ExchangeRate" in record.fields:
            rate: Decimal = record.fields["ExchangeRate"]
            fields["BalanceRemainingInHomeCurrency"] = (balance * rate).quantize(Decimal("0.01"))
        return fields

    def _order(self, record: Record) -> dict[str, Any]:
        total: Decimal = record.fields["Subtotal"] + record.fields["SalesTaxTotal"]
        fields = _address_blocks(record) | {"TotalAmount": total, "Lines": self._lines(record)}
        if "ExchangeRate" in record.fields:
            rate: Decimal = record.fields["ExchangeRate"]
            fields["TotalAmountInHomeCurrency"] = (total * rate).quantize(Decimal("0.01"))
        return fields

    def _lines(self, record: Record) -> list[dict[str, Any]]:
        """The lines with the names of their references; the members of a group under the kind's own name."""
        lines = [self._named(record.entity, line) for line in record.lines]
        for line in lines:
            if record.entity != "Invoice" and "InvoiceLineRet" in line:
                line[f"{record.entity}LineRet"] = line.pop("InvoiceLineRet")
        return lines

    def _link(self, payment: Record, txn_id: str) -> dict[str, Any]:
        part = payment.applied[txn_id]
        return {
            "TxnID": payment.id,
            "TxnType": "ReceivePayment",
            "TxnDate": payment.fields["TxnDate"],
            "RefNumber": payment.fields.get("RefNumber"),
            "LinkType": "AMTTYPE",
            "Amount": -sum(part.values(), Decimal("0.00")),  # with the discount taken [assumed]
        }

    def _payment(self, record: Record) -> dict[str, Any]:
        fields: dict[str, Any] = {"UnusedPayment": self._ledger.unused(record), "UnusedCredits": Decimal("0.00")}
        if "ExchangeRate" in record.fields:
            home = record.fields["TotalAmount"] * record.fields["ExchangeRate"]
            fields["TotalAmountInHomeCurrency"] = home.quantize(Decimal("0.01"))
        fields["AppliedToTxnRet"] = [self._application(txn_id, part) for txn_id, part in record.applied.items()]
        return fields

    def _application(self, txn_id: str, part: Mapping[str, Decimal]) -> dict[str, Any]:
        invoice = self._records.shelf("Invoice")[txn_id]
        return {
            "TxnID": txn_id,
            "TxnType": "Invoice",
            "TxnDate": invoice.fields["TxnDate"],
            "RefNumber": invoice.fields.get("RefNumber"),
            "BalanceRemaining": self._ledger.open_balance(invoice),  # today's, not the payment day's [assumed]
            **part,
        }

    def _data_ext(self, owner: str, name: str, value: str) -> dict[str, Any]:
        kind = self.custom_types.get((owner, name), "STR255TYPE")
        return {"OwnerID": owner, "DataExtName": name, "DataExtType": kind, "DataExtValue": value}


def _address_blocks(record: Record) -> dict[str, Any]:
    """BillAddressBlock and ShipAddressBlock: the address as printed, in at most five lines. [facts: hcp sample]"""
    blocks: dict[str, Any] = {}
    for name in ("BillAddress", "ShipAddress"):
        address: Mapping[str, str] | None = record.fields.get(name)
        if address:
            lines = [address[f"Addr{n}"] for n in range(1, 6) if address.get(f"Addr{n}")]
            place = " ".join(address[part] for part in ("State", "PostalCode") if address.get(part))
            if city := ", ".join(part for part in (address.get("City"), place) if part):
                lines.append(city)
            if address.get("Country"):
                lines.append(address["Country"])
            blocks[f"{name}Block"] = {f"Addr{n}": line[:41] for n, line in enumerate(lines[:5], 1)}
    return blocks
