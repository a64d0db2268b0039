"""What a rehearsal stores together, and what it must not."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.protocol import Write
from engine.store.intents import Intent
from engine.sync.rehearsal import Act, apart

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def act(id: str, rows: tuple[str, ...], key: str | None = None, target: str | None = None) -> Act:
    write = Write(id, "deal", "create" if key is None else "update", key)
    return Act("crm", Intent(id, "sales", rows, 0, write.pack(), {"target": target}, "open", NOW), write)


def ids(acts: list[Act]) -> list[list[str]]:
    return [[one.write.id for one in some] for some in apart(acts)]


def test_acts_that_have_nothing_in_common_are_stored_together() -> None:
    assert ids([act("1", ("a",)), act("2", ("b", "c")), act("3", ("d",), "7", "7")]) == [["1", "2", "3"]]


def test_the_second_act_for_a_row_begins_a_new_list() -> None:
    assert ids([act("1", ("a", "b")), act("2", ("c",)), act("3", ("b",)), act("4", ("a",))]) == [["1", "2"], ["3", "4"]]


def test_the_second_act_about_a_target_begins_a_new_list_also_if_it_makes_a_note_of_it() -> None:
    assert ids([act("1", ("a",), "7", "7"), act("2", ("b",), None, "7")]) == [["1"], ["2"]]


def test_without_acts_there_is_no_list() -> None:
    assert ids([]) == []
