"""`engine password` makes hashes that the connector's check accepts, and shows no password."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from engine.cli.main import main
from engine.passwords import verify


def run(text: str, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["password", *options], input=text)
    return result.exit_code, result.output


@pytest.mark.parametrize("password", ["correct horse", "pässwörd-€", " spaces at both ends "])
def test_the_hash_fits_its_password_and_no_other(password: str) -> None:
    status, made = run(f"{password}\n{password}\n")
    assert status == 0
    assert verify(password, made.strip())
    assert not verify(password + "x", made.strip())
    assert password not in made


def test_the_same_password_gives_another_hash_each_time() -> None:
    assert run("correct horse\n") != run("correct horse\n")


@pytest.mark.parametrize(
    ("text", "words"), [("", "Nothing came"), ("short\n", "too short"), ("one password\nanother one\n", "differ")]
)
def test_what_cannot_be_meant_is_refused(text: str, words: str) -> None:
    status, output = run(text)
    assert status == 1
    assert words in output


def test_a_program_gets_json() -> None:
    _, output = run("correct horse\n", "--json")
    assert verify("correct horse", json.loads(output)["password_hash"])
