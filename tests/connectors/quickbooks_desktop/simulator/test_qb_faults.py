"""Faults as text, by number and by seeded chance."""

import pytest
from click.testing import CliRunner

from connectors.quickbooks_desktop.simulator.cli import simulator
from connectors.quickbooks_desktop.simulator.faults import KINDS, Fault, Faults, parse_fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("modal-dialog", Fault("open", None, 1, 0x80040414, 1.0)),
        ("cannot-open=0x80040424*3", Fault("open", None, 3, 0x80040424, 1.0)),
        ("slow=20@3", Fault("slow", 3, 1, 0, 20.0)),
        ("cut-after@receiveResponseXML#2", Fault("cut_after", "receiveResponseXML", 1, 0, 1.0, 2)),
        ("cut-before%0.05", Fault("cut_before", None, None, 0, 1.0, 1, 0.05)),
        ("process-raises=80040400*2%.5", Fault("process", None, 2, 0x80040400, 1.0, 1, 0.5)),
    ],
)
def test_a_fault_is_read_from_its_text(text, fault):
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    "text",
    ["", "boom", "cut-after@lunch", "slow@authenticate", "modal-dialog@2", "truncated=5", "cut-before%2", "slow=x"],
)
def test_what_is_no_fault_is_quoted(text):
    with pytest.raises(ValueError, match=r"fault|call|value|once"):
        parse_fault(text)


def test_every_kind_has_a_text():
    assert {parse_fault(kind).moment for kind in KINDS} == {moment for moment, _ in KINDS.values()}


def test_a_numbered_fault_waits_for_its_turn_and_is_used_up():
    faults = Faults(parse_fault("cut-after@sendRequestXML#2*2"))
    struck = [faults.strikes("cut_after", number, "sendRequestXML") for number in range(5)]
    assert struck == [False, True, True, False, False]
    assert faults.pending() == 0


def test_chance_is_the_same_for_the_same_seed():
    def strikes(seed):
        faults = Faults(parse_fault("truncated%0.3"), seed=seed)
        return [faults.strikes("truncate", number) for number in range(200)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 30 < sum(strikes(1)) < 90


def test_the_command_takes_faults_and_refuses_what_is_none(server):
    arguments = ["--url", server.url, "--user", "u", "--password", "p", "--every", "0", "--customers", "2"]
    result = CliRunner().invoke(simulator, [*arguments, "--visits", "2", "--fault", "modal-dialog", "--qbxml", "8.0"])
    assert "not opened" in result.output and result.exit_code == 0, "the second visit is well"
    assert (server.arguments("sendRequestXML")["qbXMLMajorVers"], len(server.received) > 8) == ("8", True)
    refused = CliRunner().invoke(simulator, [*arguments, "--fault", "lunch"])
    assert refused.exit_code == 2 and "unknown fault 'lunch'" in refused.output
