"""Merged at the source (which shows as deleted), merged at the target: nothing is doubled, nobody is told "deleted"."""

from __future__ import annotations

from decimal import Decimal

from engine.protocol import Failure
from tests.engine.sync.conftest import World
from tests.engine.sync.test_way_of_a_record import bill, one_line


def merge_clients(world: World, old: str, new: str) -> None:
    """As QuickBooks does it: the bills name the other client without being marked as changed."""
    for one in world.books.of("bill").values():
        if one["client"] == old:
            one["client"] = new
    world.books.delete("client", old)
    world.clock.on(minutes=5)


def two_clients(world: World) -> tuple[str, str]:
    world.books.put("client", "c1", name="Acme")
    world.books.put("client", "c2", name="Acme East")
    bill(world, "b1")
    bill(world, "b2", client="c2", order="PO-1")
    bill(world, "b3", client="c2", order="PO-1", lines=one_line("5"), total=Decimal(5), day="2026-02-02")
    world.settle()
    one, two = sorted(world.crm.of("company"), key=lambda key: str(world.crm.of("company")[key]["name"]))
    return one, two


def test_sales_of_a_merged_client_move_to_the_survivors_company_and_the_two_companies_park(world: World) -> None:
    survivor, swallowed = two_clients(world)
    merge_clients(world, "c2", "c1")
    world.settle()
    assert {one["company"] for one in world.crm.of("sale").values()} == {survivor}
    assert "state" not in world.crm.of("company")[swallowed]
    assert not world.crm.of("memo")
    state, reason = world.state("companies", "c2")
    assert (state, reason) == (
        "parked",
        f"it was merged into c1 at the source: merge company {swallowed} into {survivor} too",
    )


def test_bills_that_share_a_sale_go_on_sharing_it_when_their_client_is_merged(world: World) -> None:
    two_clients(world)
    merge_clients(world, "c2", "c1")
    world.settle()
    assert {world.state("sales", key)[0] for key in ("b1", "b2", "b3")} == {"done"}
    bill(world, "b4", order="PO-1", lines=one_line("7"), total=Decimal(7), day="2026-02-03")
    world.settle()
    values = sorted(one["value"] for one in world.crm.of("sale").values())
    assert values == [Decimal(30), Decimal(42)]


def test_a_merge_writes_nothing_twice_and_a_later_bill_of_the_survivor_is_an_ordinary_one(world: World) -> None:
    two_clients(world)
    before = len(world.crm.writes)
    merge_clients(world, "c2", "c1")
    world.settle()
    assert [(one.entity, one.values) for one in world.crm.writes[before:]] == [("sale", {"company": "c1"})]
    world.clock.on(hours=1)
    world.settle()
    assert len(world.crm.writes) == before + 1


def test_a_client_whose_bills_went_to_several_others_was_deleted_and_not_merged(world: World) -> None:
    _, gone = two_clients(world)
    world.books.put("client", "c3", name="Third")
    world.books.of("bill")["b2"]["client"] = "c1"
    world.books.of("bill")["b3"]["client"] = "c3"
    world.books.delete("client", "c2")
    world.clock.on(minutes=5)
    world.settle()
    assert world.crm.of("company")[gone]["state"] == "gone"


def test_a_merge_in_the_target_moves_the_link_and_the_next_change_lands_there(world: World) -> None:
    world.crm.put("company", "x1", name="The one that stays")
    world.books.put("client", "c1", name="Acme")
    world.settle()
    (made,) = [key for key in world.crm.of("company") if key != "x1"]
    del world.crm.records["company"][made]
    world.crm.merged[("company", made)] = "x1"
    with world.store.transaction() as tx:
        tx.wanted.add("acme", "crm", "company", [made], "told by the system", world.clock())
    world.settle()
    assert world.crm.of("company") == {"x1": {"name": "The one that stays"}}  # as with any first link
    assert world.crm.identity[("company", "x1")] == ("acme/client/c1",)
    world.books.put("client", "c1", name="Acme Two")
    world.settle()
    assert [one["name"] for one in world.crm.of("company").values()] == ["Acme Two"]


def test_of_two_clients_whose_companies_were_merged_only_the_first_writes(world: World) -> None:
    survivor, merged = two_clients(world)
    del world.crm.records["company"][merged]
    world.crm.merged[("company", merged)] = survivor
    with world.store.transaction() as tx:
        tx.wanted.add("acme", "crm", "company", [merged], "told by the system", world.clock())
    for sale in list(world.crm.of("sale")):
        world.crm.put("sale", sale, company=survivor)  # as the merge itself does
    world.settle()
    before = len(world.crm.writes)
    world.books.put("client", "c2", name="Acme East renamed")
    bill(world, "b2", client="c2", order="PO-1", day="2026-02-05")
    world.settle()
    assert len(world.crm.writes) == before
    assert world.crm.of("company")[survivor]["name"] == "Acme"
    assert world.state("companies", "c2")[0] == "done"


def test_a_target_that_is_gone_is_followed_to_the_one_that_carries_our_identity_now(world: World) -> None:
    world.crm.put("company", "x1", name="The one that stays")
    world.books.put("client", "c1", name="Acme")
    world.settle()
    (made,) = [key for key in world.crm.of("company") if key != "x1"]
    del world.crm.records["company"][made]  # merged by hand, and nobody told us
    world.crm.identity[("company", "x1")] = world.crm.identity[("company", made)]
    world.crm.put("company", "x1")
    world.crm.fail = lambda write: Failure.GONE if write.key == made else None
    world.clock.on(minutes=5)
    world.books.put("client", "c1", name="Acme Two")
    world.settle()
    assert world.state("companies", "c1")[0] == "done"
    world.books.put("client", "c1", name="Acme Three")
    world.settle()
    assert [one["name"] for one in world.crm.of("company").values()] == ["Acme Three"]
