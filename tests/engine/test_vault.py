"""What lies encrypted in the store is opened by the keys of engine.yaml and by nothing else."""

from __future__ import annotations

import pytest

from engine.protocol import Vault as Port
from engine.vault import Vault, new_key


def test_what_was_sealed_is_opened_and_never_readable() -> None:
    vault: Port = Vault([new_key()])
    sealed = vault.seal("refresh-token ü")
    assert vault.open(sealed) == "refresh-token ü" and "refresh" not in sealed
    assert vault.seal("refresh-token ü") != sealed, "equal secrets do not look equal"


def test_the_first_key_seals_and_every_key_opens() -> None:
    old, new = new_key(), new_key()
    sealed = Vault([old]).seal("s")
    assert Vault([new, old]).open(sealed) == "s"
    assert Vault([new]).open(sealed) is None
    assert Vault([new]).open(Vault([new, old]).seal("s")) == "s"


@pytest.mark.parametrize("text", ["", "x", "gAAAA", "ü" * 50])
def test_what_was_tampered_with_is_not_opened(text: str) -> None:
    assert Vault([new_key()]).open(text) is None


def test_a_text_that_is_no_key_is_refused() -> None:
    with pytest.raises(ValueError, match="key"):
        Vault(["short"])
    assert repr(Vault([new_key()])) == "Vault()"
