"""`engine preview`: shows what a mapping makes of one record, field by field, with how each value came about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from engine.cli.failures import Shown
from engine.cli.here import Here, connection_of, here
from engine.cli.output import as_json, console, print_json
from engine.cli.sets import chosen_set, chosen_sets
from engine.errors import EngineError, UserError
from engine.mapping.compiled import CompiledMapping, CompiledSet
from engine.mapping.compiler import compile_set
from engine.mapping.draft import MISSING, Draft, Element
from engine.mapping.outline import draft_data, kind, remarks, said
from engine.mapping.written import WrittenRecord
from engine.specs.diagnostics import nearest
from engine.specs.loader import load_file
from engine.specs.presets import load_set
from engine.sync.preview import stored

Seen = tuple[CompiledMapping, list[tuple[Element, Draft]]]


@click.command()
@click.argument("mapping")
@click.option("--record", required=True, metavar="FILE|ID", help="A YAML or JSON file, or a record's id in the store.")
@click.option("--connection", help="Whose mappings, settings and store. Default: the first in engine.yaml.")
@click.option("--set", "where", metavar="PATH", help="A folder of mappings or a preset, in place of a connection's.")
@click.option("--watch", is_flag=True, help="Show it again whenever a file of the set or the record is saved.")
@as_json
@here
def preview(
    here: Here, mapping: str, record: str, connection: str | None, where: str | None, watch: bool, as_json: bool
) -> None:
    """Show what a mapping makes of one record.

    Each field comes with its rule, its input and every step on the way. Nothing is written.

    MAPPING is a mapping's name. A FILE holds a record, or, as a test does, `record` with `links`, `names`, `behind`
    and `settings`; a file of tests shows the record of its first test. Exit status 1 if the record would park.

    \b
    Examples:
      engine preview customers --record customer.yaml
      engine preview invoices --record 1A2B-1700000014 --connection acme
      engine preview customers --record customer.yaml --set preset:default --watch
    """

    def show() -> bool:
        seen = _seen(here, mapping, record, connection, where)
        if as_json:
            print_json(_data(*seen))
        else:
            _print(*seen)
        return any(draft.problems for _, draft in seen[1])

    if watch:
        _repeat(show, _watched(here, record, where))
    elif show():
        raise SystemExit(1)


def _seen(here: Here, mapping: str, record: str, connection: str | None, where: str | None) -> Seen:
    file = Path(record)
    if file.is_file():
        return _of_file(here, mapping, file, connection, where)
    if where is not None or not here.config.exists():
        raise UserError(f"There is no file {record}.", "With an engine.yaml it may be the id of a record in the store.")
    with here.engine() as engine:
        name = connection or next(iter(engine.connections))
        at = connection_of(engine, name)
        compiled = _mapping(at.compiled, mapping)
        with at.store.reading() as tx:
            found = stored(tx, at, compiled, record)
            return compiled, [(one, compiled.draft(one, found.contexts[one.key], trace=True))
                              for one in compiled.elements(found.record)]  # fmt: skip


def _of_file(here: Here, mapping: str, file: Path, connection: str | None, where: str | None) -> Seen:
    written = WrittenRecord.of(load_file(file, str(file)))
    given, set_name, zone = _surroundings(here, connection, where)
    settings = {**given, **written.settings}
    compiled = _mapping(compile_set(load_set(set_name), here.registry.catalogues, settings), mapping)
    record, context = written.read(here.registry.catalogues[compiled.source[0]][compiled.source[1]], zone)
    return compiled, [(one, compiled.draft(one, context, trace=True)) for one in compiled.elements(record)]


def _surroundings(here: Here, connection: str | None, where: str | None) -> tuple[Mapping[str, Any], str, str | None]:
    """Settings, set and zone: of the set that was named, else of the connection."""
    if where is not None:
        return {}, chosen_set(where, here.config.parent).where, None
    if not here.config.exists():
        return {}, chosen_sets(here, ())[0].where, None
    connections = here.settings(secrets=False).connections
    name = connection or next(iter(connections))
    if name not in connections:
        raise UserError(f"There is no connection '{name}' in engine.yaml.", f"There are: {', '.join(connections)}.")
    return connections[name].settings, connections[name].mappings, connections[name].zone.key


def _mapping(compiled: CompiledSet, name: str) -> CompiledMapping:
    name = Path(name).stem if name.endswith(".yaml") else name
    if name not in compiled.mappings:
        hint = nearest(name, compiled.mappings) or f"There are: {', '.join(compiled.mappings)}."
        raise UserError(f"The set has no mapping '{name}'.", hint)
    return compiled.mappings[name]


# ------------------------------------------------------------------------------------------------------ shown
def _data(compiled: CompiledMapping, drafts: list[tuple[Element, Draft]]) -> dict[str, Any]:
    return {"mapping": compiled.name, "from": ".".join(compiled.source), "to": ".".join(compiled.target),
            "drafts": [draft_data(compiled, element, draft) for element, draft in drafts]}  # fmt: skip


_STYLES = {"aside": "yellow", "problem": "red", "fact": "cyan"}


def _print(compiled: CompiledMapping, drafts: list[tuple[Element, Draft]]) -> None:
    out = console()
    for element, draft in drafts:
        title = f"{compiled.name}: {'.'.join(compiled.source)} {element.key} -> {'.'.join(compiled.target)}"
        out.print(Text(title, style="bold"))
        for mood, remark in remarks(compiled, element, draft):
            out.print(Text(f"  {remark}", style=_STYLES[mood]))
        for traced in draft.trace:
            told = Text.assemble(
                "  ", (traced.field, "bold"), " = ", _told(traced.output), (f"  {kind(traced.output)}", "dim")
            )
            out.print(told)
            steps = "".join(f" -> {name} {said(value)}" for name, value in traced.steps)
            out.print(Text(f"      {traced.where}  {said(traced.input)}{steps}", style="dim"))
        out.print()
    if not drafts:
        out.print(f"{compiled.name}: the record has nothing that this mapping walks through.", markup=False)


def _told(value: Any) -> tuple[str, str]:
    return ("left alone", "yellow") if value is MISSING else (said(value), "green")


# ------------------------------------------------------------------------------------------------------ watched
def _watched(here: Here, record: str, where: str | None) -> list[Path]:
    if where is not None:
        folders = [chosen_set(where, here.config.parent).folder]
    else:
        folders = [one.folder for one in chosen_sets(here, ())]
    return [*folders, *([Path(record)] if Path(record).is_file() else [])]


def _repeat(show: Callable[[], bool], paths: list[Path]) -> None:
    """Show, and show again at every save; a mistake is shown like a result, since the next save may mend it.

    What is saved while it shows, or before the watch is set up, is noticed by the files' times.
    """
    from watchfiles import watch

    before: object = None
    try:
        for _ in watch(*paths, debounce=100, rust_timeout=500, yield_on_timeout=True, raise_interrupt=True):
            if before != (now := _stamps(paths)):
                if before is not None:
                    click.secho("saved; again:", dim=True, err=True)
                before = now
                try:
                    show()
                except EngineError as error:
                    Shown(error.message, error.hint).show()
    except KeyboardInterrupt:
        click.echo("", err=True)


def _stamps(paths: list[Path]) -> dict[Path, int]:
    found = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    return {file: file.stat().st_mtime_ns for file in found if file.is_file() and "__pycache__" not in file.parts}
