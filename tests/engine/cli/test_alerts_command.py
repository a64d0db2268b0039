"""`engine alerts test` says of each channel whether it took the trial message."""

from __future__ import annotations

import json

import pytest

from tests.engine.cli.conftest import Installation
from tests.engine.observe.test_notices import Receiver, receiver  # noqa: F401  # the fixture


def name_alerts(installed: Installation, text: str) -> None:
    installed.config.write_text(installed.config.read_text("utf-8") + f"\nalerts: {text}\n", "utf-8")


def test_a_trial_arrives_signed(installed: Installation, receiver: Receiver) -> None:  # noqa: F811
    url = f"http://127.0.0.1:{receiver.server_port}/x"
    name_alerts(installed, f'{{webhook: {{url: "{url}", secret: "a long and random one"}}}}')
    result = installed.run("alerts", "test", "--json")
    assert (result.exit_code, json.loads(result.output)) == (0, {"ok": True, "channels": {"webhook": "sent"}})
    assert json.loads(receiver.got[0][1])["event"] == "test"


def test_a_channel_that_is_away_is_said_and_ends_with_3(installed: Installation) -> None:
    name_alerts(installed, '{webhook: {url: "http://127.0.0.1:9/x", secret: "a long and random one"}}')
    result = installed.run("alerts", "test")
    assert result.exit_code == 3
    assert "webhook: 127.0.0.1 cannot be reached" in result.output
    assert "a long and random one" not in result.output


@pytest.mark.parametrize(
    "text",
    [
        '{webhook: {url: "http://elsewhere.example.com/x", secret: "a long and random one"}}',
        "{email: {host: mail.example.com, encryption: none, from: a@b.example, to: [c@d.example]}}",
        "{email: {host: mail.example.com, from: nobody, to: [c@d.example]}}",
    ],
)
def test_what_would_go_out_in_the_open_is_refused(installed: Installation, text: str) -> None:
    name_alerts(installed, text)
    result = installed.run("alerts", "test")
    assert (result.exit_code, "Traceback" in result.output) == (1, False)


def test_without_channels_it_says_what_to_add(installed: Installation) -> None:
    result = installed.run("alerts", "test")
    assert (result.exit_code, "docs/operations.md" in result.output) == (1, True)
