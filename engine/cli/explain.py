"""`engine explain`: why a record is as it is, or why it is not there."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from engine.cli.here import Here, connection_of, here
from engine.cli.output import as_json, console, print_json
from engine.errors import UserError
from engine.mapping.draft import MISSING
from engine.store.journal import Entry
from engine.sync.explain import HITS, Hit, Told, Try, explain as explained, find


@click.command()
@click.argument("record")
@click.argument("field", required=False)
@click.option("--connection", metavar="NAME", help="Whose records. Default: the first in engine.yaml.")
@as_json
@here
def explain(here: Here, record: str, field: str | None, connection: str | None, as_json: bool) -> None:
    """Tell why a record is as it is, or why it is not there.

    RECORD is a key, a name or an invoice number in either system, or a part of one; the whole way of what it means is
    told: what became of it, what it waits for, what matched, and every decision with its rule. With FIELD (as a mapping
    names it), only what concerns that field. Exit status 1 if no such record is held.

    \b
    Examples:
      engine explain 1A2B-1700000014
      engine explain acme
      engine explain 0071 custom.Paid
    """
    with here.engine() as engine:
        at = connection_of(engine, connection or next(iter(engine.connections)))
        with at.store.reading() as tx:
            hits = find(tx, at, record)
            told = {hit: explained(tx, at, hit) for hit in hits}
    if not hits:
        raise UserError(
            f"No record {record!r} is held, by key, name or number.",
            "It was never read (older than `since`, or made after the last visit: see `engine status`), or it is "
            "called otherwise.",
        )
    if as_json:
        data = [{"record": asdict(hit), "mappings": [_data(one, field) for one in some]} for hit, some in told.items()]
        print_json({"connection": at.name, "records": data})
        return
    out = console()
    if len(hits) == HITS:
        out.print(f"More than {HITS} records are called so; these are some.", markup=False)
    for hit, some in told.items():
        out.print(_named(hit), style="bold", markup=False)
        for one in some:
            for line in _lines(one, field):
                out.print(f"  {line}", markup=False)
        if not some:
            out.print("  No mapping reads it or made it.", markup=False)


def _data(told: Told, field: str | None) -> dict[str, Any]:
    data = asdict(told)
    if field is not None:
        data["fields"] = [one for one in data["fields"] if one["field"] == field]
        data["entries"] = [asdict(one) for one in told.entries if _about(one, field)]
    return {key: _plain(value) for key, value in data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if value is MISSING else value


def _lines(told: Told, field: str | None) -> list[str]:
    state = f"{told.mapping}: {told.state}"
    lines = [f"{state}, {told.reason}{f' ({told.code})' if told.code else ''}" if told.reason else state]
    lines += [f"  is {_named(one)}" for one in told.targets]
    lines += [f"  waits for {mapping} {key}" for mapping, key in told.waits]
    lines += [f"  {_tried(one)}" for one in told.tries]
    for one in told.fields:
        if field in (None, one.field):
            lines.append(f"  {one.field} = {_shown(one.now)}   sent {_shown(one.sent)}   [{one.rule}]")
    for entry in told.entries:
        if field is None or _about(entry, field):
            lines += [f"  {line}" for line in _entry(entry, field)]
    return lines


def _tried(one: Try) -> str:
    values = ", ".join(one.values) or "nothing to match by"
    shared = f" (several records hold {', '.join(one.shared)})" if one.shared else ""
    hits = "; ".join(_named(hit) for hit in one.hits) or "nothing"
    return f"matched by {one.label}: {values}{shared} hits {hits}"


def _entry(entry: Entry, field: str | None) -> list[str]:
    when = entry.at.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    lines = [f"{when} {entry.step}: {entry.outcome or ''} {entry.reason or ''}".rstrip()]
    lines += [
        f"  {one['field']}: {_shown(one['from'])} -> {_shown(one['to'])}; {one['verdict']}, {one['why']} "
        f"[{one['rule']}]"
        for one in entry.detail.get("fields", ())
        if field in (None, one["field"])
    ]
    lines += [f"  {warning}" for warning in entry.detail.get("warnings", ())]
    return lines


def _about(entry: Entry, field: str) -> bool:
    return any(one["field"] == field for one in entry.detail.get("fields", ()))


def _named(hit: Hit) -> str:
    called = f" {hit.label!r}" if hit.label and hit.label != hit.key else ""
    return f"{hit.system}.{hit.entity} {hit.key}{called}{f', {hit.gone}' if hit.gone else ''}"


def _shown(value: Any) -> str:
    return "nothing" if value is None or value is MISSING else str(value)
