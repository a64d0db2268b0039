"""Prints for people and for machines: tables by rich, JSON that keeps Decimals exact."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

Command = TypeVar("Command", bound=Callable[..., Any])


def as_json(command: Command) -> Command:
    """The option `--json`, as every command has it that a machine may read."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")(command)


def console() -> Console:
    """Standard output, as it is now (a test may have put another in its place)."""
    return Console(highlight=False, soft_wrap=True)


def print_json(data: Any) -> None:
    """One JSON document."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=_plain))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], numbers: Sequence[str] = ()) -> None:
    """See `table`."""
    Console(highlight=False).print(table(columns, rows, numbers))


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], numbers: Sequence[str] = ()) -> Table:
    """A table; the columns in `numbers` stand to the right. Nothing in a cell is taken for markup."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(_shown(cell)) for cell in row))
    return made


def _shown(cell: Any) -> str:
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | datetime | date):
        return str(value) if isinstance(value, Decimal) else value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
