"""Dockerfile, compose file and systemd units start commands that exist, as nobody in particular, from pinned images."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from engine.cli.main import main
from engine.cli.reference import walk

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = dict(walk(main, "engine"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
UNITS = sorted((ROOT / "deploy").glob("*.service"))
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
PINNED = re.compile(r"[a-z][a-z0-9./-]*:\d+\.\d+[\w.-]*")


def runs(words: list[str]) -> bool:
    """Whether these words are a command of ours with options that it has."""
    assert Path(words[0]).name == "engine"
    context = click.Context(main, info_name="engine")
    command = COMMANDS[" ".join(["engine", words[1]])]
    command.make_parser(context).parse_args(words[2:])
    return True


def unit(path: Path) -> dict[str, list[str]]:
    """A unit's settings of all sections."""
    found: dict[str, list[str]] = {}
    for line in path.read_text("utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_the_image_is_made_of_pinned_ones_and_runs_as_nobody_in_particular() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    assert bases and all(PINNED.fullmatch(one) and "slim" in one for one in bases)
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.M)[-1] == "engine"
    assert "HEALTHCHECK" in DOCKERFILE and "/healthz" in DOCKERFILE
    (command,) = re.findall(r'^CMD (\["engine".*\])$', DOCKERFILE, re.M)
    assert runs(yaml.safe_load(command))


def test_what_the_image_copies_is_there_and_secrets_stay_out() -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M):
        assert all((ROOT / one).exists() for one in line.split()[:-1]), line
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert {".git", ".env", "secrets", "*.db*"} <= set(ignored)


def test_the_compose_file_has_a_database_a_server_and_several_workers() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"store", "server", "worker"}
    assert services["worker"]["deploy"]["replicas"] >= 2
    for name, one in services.items():
        assert PINNED.fullmatch(one["image"]), name
        if name != "store":
            assert runs(one["command"]), name
            assert one["read_only"] and one["cap_drop"] == ["ALL"]
            assert one["depends_on"]["store"]["condition"] == "service_healthy"
    assert services["store"]["image"].startswith("postgres:")
    assert all(port.startswith("127.0.0.1:") for port in services["server"]["ports"]), "for the proxy alone"
    assert "--no-sender" in services["server"]["command"]


def test_no_secret_stands_in_the_compose_file_and_each_that_it_wants_is_documented() -> None:
    for one in COMPOSE["services"].values():
        for name, value in one["environment"].items():
            if re.search("PASSWORD|TOKEN|SECRET|HASH", name):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?.*\}", value), name
    wanted = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "deploy" / "compose.yaml").read_text("utf-8")))
    assert wanted and not [one for one in wanted if f"`{one}`" not in OPERATIONS]


@pytest.mark.parametrize("path", UNITS, ids=lambda one: one.name)
def test_a_unit_starts_a_command_that_exists_and_gives_it_no_more_than_it_needs(path: Path) -> None:
    found = unit(path)
    (start,) = found["ExecStart"]
    assert runs(shlex.split(start))
    assert found["User"] != ["root"]
    for setting, value in {
        "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
        "CapabilityBoundingSet": "", "UMask": "0077", "KillSignal": "SIGTERM", "RestrictNamespaces": "yes",
    }.items():  # fmt: skip
        assert found[setting] == [value], setting
    assert f"`{found['EnvironmentFile'][0]}`" in OPERATIONS
    assert f"`{path.name}`" in OPERATIONS


def test_the_units_differ_in_what_they_start_only() -> None:
    first, second = (unit(one) for one in UNITS)
    assert {name for name in first | second if first.get(name) != second.get(name)} == {"Description", "ExecStart"}
