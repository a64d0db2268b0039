from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from engine.store import Base, Link, Store
from tests.engine.store.conftest import NOW

INVOICE = ("quickbooks_desktop", "Invoice")
DEAL = ("pipedrive", "deal")


def link(source_key: str, target_key: str, minutes: int = 0, group: str | None = None) -> Link:
    created = NOW + timedelta(minutes=minutes)
    return Link(*INVOICE, source_key, *DEAL, target_key, group, "own", created, None, source_key.split("/")[0])


def test_a_link_is_found_by_source_record_target_and_group(store: Store) -> None:
    first, second, element = link("2", "7", 0, "PO"), link("1", "7", 1, "PO"), link("3/line", "8")
    with store.transaction() as tx:
        tx.links.put("acme", [first, second, element])
        assert tx.links.by_source("acme", INVOICE, DEAL, ["1", "3/line", "9"]) == {"1": second, "3/line": element}
        assert tx.links.by_record("acme", INVOICE, DEAL, ["3", "1"]) == {"3": [element], "1": [second]}
        assert tx.links.by_target("acme", DEAL, ["7"]) == {"7": [first, second]}
        assert tx.links.by_target("acme", DEAL, ["7"], source=("quickbooks_desktop", "Estimate")) == {}
        assert tx.links.by_group("acme", INVOICE, DEAL, ["PO", "other"]) == {"PO": [first, second]}
        assert tx.links.by_source("other", INVOICE, DEAL, ["1"]) == {}


def test_links_made_at_one_moment_come_in_the_order_of_their_source_keys(store: Store) -> None:
    with store.transaction() as tx:
        tx.links.put("acme", [link("b", "7"), link("a", "7")])
        assert [one.source_key for one in tx.links.by_target("acme", DEAL, ["7"])["7"]] == ["a", "b"]


def test_a_link_put_again_is_replaced(store: Store) -> None:
    with store.transaction() as tx:
        tx.links.put("acme", [link("1", "7")])
        tx.links.put("acme", [link("1", "8")])
        assert tx.links.by_target("acme", DEAL, ["7", "8"]) == {"8": [link("1", "8")]}


def test_a_gone_source_keeps_its_link_and_counts_no_more(store: Store) -> None:
    with store.transaction() as tx:
        tx.links.put("acme", [link("1", "7"), link("2", "7")])
        tx.links.mark_gone("acme", INVOICE, DEAL, ["1"], "deleted")
        assert tx.links.by_source("acme", INVOICE, DEAL, ["1"]) == {"1": replace(link("1", "7"), gone="deleted")}
        assert tx.links.count("acme") == {("Invoice", "deal"): 1}


def test_links_move_with_a_merged_target(store: Store) -> None:
    with store.transaction() as tx:
        tx.links.put("acme", [link("1", "7"), link("2", "8")])
        tx.links.move("acme", DEAL, "7", "8")
        assert [one.source_key for one in tx.links.by_target("acme", DEAL, ["7", "8"])["8"]] == ["1", "2"]


def test_a_group_too_long_for_an_index_still_finds_its_own(store: Store) -> None:
    long, other = "x" * 9000 + "1", "x" * 9000 + "2"
    with store.transaction() as tx:
        tx.links.put("acme", [link("1", "7", 0, long), link("2", "8", 0, other)])
        found = tx.links.by_group("acme", INVOICE, DEAL, [long])
    assert [one.source_key for one in found[long]] == ["1"]


def test_a_base_keeps_what_was_sent_and_seen_to_the_digit(store: Store) -> None:
    base = Base({"value": Decimal("1.10"), "title": "007"}, {"value": Decimal("1.1")}, {"products": [{"ref": "1"}]})
    with store.transaction() as tx:
        tx.bases.put("acme", INVOICE, DEAL, {"7": Base({}, {}, {}), "8": Base()})
        tx.bases.put("acme", INVOICE, DEAL, {"7": base})
        held = tx.bases.get("acme", INVOICE, DEAL, ["7", "8", "9"])
        assert held == {"7": base, "8": Base()}
        assert str(held["7"].sent["value"]) == "1.10"
        assert tx.bases.get("acme", DEAL, INVOICE, ["7"]) == {}
