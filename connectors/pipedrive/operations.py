"""The calls that the connector makes and what each costs: `operations.toml` as values, and nothing else."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Operation(NamedTuple):
    """One call of the API."""

    version: str
    """`v1` or `v2`."""
    method: str
    path: str
    """With `{name}` places, without the prefix."""
    tokens: int
    """Flat price of one call."""

    @property
    def writes(self) -> bool:
        """Whether it changes anything: an answer that never came must then be looked up."""
        return self.method != "GET"


@cache
def operations() -> Mapping[str, Operation]:
    """Every operation by name: `deal.create`."""
    text = files(__package__).joinpath("operations.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {f"{entity}.{verb}": _operation(line) for entity, table in tables.items() for verb, line in table.items()}


def operation(name: str) -> Operation:
    """The operation of that name. KeyError where there is none."""
    return operations()[name]


def _operation(line: str) -> Operation:
    version, method, path, tokens = line.split()
    return Operation(version, method, path, int(tokens))
