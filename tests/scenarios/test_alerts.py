"""Alerts from a running server into a mailbox: what waits for a person, who visits no more, and that it is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner

from engine.cli.main import main
from engine.store.store import Store
from tests.connectors.quickbooks_desktop.ports import HASH
from tests.engine.observe.test_notices import Mailbox
from tests.faults.clock import Clock
from tests.scenarios.served import Served, _port, by_clock, running

LOOK = timedelta(seconds=61)
"""After so long the server looks again."""


def subject(message: EmailMessage) -> str:
    """As people see it: a long one begins on a line of its own."""
    return str(message["Subject"]).strip()


@dataclass
class Office:
    """A server whose clock is ours, and the mailbox of who is told."""

    served: Served
    clock: Clock
    mailbox: Mailbox
    read: int = 0

    def mail(self) -> EmailMessage:
        """The next message, which comes with the server's next look."""
        self._look()
        assert len(self.mailbox.messages) > self.read, f"no mail; the server's log:\n{self.served.log()}"
        self.read += 1
        message: EmailMessage = self.mailbox.messages[self.read - 1]
        return message

    def nothing_more(self) -> None:
        """Another look of the server's, and no message."""
        self._look()
        assert [subject(one) for one in self.mailbox.messages[self.read :]] == []

    def _look(self) -> None:
        """From its beginning to its end: whoever is killed before may tell the same again, and minutes later."""

        def over(_: Served) -> bool:
            turn = state.get("turn")
            return turn is not None and not turn["by"] and datetime.fromisoformat(turn["at"]) >= begun

        with closing(Store.open(self.served.store)) as store:
            state = store.state("alerts", self.clock)
            self.clock.on(LOOK)
            begun = self.clock()
            self.served.until(over)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    clock = by_clock(tmp_path, monkeypatch)
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=_port())
    controller.start()
    told = (
        f"{{host: 127.0.0.1, port: {controller.port}, encryption: none, from: sync@example.com, to: [a@example.com]}}"
    )
    try:
        with running(tmp_path / "server", customers=2, alerts=f"{{email: {told}}}") as served:
            yield Office(served, clock, mailbox)
    finally:
        controller.stop()


def test_who_must_act_gets_one_mail_for_each_trouble_and_one_when_it_is_over(office: Office) -> None:
    served = office.served
    name = served.company.records("Customer")[0]["Name"]
    for one in (f"{name} Inc.", name.upper()):
        served.account.add_organization(one)
    served.visit()
    served.settle()
    parked = office.mail()
    assert (parked["From"], parked["To"]) == ("sync@example.com", "a@example.com")
    assert subject(parked).startswith("[ml-connector] acme: ") and "wait" in subject(parked)
    assert "`engine parked list`" in parked.get_content()
    assert f"The server: http://localhost:{served.server.url.rsplit(':', 1)[1]}" in parked.get_content()

    served.server.kill()
    served.server.start()
    office.nothing_more()

    config = str(served.folder / "engine.yaml")
    secrets = {"QBWC_PASSWORD_HASH": HASH, "PIPEDRIVE_API_TOKEN": served.account.token}
    skipped = CliRunner(env=secrets).invoke(main, ["--config", config, "parked", "skip", "--all"])
    assert skipped.exit_code == 0, skipped.output
    assert subject(office.mail()) == subject(parked).replace("acme", "Over: acme", 1)

    office.clock.on(timedelta(hours=3))
    silent = office.mail()
    assert subject(silent).startswith("[ml-connector] acme: QuickBooks has not visited for 3 hours; ")
    assert "Look whether its computer is on." in silent.get_content()
    office.nothing_more()
    served.visit()
    assert subject(office.mail()).startswith("[ml-connector] Over: acme: QuickBooks has not visited")
    office.nothing_more()
