"""The lines of a deal: what they cost, what an unknown attempt leaves behind, what a person's own lines see of it."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.pipedrive.lines import pair, price
from connectors.pipedrive.simulator.events import Actor
from engine.protocol import Child, Failure, Write
from tests.connectors.pipedrive.conftest import Bench, Bencher


def child(ref: str, price: str = "10.00", quantity: str = "1", comments: str | None = None, item: str = "1") -> Child:
    values = {"product_id": item, "quantity": Decimal(quantity), "item_price": Decimal(price), "comments": comments}
    return Child(ref, None, values)


def lines(deal: str, **changes: Any) -> Write:
    return Write(f"lines {changes}", "deal", "children", deal, child="products", **changes)


@pytest.fixture
def deal(bench: Bench) -> str:
    org = bench.account.add_organization("A")["id"]
    bench.account.add_product("Widget")
    bench.account.add_product("Generic")
    return str(bench.account.add_deal("Invoice 1", org_id=org, value=5)["id"])


def of_deal(bench: Bench, deal: str) -> list[dict[str, Any]]:
    return bench.account.records("deal_product", deal_id=int(deal))


@pytest.mark.parametrize(("count", "calls"), [(1, 1), (4, 4), (5, 1), (100, 1), (102, 3)])
def test_lines_are_added_in_bulk_as_soon_as_that_costs_no_more(bench: Bench, deal: str, count: int, calls: int) -> None:
    bench.carry(lines(deal, add=(child("warm the caches"),)))
    mark = bench.account.ledger.mark()
    add = tuple(child(f"l{number}", comments=f"line {number}") for number in range(count))
    written = bench.carry(lines(deal, add=add))
    since = bench.account.ledger.since(mark)
    assert (since.requests, since.spent) == (calls, price(count, 0, 0))
    assert [one.ref for one in written.children] == [one.ref for one in add]
    keys = {one.key: one.values["comments"] for one in written.children}
    assert keys == {str(one["id"]): one["comments"] for one in of_deal(bench, deal)[1:]}


def test_the_answered_sum_and_the_deals_value_are_those_of_the_lines(bench: Bench, deal: str) -> None:
    add = (child("a", "1234567.89", "3", "x"), child("b", "-0.01", "1", "discount", "2"))
    written = bench.carry(lines(deal, add=add))
    assert [one.values["sum"] for one in written.children] == [Decimal("3703703.67"), Decimal("-0.01")]
    assert bench.account.record("deal", int(deal))["value"] == Decimal("3703703.66")
    assert {one["tax_method"] for one in of_deal(bench, deal)} == {"none"}


def test_lines_are_changed_and_removed_by_their_keys(bench: Bench, deal: str) -> None:
    written = bench.carry(lines(deal, add=(child("a"), child("b"), child("c"))))
    a, b, c = written.children
    change = (Child("a", a.key, {"quantity": Decimal("2.5")}),)
    after = bench.carry(lines(deal, change=change, remove=(b,), known=(a, b, c), add=(child("d"),)))
    assert {one.ref: one.values["sum"] for one in after.children} == {
        "a": Decimal("25.00"), "d": Decimal("10.00"),
    }  # fmt: skip
    assert {str(one["id"]) for one in of_deal(bench, deal)} == {c.key, *(one.key for one in after.children)}


def changed(made: Any, count: int) -> dict[str, Any]:
    """What a write is given that changes the quantity of the first lines."""
    change = tuple(Child(one.ref, one.key, {"quantity": Decimal(7)}) for one in made.children[:count])
    known = tuple(Child(one.ref, one.key, child(one.ref, comments=one.ref).values) for one in made.children)
    return {"change": change, "known": known}


@pytest.mark.parametrize(("count", "spent"), [(1, 5), (8, 40), (9, 40), (12, 40)])
def test_changed_lines_are_replaced_where_that_costs_less(bench: Bench, deal: str, count: int, spent: int) -> None:
    made = bench.carry(lines(deal, add=tuple(child(str(number), comments=str(number)) for number in range(12))))
    mark = bench.account.ledger.mark()
    after = bench.carry(lines(deal, **changed(made, count)))
    assert bench.account.ledger.since(mark).spent == spent
    assert sorted(one["quantity"] for one in of_deal(bench, deal)) == [1] * (12 - count) + [7] * count
    assert sorted(one["comments"] for one in of_deal(bench, deal)) == sorted(map(str, range(12)))
    there = {str(one["id"]): one["comments"] for one in of_deal(bench, deal)}
    assert {one.key: one.ref for one in after.children}.items() <= there.items(), "told by their new keys"


@pytest.mark.parametrize("lost", ["POST /deals/*/products/bulk", "DELETE /deals/*/products"])
@pytest.mark.parametrize("fault", ["cut-after", "cut-before"])
def test_a_replacement_whose_answer_is_lost_ends_with_every_line_once(
    bench: Bench, deal: str, lost: str, fault: str
) -> None:
    made = bench.carry(lines(deal, add=tuple(child(str(number), comments=str(number)) for number in range(12))))
    bench.account.lines.add(
        int(deal), [{"product_id": 2, "item_price": 3, "quantity": 1, "tax_method": "none"}], Actor(1)
    )
    bench.running.faults.add(f"{fault}@{lost}")
    given = changed(made, 10)
    assert bench.carry(lines(deal, **given)).failure is Failure.UNKNOWN
    bench.carry(lines(deal, **given, recover=True))
    assert sorted(one["quantity"] for one in of_deal(bench, deal)) == [1, 1, 1] + [7] * 10
    assert sorted(one["comments"] or "" for one in of_deal(bench, deal)) == sorted(["", *map(str, range(12))])


def test_many_lines_are_removed_in_one_call(bench: Bench, deal: str) -> None:
    written = bench.carry(lines(deal, add=tuple(child(str(number)) for number in range(6))))
    mark = bench.account.ledger.mark()
    bench.carry(lines(deal, remove=written.children))
    assert bench.account.ledger.since(mark).spent == 15 and of_deal(bench, deal) == []


@pytest.mark.parametrize("count", [3, 7])
def test_a_lost_answer_is_unknown_and_the_recovery_sends_only_the_rest(bench: Bench, deal: str, count: int) -> None:
    bench.account.add_line(int(deal), product_id=1, quantity=1, item_price=10, comments="")  # a person's own
    known = bench.carry(lines(deal, add=(child("before", "7.00"),))).children
    add = tuple(child(str(number), comments="same" if number < 2 else f"c{number}") for number in range(count))
    bench.running.faults.add("cut-after@POST /deals/*/products*" + ("#2" if count < 5 else ""))
    assert bench.carry(lines(deal, add=add)).failure is Failure.UNKNOWN
    again = lines(deal, add=add, known=known, recover=True)
    bench.running.faults.add("429@GET /deals/*/products")
    assert bench.carry(again).failure is Failure.UNKNOWN, "handed back, a recovery is as unknown as before"
    bench.clock.move(minutes=2)
    recovered = bench.carry(again)
    assert [one["comments"] for one in of_deal(bench, deal)].count("same") == 2
    assert len(of_deal(bench, deal)) == 2 + count
    assert {one.ref for one in recovered.children} == {"before", *(one.ref for one in add)}
    assert len({one.key for one in recovered.children}) == count + 1


def test_a_refusal_halfway_takes_back_what_the_write_added(bench: Bench, deal: str) -> None:
    failed = bench.carry(lines(deal, add=(child("a"), child("b", quantity="0"))))
    assert failed.failure is Failure.REFUSED and failed.field == "quantity"
    assert of_deal(bench, deal) == []


def test_a_line_that_a_person_removed_is_made_again_when_it_changes(bench: Bench, deal: str) -> None:
    (line,) = bench.carry(lines(deal, add=(child("a"),))).children
    bench.account.lines.remove_one(int(deal), int(line.key), Actor(1, "app"))
    changed = Child("a", line.key, child("a", "12.00").values)
    after = bench.carry(lines(deal, change=(changed,)))
    assert [one.values["item_price"] for one in after.children] == [Decimal("12.00")]


def test_lines_of_a_deal_that_is_gone_say_so(bench: Bench, deal: str) -> None:
    bench.account.remove("deal", int(deal))
    assert bench.carry(lines(deal, add=(child("a"),))).failure is Failure.GONE


def test_deals_are_read_with_their_lines_where_these_are_asked_for(bench: Bench, deal: str) -> None:
    bench.carry(lines(deal, add=(child("a", comments="hello"),)))
    record = bench.read("deal", fields=("title", "products"))[deal].record
    assert [one["comments"] for one in record["products"]] == ["hello"]
    assert "products" not in bench.read("deal", fields=("title",))[deal].record


def test_equal_lines_are_paired_one_to_one() -> None:
    there = [{"id": str(number), **child("x", "10", "2.0").values} for number in range(2)]
    paired, rest = pair([child("a", "10.00", "2"), child("b", "10.00", "2"), child("c", "10.00", "2")], there)
    assert [(one.ref, one.key) for one in paired] == [("a", "0"), ("b", "1")]
    assert [one.ref for one in rest] == ["c"]


def test_negative_lines_that_an_account_refuses_are_refused_with_the_field(bench_of: Bencher) -> None:
    bench = bench_of()
    bench.account.switches.negative_prices = False
    org = bench.account.add_organization("A")["id"]
    bench.account.add_product("Widget")
    deal = str(bench.account.add_deal("Invoice 1", org_id=org)["id"])
    add = tuple(child(str(number), "-1" if number == 3 else "1") for number in range(6))
    failed = bench.carry(lines(deal, add=add))
    assert failed.failure is Failure.REFUSED and "item_price" in failed.message
