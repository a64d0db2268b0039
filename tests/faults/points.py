"""Every boundary by its name, and what can happen there: the rows of the matrix.

A point is passed `before` and `after` what it is named for. For the store that is before and after the commit; what
happens before the first statement of a transaction is what happens after the one before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Layout = Literal["sqlite", "postgresql", "workers"]
"""What runs, over which store: a server that does everything, or on PostgreSQL one beside two workers that send."""

SOAP = (
    "serverVersion", "clientVersion", "authenticate", "connectionError", "sendRequestXML", "receiveResponseXML",
    "getLastError", "closeConnection", "receiveResponseXML of InvoiceMod",
)  # fmt: skip
QUICKBOOKS = ("query", "InvoiceMod")
PIPEDRIVE = (
    "deal.create", "deal.field_create", "deal.fields", "deal.get", "deal.line_create", "deal.line_delete",
    "deal.line_update", "deal.lines", "deal.lines_create", "deal.list", "deal.update", "note.create", "note.list",
    "organization.create", "organization.field_create", "organization.fields", "organization.list",
    "organization.update", "person.fields", "person.list", "pipeline.list", "product.create", "product.field_create",
    "product.fields", "product.list", "stage.list", "user.me", "webhook.create", "webhook.list",
)  # fmt: skip
STORE = (
    "heartbeat", "hints", "housekeeping", "leases of the dead", "new mappings", "not written", "reading failed",
    "page of Currency",
    "page of Customer", "page of CustomerType", "page of Invoice", "page of Item", "page of ReceivePayment",
    "page of deal", "page of note", "page of organization", "page of organization_option", "page of person",
    "page of product", "state pipedrive history_prices", "state pipedrive me", "state pipedrive reading",
    "state pipedrive webhooks", "state pipedrive webhooks heard", "state quickbooks_desktop company",
    "state quickbooks_desktop custom_fields", "state quickbooks_desktop failures",
    "state quickbooks_desktop fields_of", "state quickbooks_desktop last_problem",
    "state quickbooks_desktop session", "state quickbooks_desktop unpaid Invoice",
    "state quickbooks_desktop writing", "state shared field-names:deal", "state shared field-names:organization",
    "state shared field-names:product", "state shared fields:deal", "state shared fields:organization",
    "state shared fields:person", "state shared fields:product", "state shared making:deal",
    "state shared making:organization", "state shared making:product", "state server began_at",
    "state server signing key", "state shared stages", "take pipedrive",
    "take quickbooks_desktop", "tokens", "visit of pipedrive", "visit of quickbooks_desktop",
    "written Invoice update", "written deal children", "written deal create", "written deal update",
    "written note create", "written organization create", "written organization update",
    "written organization_option create", "words to be searched", "written product create",
)  # fmt: skip

OF_SERVER = (
    "hints", "housekeeping",
    "page of Currency", "page of Customer", "page of CustomerType", "page of Invoice", "page of Item",
    "page of ReceivePayment", "reading failed", "state pipedrive webhooks heard",
    "state quickbooks_desktop company", "state quickbooks_desktop custom_fields", "state quickbooks_desktop failures",
    "state quickbooks_desktop fields_of", "state quickbooks_desktop last_problem", "state quickbooks_desktop session",
    "state quickbooks_desktop unpaid Invoice", "state quickbooks_desktop writing", "state server signing key",
    "take quickbooks_desktop", "visit of quickbooks_desktop", "written Invoice update",
)  # fmt: skip
"""Those of the store that only who answers passes, and housekeeping, which is done once a day by whoever comes first; a
worker passes all others."""

WHILE_WRITING = "soap sendRequestXML of InvoiceMod after"
"""What goes out is only known once it goes, so this one has no `before` of its own."""

FAULTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("soap", "before"): ("kill", "cut", "slow", "502"),
    ("soap", "after"): ("kill", "cut", "slow", "500", "truncated"),
    ("quickbooks", "before"): ("kill", "crash"),
    ("quickbooks", "after"): ("kill", "crash", "truncated"),
    ("pipedrive", "before"): ("kill", "cut", "slow", "429", "500", "502"),
    ("pipedrive", "after"): ("kill", "cut", "slow", "500", "502", "null", "truncated"),
    ("webhook", "before"): ("kill", "cut", "slow", "502"),
    ("webhook", "after"): ("kill", "cut", "slow", "500"),
    ("webhook", "way"): ("repeated", "late repeat", "reordered", "lost"),
    ("store", "before"): ("kill", "disk full"),
    ("store", "after"): ("kill",),
}
"""By the kind of boundary and the moment."""

OF_DATABASE: dict[tuple[Layout, str], tuple[str, ...]] = {
    ("sqlite", "before"): ("locked",), ("postgresql", "before"): ("cut",), ("postgresql", "after"): ("answer lost",),
}  # fmt: skip
"""What the store's boundaries know besides."""


@dataclass(frozen=True, slots=True)
class Combination:
    """A boundary and what happens there."""

    point: str
    fault: str

    @property
    def inside(self) -> bool:
        """Whether it strikes in the server's process; else on a wire, or in QuickBooks."""
        kind = self.point.partition(" ")[0]
        return kind == "store" or (
            kind != "quickbooks" and (self.fault == "kill" or (self.fault == "slow" and kind != "pipedrive"))
        )


def points(layout: Layout) -> list[str]:
    """The name of every boundary; with workers, of those that a worker passes."""
    if layout == "workers":
        return _named(("pipedrive", PIPEDRIVE), ("store", tuple(one for one in STORE if one not in OF_SERVER)))
    named = _named(("soap", SOAP), ("quickbooks", QUICKBOOKS), ("pipedrive", PIPEDRIVE), ("store", STORE))
    return [*named, WHILE_WRITING, "webhook before", "webhook after", "webhook on its way"]


def _named(*families: tuple[str, tuple[str, ...]]) -> list[str]:
    return [f"{kind} {what} {moment}" for kind, of in families for what in of for moment in ("before", "after")]


def combinations(layout: Layout) -> Iterator[Combination]:
    """Every boundary with everything that can happen there; a worker is only killed."""
    for point in points(layout):
        kind, moment = point.partition(" ")[0], point.rpartition(" ")[2]
        more = OF_DATABASE.get((layout, moment), ()) if kind == "store" else ()
        for fault in ("kill",) if layout == "workers" else (*FAULTS[kind, moment], *more):
            yield Combination(point, fault)
