"""A record's whole way between two systems that the engine has never heard of."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.protocol import Failure, Write
from engine.store.store import Store
from tests.engine.sync.conftest import BACK, COMPANIES, SALES, World, build


def bill(world: World, key: str, **more: object) -> None:
    values = {"number": key.upper(), "client": "c1", "order": None, "total": Decimal(30), "open": Decimal(30)}
    lines = [{"no": "1", "qty": Decimal(2), "price": Decimal(10), "what": "a"},
             {"no": "2", "qty": Decimal(1), "price": Decimal(10), "what": "b"}]  # fmt: skip
    world.books.put("bill", key, **{**values, "day": "2026-02-01", "void": False, "lines": lines, **more})


def one_line(amount: str) -> list[dict[str, object]]:
    return [{"no": "1", "qty": Decimal(1), "price": Decimal(amount), "what": "a"}]


def test_a_client_becomes_a_company_once_and_never_again(world: World) -> None:
    world.books.put("client", "c1", name="Acme", mail="a@acme.example", town="Bayshore")
    world.settle()
    assert [one["name"] for one in world.crm.of("company").values()] == ["Acme"]
    (write,) = world.crm.writes
    assert write.identity == ("acme/client/c1",)
    world.settle()
    world.clock.on(hours=1)
    world.books.put("client", "c1", name="Acme")
    world.settle()
    assert len(world.crm.writes) == 1


def test_an_existing_company_is_linked_by_mail_before_name_and_keeps_what_a_person_filled(world: World) -> None:
    world.crm.put("company", "x1", name="ACME Inc.", mail="a@acme.example", city="Old Town")
    world.crm.put("company", "x2", name="Acme", mail=None, city=None)
    world.books.put("client", "c1", name="Acme", mail="A@acme.example", town="Bayshore")
    world.settle()
    assert world.crm.of("company")["x1"] == {"name": "ACME Inc.", "mail": "a@acme.example", "city": "Old Town"}
    assert world.crm.identity[("company", "x1")] == ("acme/client/c1",)
    assert len(world.crm.of("company")) == 2
    world.books.put("client", "c1", name="Acme Two")
    world.settle()
    assert world.crm.of("company")["x1"]["name"] == "Acme Two"


def test_two_companies_with_the_same_mail_park_with_both_shown(world: World) -> None:
    world.crm.put("company", "x1", name="One", mail="a@acme.example")
    world.crm.put("company", "x2", name="Two", mail="a@acme.example")
    world.books.put("client", "c1", name="Acme", mail="a@acme.example")
    world.settle()
    assert world.crm.writes == []
    assert world.state("companies", "c1")[0] == "parked"
    assert "2 records have the same" in str(world.state("companies", "c1")[1])


def test_a_persons_edit_that_the_source_did_not_change_stays_and_a_conflict_parks(world: World) -> None:
    world.books.put("client", "c1", name="Acme", town="Bayshore")
    world.settle()
    (key,) = world.crm.of("company")
    world.clock.on(minutes=5)
    world.crm.put("company", key, city="Hand Town")
    world.books.put("client", "c1", name="Acme Two")
    world.settle()
    assert world.crm.of("company")[key]["city"] == "Hand Town"
    assert world.crm.of("company")[key]["name"] == "Acme Two"
    world.books.put("client", "c1", town="New Town")
    world.settle()
    assert world.crm.of("company")[key]["city"] == "Hand Town"
    assert world.state("companies", "c1") == ("parked", "both sides changed city")


def test_a_job_shares_its_parents_company_at_any_depth_and_writes_nothing(world: World) -> None:
    world.books.put("client", "j2", name="Roof", parent="j1")
    world.books.put("client", "j1", name="House", parent="c1")
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1", client="j2")
    world.settle()
    assert len(world.crm.of("company")) == 1
    (company,) = world.crm.of("company")
    assert [one["company"] for one in world.crm.of("sale").values()] == [company]


def test_a_bill_waits_for_its_client_and_goes_on_when_that_is_linked(world: World) -> None:
    bill(world, "b1")
    world.settle()
    assert world.crm.writes == []
    assert world.state("sales", "b1")[0] == "skipped"  # c1 was asked for by its key, and is not there
    world.books.put("client", "c1", name="Acme")
    world.settle()
    assert [one["title"] for one in world.crm.of("sale").values()] == ["Bill B1"]


def test_lines_go_with_a_request_of_their_own_and_the_value_is_left_to_the_system(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1")
    world.settle()
    actions = [(one.action, one.entity) for one in world.crm.writes]
    assert actions == [("create", "company"), ("create", "sale"), ("children", "sale")]
    assert "value" not in world.crm.writes[1].values
    (sale,) = world.crm.of("sale").values()
    assert sale["value"] == Decimal(30)
    bill(world, "b1", lines=one_line("12"), total=Decimal(12))
    world.settle()
    (sale,) = world.crm.of("sale").values()
    assert sale["value"] == Decimal(12)
    last = world.crm.writes[-1]
    assert (len(last.add), len(last.change), len(last.remove)) == (0, 1, 1)


def test_lines_that_do_not_add_up_park_before_anything_is_sent(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1", total=Decimal("30.01"))
    world.settle()
    assert not world.crm.of("sale")
    assert world.state("sales", "b1") == ("parked", "its items add up to 30.00, but value is 30.01")


def test_bills_of_one_order_share_a_sale_whose_value_is_their_sum(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1", order="PO-1")
    bill(world, "b2", order="PO-1", lines=one_line("5"), total=Decimal(5), day="2026-02-02")
    world.settle()
    (sale,) = world.crm.of("sale").values()
    assert (sale["title"], sale["value"]) == ("Bill B1", Decimal(35))
    assert [one.action for one in world.crm.writes] == ["create", "create", "children"]
    bill(world, "b3", order="PO-1", lines=one_line("7"), total=Decimal(7), day="2026-01-15")
    world.settle()
    (key,) = world.crm.of("sale")
    assert world.crm.of("sale")[key]["value"] == Decimal(42)
    assert world.crm.of("sale")[key]["title"] == "Bill B1"
    lines = ("acme/bill/b1", "acme/bill/b2", "acme/bill/b3")
    assert world.crm.identity[("sale", key)] == lines


def test_a_voided_bill_leaves_a_shared_sale_and_the_last_one_loses_it(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1", order="PO-1")
    bill(world, "b2", order="PO-1", lines=one_line("5"), total=Decimal(5), day="2026-02-02")
    world.settle()
    bill(world, "b1", order="PO-1", void=True, lines=[], total=Decimal(0))
    world.settle()
    (sale,) = world.crm.of("sale").values()
    assert (sale["value"], sale.get("status"), sale["title"]) == (Decimal(5), None, "Bill B2")
    world.books.delete("bill", "b2")
    world.settle()
    (sale,) = world.crm.of("sale").values()
    assert sale["status"] == "lost"
    before = len(world.crm.writes)
    world.settle()
    assert len(world.crm.writes) == before


def test_the_rule_for_an_end_overwrites_a_field_that_we_never_wrote(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1")
    world.settle()
    (key,) = world.crm.of("sale")
    world.clock.on(minutes=5)
    world.crm.put("sale", key, status="open")
    bill(world, "b1", void=True, lines=[], total=Decimal(0))
    world.settle()
    assert world.crm.of("sale")[key]["status"] == "lost"


def test_a_deleted_client_runs_its_rule_with_a_note_once(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    world.settle()
    world.books.delete("client", "c1")
    world.settle()
    (company,) = world.crm.of("company").values()
    assert company["state"] == "gone"
    assert [one["words"] for one in world.crm.of("memo").values()] == ["Deleted in the books"]
    before = len(world.crm.writes)
    world.settle()
    assert len(world.crm.writes) == before


def test_bills_before_the_first_date_are_left_out_and_receipts_for_them_too(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    bill(world, "old", day="2025-12-31")
    world.books.put("receipt", "r1", day="2026-02-03", method="Cash", parts=[{"bill": "old", "amount": Decimal(1)}])
    world.settle()
    assert not world.crm.of("sale")
    assert not world.crm.of("memo")
    assert world.state("memos", "r1")[0] == "skipped"


def test_each_part_of_a_receipt_becomes_a_memo_with_the_balances_read_after_it(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1", order="PO-1", open=Decimal(20))
    bill(world, "b2", order="PO-1", day="2026-02-02")
    world.settle()
    world.clock.on(minutes=5)
    world.books.records["bill"]["b1"]["open"] = Decimal(0)  # A receipt settles it without marking it as changed.
    parts = [{"bill": "b1", "amount": Decimal(20)}]
    world.books.put("receipt", "r1", day="2026-02-03", method="Cash", parts=parts)
    world.settle()
    assert [one["words"] for one in world.crm.of("memo").values()] == ["20 by Cash; B1 0 B2 30"]
    world.books.put("receipt", "r1", parts=[])
    world.settle()
    assert [one["words"] for one in world.crm.of("memo").values()] == ["20 by Cash; B1 0 B2 30 (taken back)"]
    before = len(world.crm.writes)
    world.settle()
    assert len(world.crm.writes) == before
    world.books.put("receipt", "r1", parts=parts)
    world.settle()
    assert [one["words"] for one in world.crm.of("memo").values()] == ["20 by Cash; B1 0 B2 30"]
    world.books.delete("receipt", "r1")
    world.settle()
    assert [one["words"] for one in world.crm.of("memo").values()] == ["20 by Cash; B1 0 B2 30 (taken back)"]


def test_a_record_that_is_read_again_unchanged_does_not_ask_for_its_bills_again(world: World) -> None:
    world.books.overlap = timedelta(hours=1)
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1", order="PO-1")
    bill(world, "b2", order="PO-1")
    world.settle()
    world.clock.on(minutes=5)
    parts = [{"bill": "b1", "amount": Decimal(1)}, {"bill": "b2", "amount": Decimal(2)}]
    world.books.put("receipt", "r1", day="2026-02-03", method="Cash", parts=parts)
    del world.books.changed[("bill", "b1")], world.books.changed[("bill", "b2")]  # Only a look by key finds them.
    world.books.changed |= {("bill", one): world.clock.now - timedelta(days=1) for one in ("b1", "b2")}
    world.settle()
    assert len(world.crm.of("memo")) == 2
    asked = [set(one.keys) for one in world.books.queries if one.kind == "keys" and one.entity == "bill"]
    assert asked == [{"b1", "b2"}]


@pytest.mark.parametrize("action", ["create", "update", "children"])
def test_a_write_whose_answer_was_lost_is_looked_up_and_not_repeated(world: World, action: str) -> None:
    lost: list[str] = []

    def lose(write: Write) -> bool:
        if write.action == action and not lost:
            lost.append(write.id)
            return True
        return False

    world.crm.lose = lose
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1")
    world.settle()
    world.clock.on(minutes=1)
    world.books.put("client", "c1", name="Acme Two")
    world.settle()
    assert lost
    assert [one["name"] for one in world.crm.of("company").values()] == ["Acme Two"]
    (sale,) = world.crm.of("sale").values()
    assert (len(sale["_lines"]), sale["value"]) == (2, Decimal(30))


def test_a_process_that_died_with_a_request_out_is_recovered_by_the_next(world: World, tmp_path: Path) -> None:
    world.books.put("client", "c1", name="Acme")
    world.connection.endpoints["books"].drain()
    work = world.connection.endpoints["crm"].site.work  # type: ignore[attr-defined]
    requests = [one for _ in range(4) for one in work.take(10, world.clock()) if _answer_queries(world, one)]
    (write,) = [one for one in requests if isinstance(one, Write)]
    world.crm.put("company", "k1", **write.values)  # It was carried out, and the process died before it knew.
    world.crm.identity[("company", "k1")] = write.identity
    world.clock.on(minutes=3)
    world.settle()
    assert list(world.crm.of("company")) == ["k1"]


def test_a_record_with_several_requests_out_is_recovered_whole(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1")
    bill(world, "b2")
    world.settle()
    parts = [{"bill": "b1", "amount": Decimal(1)}, {"bill": "b2", "amount": Decimal(2)}]
    world.clock.on(minutes=5)
    world.books.put("receipt", "r1", day="2026-02-03", method="Cash", parts=parts)
    world.connection.endpoints["books"].drain()
    work = world.connection.endpoints["crm"].site.work  # type: ignore[attr-defined]
    writes = [one for _ in range(4) for one in work.take(10, world.clock()) if _answer_queries(world, one)]
    assert [one.entity for one in writes] == ["memo", "memo"]
    for number, write in enumerate(writes):  # Both were carried out, and the process died before it knew.
        world.crm.put("memo", f"k{number}", **write.values)
        world.crm.identity[("memo", f"k{number}")] = write.identity
    world.clock.on(minutes=3)
    world.settle()
    assert sorted(world.crm.of("memo")) == ["k0", "k1"]
    assert world.state("memos", "r1")[0] == "done"


def _answer_queries(world: World, request: object) -> bool:
    endpoint = world.connection.endpoints["crm"]
    if isinstance(request, Write):
        return True
    endpoint.site.work.give(request, endpoint._carry(request))  # type: ignore[attr-defined]
    return False


def test_a_target_that_a_person_deleted_parks_and_is_never_made_again(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    world.settle()
    world.crm.fail = lambda write: Failure.GONE if write.action == "update" else None
    world.clock.on(minutes=5)
    world.books.put("client", "c1", name="Acme Two")
    world.settle()
    assert world.state("companies", "c1") == ("parked", "told to fail: gone")
    assert [one.action for one in world.crm.writes] == ["create", "update"]


def test_a_target_that_vanished_between_the_match_and_the_link_is_matched_again(world: World) -> None:
    world.crm.put("company", "x1", name="Acme", mail=None)
    world.crm.fail = lambda write: Failure.GONE if write.key == "x1" else None
    world.books.put("client", "c1", name="Acme")
    world.settle()
    assert [one.action for one in world.crm.writes] == ["update", "create"]
    assert world.state("companies", "c1")[0] == "done"


def test_a_refused_record_parks_itself_and_stops_nobody_else(world: World) -> None:
    world.crm.fail = lambda write: Failure.REFUSED if write.values.get("name") == "Bad" else None
    world.books.put("client", "c1", name="Bad")
    world.books.put("client", "c2", name="Good")
    world.settle()
    assert [one["name"] for one in world.crm.of("company").values()] == ["Good"]
    assert world.state("companies", "c1") == ("parked", "told to fail: refused")


def test_a_passing_fault_is_tried_again_until_it_passes(world: World) -> None:
    faults = iter([Failure.RETRY, Failure.RETRY, Failure.UNSENT])
    world.crm.fail = lambda write: next(faults, None)
    world.books.put("client", "c1", name="Acme")
    world.settle()
    assert [one["name"] for one in world.crm.of("company").values()] == ["Acme"]
    assert len(world.crm.writes) == 4


def test_a_lost_store_is_rebuilt_from_the_identities_without_a_write(
    world: World, tmp_path: Path, second_url: str
) -> None:
    world.books.put("client", "c1", name="Acme", town="Bayshore")
    world.settle()
    before = len(world.crm.writes)
    store = Store.open(second_url)
    connection = build(tmp_path / "again", store, world.clock, world.books, world.crm, [COMPANIES])
    again = World(world.books, world.crm, connection, world.clock, store)
    again.settle()
    assert len(world.crm.writes) == before
    assert again.status()["mappings"]["companies"]["outcomes"]["linked"] == 1
    store.close()


def test_what_a_person_does_to_a_sale_flows_back_and_our_own_writes_do_not(
    world: World, tmp_path: Path, second_url: str
) -> None:
    store = Store.open(second_url)
    texts = [COMPANIES, SALES, BACK]
    connection = build(tmp_path / "both", store, world.clock, world.books, world.crm, texts)
    both = World(world.books, world.crm, connection, world.clock, store)
    world.books.put("client", "c1", name="Acme")
    bill(both, "b1", order="PO-1", memo="first words")
    bill(both, "b2", order="PO-1")
    both.settle()
    assert both.books.writes == []
    (key,) = both.crm.of("sale")
    both.clock.on(minutes=5)
    both.crm.put("sale", key, stage="Sent")
    both.settle()
    memos = {name: one["memo"] for name, one in both.books.of("bill").items()}
    assert memos == {"b1": "first words\n[CRM: open, Sent]", "b2": "[CRM: open, Sent]"}
    assert len(both.books.writes) == 2
    before = len(both.crm.writes)
    both.settle()
    assert (len(both.books.writes), len(both.crm.writes)) == (2, before)
    both.clock.on(minutes=5)
    both.crm.put("sale", key, status="won")
    both.books.put("bill", "b1", memo="[CRM: open, Sent] other words")
    both.settle()
    assert both.books.of("bill")["b1"]["memo"] == "[CRM: won, Sent] other words"
    both.clock.on(minutes=5)
    both.crm.put("sale", key, status="open")
    both.books.put("bill", "b2", memo="[CRM: a] [CRM: b]")
    both.settle()
    assert both.books.of("bill")["b1"]["memo"] == "[CRM: open, Sent] other words"
    assert both.state("outcomes", key) == ("parked", "2 lines begin with [CRM:; take all but one out")
    store.close()
