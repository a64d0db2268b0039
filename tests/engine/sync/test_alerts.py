"""Notices go out once, from one of several processes, across restarts, and each channel for itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from engine.observe.notices import Notice, Unsent
from engine.store.store import Store
from engine.sync.alarms import Limits
from engine.sync.alerts import EVERY, TURN, Alerts, standing
from tests.engine.sync.memory import Clock


@dataclass
class Box:
    """A channel that keeps what it took."""

    took: list[Notice] = field(default_factory=list)
    away: bool = False

    def send(self, notice: Notice) -> None:
        if self.away:
            raise Unsent("nobody is there")
        self.took.append(notice)

    @property
    def said(self) -> list[str]:
        return [f"{one.facts['event']} {one.facts['kind']}" for one in self.took]


@dataclass
class Books:
    """An endpoint that tells of itself what it was told to."""

    told: dict[str, Any] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        return self.told


class Office:
    """A connection, two channels, and processes that watch over one store."""

    def __init__(self, url: str) -> None:
        self.url, self.clock, self.books = url, Clock(), Books()
        self.mail, self.chat = Box(), Box()
        self.stores: list[Store] = []
        connectors = {"books": SimpleNamespace(title="The Books")}
        self.connections: Any = {"acme": SimpleNamespace(endpoints={"books": self.books}, connectors=connectors)}

    def process(self) -> Alerts:
        self.stores.append(Store.open(self.url))
        channels = {"email": self.mail, "webhook": self.chat}
        return Alerts(self.stores[-1], self.connections, channels, Limits(), self.clock, "https://sync.example.com")

    def look(self, *processes: Alerts) -> None:
        self.clock.on(seconds=EVERY.total_seconds() + 1)
        for one in processes:
            one.look()


@pytest.fixture
def office(url: str) -> Iterator[Office]:
    made = Office(url)
    yield made
    for store in made.stores:
        store.close()


STOPPED = {"stopped": "The token is not valid."}


def test_each_notice_goes_to_each_channel_once_from_one_of_several_processes(office: Office) -> None:
    first, second = office.process(), office.process()
    office.books.told = STOPPED
    office.look(first, second)
    office.look(second, first)
    assert office.mail.said == office.chat.said == ["raised authentication"]
    assert dict(standing(office.stores[0])) == {("acme", "authentication"): 1}, "as the metrics show it"
    assert office.mail.took[0].subject == "[ml-connector] acme: The Books does not let us in: The token is not valid."
    assert "https://sync.example.com" in office.mail.took[0].text


def test_a_restart_tells_nothing_again_and_knows_what_is_over(office: Office) -> None:
    office.books.told = STOPPED
    office.look(office.process())
    office.look(office.process())
    office.books.told = {}
    office.look(office.process())
    assert office.mail.said == ["raised authentication", "cleared authentication"]
    assert office.mail.took[1].subject.startswith("[ml-connector] Over: acme:")


def test_a_channel_that_is_away_gets_it_later_and_the_other_not_twice(office: Office) -> None:
    watching = office.process()
    office.books.told, office.mail.away = STOPPED, True
    office.look(watching)
    assert (office.mail.said, office.chat.said) == ([], ["raised authentication"])
    office.mail.away = False
    office.look(office.process())
    assert office.mail.said == office.chat.said == ["raised authentication"]


def test_while_one_looks_no_other_does_until_it_must_be_dead(office: Office) -> None:
    dying, other = office.process(), office.process()
    office.books.told = STOPPED
    assert dying._take_turn()
    office.look(other)
    assert office.mail.said == []
    office.clock.on(seconds=TURN.total_seconds())
    other.look()
    assert office.mail.said == ["raised authentication"]


def test_looks_are_a_minute_apart_whoever_makes_them(office: Office) -> None:
    first, second = office.process(), office.process()
    office.look(first)
    office.books.told = STOPPED
    office.clock.on(seconds=EVERY.total_seconds() - timedelta(seconds=5).total_seconds())
    second.look()
    assert office.mail.said == []
    office.clock.on(seconds=6)
    second.look()
    assert office.mail.said == ["raised authentication"]
