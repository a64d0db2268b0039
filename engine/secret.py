"""Values that must not be shown: resolved from `${NAME}` and `file:PATH`, and masked wherever they are printed.

`${NAME}` is an environment variable, else the file `secrets/NAME` beside engine.yaml. It may stand inside a text
(`postgresql+psycopg://me:${PASSWORD}@host/db`), `$${` stands for `${` itself; `file:PATH` is the whole value, and the
file's last line break is no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

MASK = "[secret]"
KEPT = "secrets"
"""The folder beside engine.yaml with a file for each secret that the environment does not give."""
MOST = 64 * 1024
"""Bytes that a file with a secret may have."""

_VARIABLE = re.compile(r"\$\$\{|\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Missing(Exception):
    """A secret is not where engine.yaml says; the text says what is missing, never a value."""


def names_secret(text: str) -> bool:
    """Whether a text of engine.yaml refers to a value elsewhere."""
    return text.startswith("file:") or any(found[1] is not None for found in _VARIABLE.finditer(text))


def resolve(text: str, environment: Mapping[str, str], folder: Path, *, in_url: bool = False) -> tuple[str, list[str]]:
    """The text with what it refers to put in, and those values by themselves; raises Missing.

    Relative paths start at `folder`. A value that becomes a part of a URL (`in_url`) is percent-encoded.
    """
    if text.startswith("file:"):
        value = _read(text.removeprefix("file:"), folder)
        return value, [value]
    values: list[str] = []

    def put_in(found: re.Match[str]) -> str:
        if found[1] is None:
            return "${"
        values.append(_variable(found[1], environment, folder))
        return quote(values[-1], safe="") if in_url and found[0] != text else values[-1]

    return _VARIABLE.sub(put_in, text), values


def _variable(name: str, environment: Mapping[str, str], folder: Path) -> str:
    if not _NAME.fullmatch(name):
        raise Missing(f"'{name}' is not the name of an environment variable")
    value = environment.get(name)
    if value is None and (folder / KEPT / name).is_file():
        return _read(f"{KEPT}/{name}", folder)
    if not value:
        raise Missing(f"the environment variable {name} is {'not set' if value is None else 'empty'}")
    return value


def _read(given: str, folder: Path) -> str:
    path = folder / Path(given).expanduser()
    try:
        with path.open("rb") as file:
            content = file.read(MOST + 1)
    except OSError as error:
        raise Missing(f"the file {given} cannot be read: {error.strerror}") from None
    if len(content) > MOST:
        raise Missing(f"the file {given} is too long to be a secret")
    try:
        text = content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise Missing(f"the file {given} is not text") from None
    if not text:
        raise Missing(f"the file {given} is empty")
    return text


class Block(Mapping[str, Any]):
    """A block of settings with secrets in it: reads like a dict, and prints every secret as `[secret]`."""

    __slots__ = ("_secret", "_values")

    def __init__(self, values: Mapping[str, Any], secret: frozenset[str]) -> None:
        """`secret` holds the names of the keys (of this block) whose values are secret."""
        self._values = dict(values)
        self._secret = secret

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr({key: MASK if key in self._secret else value for key, value in self._values.items()})
