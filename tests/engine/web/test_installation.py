"""What the set-up writes: a secret for the server's own account alone, a value where it stands, and nothing else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from engine.errors import UserError
from engine.vault import Vault
from engine.web.installation import Installation

YAML = """\
dashboard: {users: {anna: {password_hash: "file:../anna"}}}
store: "postgresql+psycopg://me:${DB}@host/db"
connections:
  acme:
    zone: America/New_York
    pipedrive:
      company: acme  # as in the address
      api_token: "${TOKEN}"
    quickbooks_desktop: {user: acme, password_hash: "file:secrets/hash"}
"""
TOKEN = "connections.acme.pipedrive.api_token"


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "engine.yaml").write_text(YAML)
    return Installation(tmp_path / "home" / "engine.yaml", {"DB": "x"})


def test_every_secret_is_named_with_where_it_is_or_would_be(installation: Installation) -> None:
    found = {one.name: (one.missing, one.by_environment, one.file) for one in installation.secrets()}
    assert found[TOKEN] == ("the environment variable TOKEN is not set", False, "secrets/TOKEN")
    assert found["connections.acme.quickbooks_desktop.password_hash"][2] == "secrets/hash"
    assert found["store"] == ("", False, "")  # a part of a text: a person's to give
    assert found["dashboard.users.anna.password_hash"][2] == ""  # outside the folder


def test_a_kept_secret_is_there_for_its_owner_alone_and_may_be_replaced(installation: Installation) -> None:
    for value in ("first", "second"):
        installation.keep(TOKEN, value)
        kept = installation.home / "secrets" / "TOKEN"
        assert kept.read_text() == value
        assert (stat.S_IMODE(kept.stat().st_mode), stat.S_IMODE(kept.parent.stat().st_mode)) == (0o600, 0o700)
    assert next(one for one in installation.secrets() if one.name == TOKEN).missing == ""
    assert [one.name for one in kept.parent.iterdir()] == ["TOKEN"]


def test_the_environment_counts_before_the_file(tmp_path: Path, installation: Installation) -> None:
    installation.keep(TOKEN, "from the file")
    (given,) = (
        one
        for one in Installation(installation.home / "engine.yaml", {"TOKEN": "given"}).secrets()
        if one.name == TOKEN
    )
    assert (given.missing, given.by_environment) == ("", True)


@pytest.mark.parametrize(
    "name", ["store", "dashboard.users.anna.password_hash", "connections.acme.zone", "../../etc/passwd", ""]
)
def test_nothing_is_written_that_engine_yaml_does_not_name_as_a_file_of_this_folder(
    installation: Installation, tmp_path: Path, name: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError):
        installation.keep(name, "x")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("value", ["", "two\nlines", "x" * 5_000])
def test_what_cannot_be_a_secret_is_not_kept(installation: Installation, value: str) -> None:
    with pytest.raises(UserError):
        installation.keep(TOKEN, value)
    assert not (installation.home / "secrets").exists()


def test_several_values_change_together_or_not_at_all(installation: Installation) -> None:
    block = ("connections", "acme", "pipedrive")
    installation.change({(*block, "company"): "other", (*block, "seats"): 3})
    text = (installation.home / "engine.yaml").read_text()
    assert '      company: "other"  # as in the address\n' in text
    with pytest.raises(UserError, match="Nothing was changed"):
        installation.change({(*block, "company"): "third", (*block, "seats"): -1})
    assert (installation.home / "engine.yaml").read_text() == text
    assert [one.name for one in installation.home.iterdir()] == ["engine.yaml"]


def test_the_key_is_made_once_and_named_where_nobody_has_named_one(installation: Installation) -> None:
    assert installation.key_missing
    assert installation.make_key() == "secrets/ENGINE_KEY"
    made = (installation.home / "secrets" / "ENGINE_KEY").read_text()
    assert Vault([made]).open(Vault([made]).seal("a token")) == "a token"
    assert '\nencryption_keys: ["${ENGINE_KEY}"]\n' in (installation.home / "engine.yaml").read_text()
    assert not installation.key_missing
    with pytest.raises(UserError, match="a key already"):
        installation.make_key()
    assert (installation.home / "secrets" / "ENGINE_KEY").read_text() == made
