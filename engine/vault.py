"""Encrypts what must not lie readable in the store (`protocol.Vault`), with the keys of engine.yaml.

The first key seals, every key opens: a new one is put in front, and the old one goes once everything was sealed anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


def new_key() -> str:
    """A key as engine.yaml's `encryption_keys` takes it."""
    return Fernet.generate_key().decode()


class Vault:
    """`protocol.Vault` over these keys, the newest first; ValueError for a text that is no key."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = MultiFernet([Fernet(key) for key in keys])

    def __repr__(self) -> str:
        return "Vault()"

    def seal(self, text: str) -> str:
        """The text, readable with this key alone."""
        return self._keys.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """What was sealed; None where no key opens it."""
        try:
            return self._keys.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None
