"""The lines of a deal (deal products): adding, changing and removing them, and the deal's value after it."""

from typing import TYPE_CHECKING, Any

from .deals import line_sum, value_of
from .events import Actor
from .products import check_billing
from .refusals import Forbidden, Invalid, Missing
from .validation import check

if TYPE_CHECKING:
    from .records import Records

Record = dict[str, Any]

BULK = 100
"""Lines in one bulk request, or ids in one delete [OpenAPI v2 addManyDealProducts]."""
RECURRING = 20
"""Lines of a deal that are not billed once [OpenAPI v2 addDealProduct]."""
NEW_LINE: Record = {
    "product_variation_id": None,
    "comments": None,
    "tax": 0,
    "discount": 0,
    "discount_type": "percentage",
    "is_enabled": True,
    "billing_frequency": "one-time",
    "billing_frequency_cycles": None,
    "billing_start_date": None,
}


class Lines:
    """Acts on the lines of deals."""

    def __init__(self, account: "Records") -> None:
        self.account = account

    def add(self, deal_id: int, bodies: Any, actor: Actor) -> list[Record]:
        """One or up to 100 lines; all or none unless the switch says otherwise."""
        account = self.account
        with account.changing():
            deal = self._open(deal_id, actor)
            if not isinstance(bodies, list) or not 1 <= len(bodies) <= BULK:
                raise Invalid(f"data: must be an array of 1 to {BULK} products")
            atomic = account.switches.bulk_is_atomic
            lines: list[Record] = []
            checked = [self._new(deal, body) for body in bodies] if atomic else []
            try:
                for number, body in enumerate(bodies):
                    new = checked[number] if atomic else self._new(deal, body)
                    self._room(deal, len(bodies) - number if atomic else 1, new)
                    new["id"] = account.tables.next_id("deal_product")
                    new["order_nr"] = len(account.tables.lines(deal_id)) + 1
                    lines.append(account.tables.add("deal_product", new))
            finally:
                if lines:
                    self._settle(deal, actor, lines[-1]["tax_method"] if "tax_method" in bodies[-1] else None)
            return lines

    def change(self, deal_id: int, line_id: int, body: Any, actor: Actor) -> Record:
        account = self.account
        with account.changing():
            deal = self._open(deal_id, actor)
            line = self._line(deal_id, line_id)
            kept = check("deal_product", body, account, new=False)
            after = line | kept
            self._check(after, deal)
            if any(line[key] != value for key, value in kept.items()):
                line.update(after | {"update_time": account.now})
                self._settle(deal, actor, kept.get("tax_method"))
            return line

    def remove(self, deal_id: int, ids: list[int] | None, actor: Actor) -> tuple[list[int], bool]:
        """Removes these lines, or up to 100; says which went and whether more are left [OpenAPI v2].

        Unknown ids are passed over [assumed], as lists do.
        """
        account = self.account
        with account.changing():
            deal = self._open(deal_id, actor)
            present = [line["id"] for line in account.tables.lines(deal_id)]
            gone = [key for key in present if ids is None or key in ids][:BULK]
            for key in gone:
                account.tables.remove("deal_product", key)
            if gone:
                self._settle(deal, actor, None)
            return gone, bool(account.tables.lines(deal_id))

    def remove_one(self, deal_id: int, line_id: int, actor: Actor) -> int:
        with self.account.changing():
            self._line(deal_id, line_id)
            return self.remove(deal_id, [line_id], actor)[0][0]

    def _open(self, deal_id: int, actor: Actor) -> Record:
        deal = self.account.living("deal", deal_id)
        if deal["is_archived"] and actor.source == "api":
            raise Forbidden("Archived deals cannot be edited")
        return deal

    def _line(self, deal_id: int, line_id: int) -> Record:
        line = self.account.tables["deal_product"].get(line_id)
        if line is None or line["deal_id"] != deal_id:
            raise Missing("Deal product not found")
        return line

    def _new(self, deal: Record, body: Any) -> Record:
        account = self.account
        kept = check("deal_product", body, account, new=True)
        others = account.tables.lines(deal["id"])
        method = others[0]["tax_method"] if others else account.switches.default_tax_method
        now = account.now
        line = {"id": 0, "deal_id": deal["id"], "currency": deal["currency"], "tax_method": method}
        line |= NEW_LINE | {"add_time": now, "update_time": now} | kept
        self._check(line, deal)
        return line

    def _check(self, line: Record, deal: Record) -> None:
        account = self.account
        product = account.tables["product"][line["product_id"]]
        if not product["is_linkable"]:
            raise Invalid("product_id: the product cannot be added to deals")  # [OpenAPI v2 is_linkable]
        if line["item_price"] < 0 and not account.switches.negative_prices:
            raise Invalid("item_price: must not be negative")
        if line["quantity"] <= 0:
            raise Invalid("quantity: must be more than 0")  # [assumed]
        if line["tax"] < 0 or line["discount"] < 0:
            raise Invalid("tax, discount: must not be negative")  # [assumed]
        if line["discount_type"] == "percentage" and line["discount"] > 100:
            raise Invalid("discount: must not be more than 100 percent")  # [assumed]
        check_billing(line, account)
        line["item_price"] = account.price(line["item_price"], deal["currency"])
        line["name"] = product["name"]
        line["sum"] = line_sum(line, account.places(deal["currency"]))

    def _room(self, deal: Record, more: int, line: Record) -> None:
        lines = self.account.tables.lines(deal["id"])
        limit = self.account.switches.lines_limit
        if limit is not None and len(lines) + more > limit:
            raise Forbidden("Couldn't add the product. Limit reached.", "feature_capping_deal_products_limit")
        recurring = sum(row["billing_frequency"] != "one-time" for row in [*lines, line])
        if line["billing_frequency"] != "one-time" and recurring > RECURRING:
            raise Invalid(f"billing_frequency: at most {RECURRING} recurring products on a deal")

    def _settle(self, deal: Record, actor: Actor, tax_method: str | None) -> None:
        """A tax method counts for all lines of the deal [OpenAPI v2]; the deal's value follows its lines."""
        account = self.account
        lines, places = account.tables.lines(deal["id"]), account.places(deal["currency"])
        for line in lines:
            if tax_method is not None:
                line["tax_method"] = tax_method
            line["sum"] = line_sum(line, places)
        deal_before = deal["update_time"]
        account.apply("deal", deal, {"value": value_of(lines, places)}, actor)
        if deal["update_time"] == deal_before:
            deal["update_time"] = account.now  # a line is part of the deal [assumed]
