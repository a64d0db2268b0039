"""Whose turn it is: first ready, first called, and nobody is forgotten."""

from __future__ import annotations

from hypothesis import given, strategies as st

from engine.sync.rota import Name, Rota

A, B, C = ("a", "crm"), ("b", "crm"), ("c", "crm")


def rota(*names: Name) -> Rota:
    made = Rota(longest=60)
    for name in names:
        made.add(name, 0)
    return made


def test_who_has_more_to_do_goes_to_the_end_of_the_line() -> None:
    line = rota(A, B, C)
    order = []
    for now in range(6):
        name = line.take(now)
        assert name is not None
        order.append(name)
        line.give_back(name, now, 0)
    assert order == [A, B, C, A, B, C]


def test_an_endpoint_is_called_when_it_asked_to_be_and_at_the_latest_after_the_longest_pause() -> None:
    line = rota(A, B)
    for name, pause in ((A, 5), (B, 600)):
        assert line.take(0) == name
        line.give_back(name, 0, pause)
    assert (line.take(4.9), line.wait(4)) == (None, 1)
    assert line.take(5) == A
    assert line.take(59.9) is None
    assert line.take(60) == B


def test_a_ring_calls_at_once_and_does_not_move_what_was_asked_for() -> None:
    line = rota(A)
    line.take(0)
    line.give_back(A, 0, 30)
    line.ring(A, 10)
    assert line.take(10) == A
    line.give_back(A, 10, 30)
    assert line.take(29.9) is None
    assert line.take(30) == A, "not at 40: the poll of every 30 seconds keeps its time"


def test_a_ring_during_a_call_is_heard_after_it() -> None:
    line = rota(A)
    line.take(0)
    line.ring(A, 1)
    assert line.take(1) is None, "nobody is called twice at a time"
    line.give_back(A, 2, 30)
    assert line.take(2) == A


def test_who_wants_no_call_gets_none_and_who_is_removed_neither() -> None:
    line = rota(A, B)
    line.take(0)
    line.give_back(A, 0, None)
    line.ring(A, 1)
    line.remove(B)
    assert line.take(100) is None
    assert len(line) == 0


def test_those_who_wait_longer_than_is_patient_are_counted() -> None:
    line = rota(A, B, C)
    line.take(0)
    assert (line.late(0.5, patience=1), line.late(1.5, patience=1)) == (0, 2)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([A, B, C]), st.integers(0, 90)), max_size=60))
def test_whatever_happens_everybody_is_called_again_within_the_longest_pause(acts: list[tuple[int, Name, int]]) -> None:
    line, now, called = rota(A, B, C), 0.0, []
    for act, name, number in acts:
        now += number % 7
        if act == 0:
            line.ring(name, now)
        elif act == 1 and (taken := line.take(now)) is not None:
            assert taken not in called
            called.append(taken)
        elif act == 2 and called:
            line.give_back(called.pop(), now, number)
    for name in called:
        line.give_back(name, now, 1_000)
    now += 60
    assert {line.take(now) for _ in range(3)} == {A, B, C}
