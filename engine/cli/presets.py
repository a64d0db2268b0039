"""`engine presets`: lists, shows, packs, installs and compares sets of mappings that can be shared."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from engine.cli.download import download, is_address
from engine.cli.failures import Shown
from engine.cli.here import Here, connection_of, here
from engine.cli.output import as_json, console, print_json, print_table
from engine.errors import UserError
from engine.mapping.compiler import compile_set, validate_set
from engine.mapping.values import shown
from engine.specs.changes import SetChange, set_changes
from engine.specs.diagnostics import InvalidMappingSet, nearest
from engine.specs.installing import LOCK, Plan, install, plan, state
from engine.specs.model import UNSET, MappingSet, Setting
from engine.specs.packing import MAX_WHOLE, Package, read_folder, read_packed
from engine.specs.presets import load_set, read_set
from engine.specs.shelves import PREFIX, known
from engine.sync.comparison import Compared, compare_versions

SHOWN = 20
"""Records that `diff` names before it only counts."""


@click.group()
def presets() -> None:
    """Share sets of mappings.

    A preset is a folder of mappings with settings, tests, sample records and a README; packed, it is one zip file with
    checksums. Installing one runs no code: it holds texts only.

    \b
    Example:
      engine presets list
    """


@presets.command("list")
@as_json
@here
def list_presets(here: Here, as_json: bool) -> None:
    """List the presets that mappings can extend.

    They are built in, installed beside engine.yaml, or brought by a Python package (entry point group engine.presets).

    \b
    Examples:
      engine presets list
      engine presets list --json
    """
    home = here.config.parent
    rows = []
    for found in known(home).values():
        made = load_set(f"{PREFIX}{found.name}", home)
        where = state(found.name, home) if found.shelf == "installed" else found.shelf
        rows.append({"name": found.name, "version": made.version, "where": where, "summary": made.summary})
    if as_json:
        print_json({"presets": rows})
    else:
        print_table(("preset", "version", "where", "summary"), [tuple(row.values()) for row in rows])


@presets.command()
@click.argument("source")
@as_json
@here
def show(here: Here, source: str, as_json: bool) -> None:
    """Show what a preset holds.

    SOURCE is a preset's name, a folder, a packed file or an http(s) address.

    \b
    Examples:
      engine presets show wholesale
      engine presets show wholesale-1.1.zip
    """
    with _opened(here, source) as (package, made):
        data = {
            "preset": package.name, "version": package.version, "summary": package.summary, "sha256": package.digest,
            "mappings": [{"name": one.name, "from": one.source.text, "to": one.target.text, "summary": one.summary}
                         for one in made.mappings],
            "settings": [_setting(one) for one in made.settings.values()],
            "files": package.checksums,
        }  # fmt: skip
        readme = package.files.get("README.md", b"").decode("utf-8")
    if as_json:
        print_json(data)
        return
    out = console()
    out.print(Text(f"{package.name} {package.version}: {package.summary}", style="bold"))
    print_table(("mapping", "from", "to"), [(one.name, one.source.text, one.target.text) for one in made.mappings])
    out.print()
    rows = [(one.name, one.type, "needed" if one.default is UNSET else shown(one.default), one.help)
            for one in made.settings.values()]  # fmt: skip
    print_table(("setting", "type", "default", ""), rows)
    out.print(f"\n{len(package.files)} files, sha256 {package.digest}", markup=False)
    if readme:
        out.print(f"\n{readme.strip()}", markup=False)


def _setting(one: Setting) -> dict[str, Any]:
    default = {} if one.default is UNSET else {"default": one.default}
    return {"name": one.name, "type": one.type, "help": one.help, **default}


@presets.command()
@click.argument("source")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: NAME-VERSION.zip here.")
@here
def export(here: Here, source: str, output: Path | None) -> None:
    """Pack a preset as one file.

    SOURCE is a folder with a preset.yaml (name, version, summary), or a preset's name. The set is checked first; the
    same files always make the same bytes.

    \b
    Examples:
      engine presets export mappings
      engine presets export mappings -o ours-1.2.zip
    """
    with _opened(here, source) as (package, _):
        target = output or Path(f"{package.name}-{package.version}.zip")
        data = package.packed()
        target.write_bytes(data)
    click.echo(f"Written {target}: {len(package.files)} files, sha256 {hashlib.sha256(data).hexdigest()}")


@presets.command("install")
@click.argument("source")
@click.option("--sha256", help="What the checksum of the packed file must be.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@click.option("--overwrite", is_flag=True, help="Also overwrite files that were changed by hand since.")
@here
def install_preset(here: Here, source: str, sha256: str | None, yes: bool, overwrite: bool) -> None:
    """Install a preset beside engine.yaml.

    SOURCE is a packed file, a folder, an http(s) address, or the name of a preset that a Python package brings. Shows
    what it will write, and asks. The files go to presets/NAME, their checksums to presets.lock; mappings then say
    `extends: preset:NAME/MAPPING`. No code is run.

    \b
    Examples:
      engine presets install wholesale-1.1.zip
      engine presets install https://example.com/wholesale-1.1.zip --sha256 4f1c... --yes
    """
    with _opened(here, source, sha256) as (package, made):
        planned = plan(package, source, here.config.parent)
        _show_plan(planned, made)
        if planned.edited and planned.before is not None and not overwrite:
            raise Shown(
                f"Changed by hand since it was installed: {', '.join(planned.edited)}.",
                "Move your changes into your own mappings, which extend it; or add --overwrite.",
            )
        if not yes and not _agreed():
            raise Shown("Nothing was written.")
        install(planned)
    click.echo(
        f"Installed. Mappings may now say `extends: {PREFIX}{package.name}/...`; {LOCK} belongs into version control."
    )


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise Shown("Nothing was written: there is nobody to ask.", "Add --yes once you have read the list above.")
    return click.confirm("Write these files?", err=True)


def _show_plan(planned: Plan, made: MappingSet) -> None:
    package = planned.package
    version = f"{planned.before} -> {package.version}" if planned.before else package.version
    click.echo(f"{package.name} {version} from {planned.origin}: {package.summary}")
    click.echo(f"Mappings: {', '.join(one.name for one in made.mappings)}. Nothing in it is run.")
    for path, fate in planned.fates.items():
        if fate != "same":
            click.echo(f"  {fate:8}{planned.folder / path}")
    if set(planned.fates.values()) == {"same"}:
        click.echo("  every file is there as it is")


@presets.command()
@click.argument("name")
@click.argument("source")
@click.option("--connection", help="Also say which records of this connection's store would come out otherwise.")
@as_json
@here
def diff(here: Here, name: str, source: str, connection: str | None, as_json: bool) -> None:
    """Compare a preset with another version of it.

    NAME is the preset as it is here, SOURCE the other version: a folder, a packed file or an http(s) address. Shows
    the fields and settings that change; with --connection, the records in its store that would be mapped otherwise.

    \b
    Examples:
      engine presets diff wholesale wholesale-1.1.zip
      engine presets diff wholesale wholesale-1.1.zip --connection acme
    """
    name = name.removeprefix(PREFIX)
    home = here.config.parent
    if name not in known(home):
        raise UserError(
            f"There is no preset '{name}'.", nearest(name, known(home)) or f"There are: {', '.join(known(home))}."
        )
    with _opened(here, source) as (_, made), _unpacked(here, source) as folder:
        changes = set_changes(load_set(f"{PREFIX}{name}", home), made)
        compared = _compared(here, connection, name, folder) if connection else []
    if as_json:
        print_json({"changes": [one.json() for one in changes], "records": [_compared_data(one) for one in compared]})
        return
    for one in changes:
        for line in _change(one):
            console().print(line)
    if not changes:
        click.echo("Nothing differs.")
    for each in compared:
        _show_compared(each)


def _change(one: SetChange) -> Iterator[Text]:
    style = {"added": "green", "removed": "red", "changed": "yellow"}[one.how]
    yield Text.assemble((f"{one.how:8}", style), f"{one.where}: {one.what}")
    if one.what != "the mapping" and one.how != "added":
        yield Text(f"    - {shown(one.before)}", style="red")
    if one.what != "the mapping" and one.how != "removed":
        yield Text(f"    + {shown(one.after)}", style="green")


def _compared(here: Here, connection: str, name: str, folder: Path) -> list[Compared]:
    """The connection's set as it is, and as it would be with the preset taken from another folder."""
    with here.engine() as engine:
        at = connection_of(engine, connection)
        settings = here.settings().connections[connection]
        where, home = settings.mappings, here.config.parent
        itself = where == f"{PREFIX}{name}" or where == str(known(home.resolve())[name].folder)
        other = load_set(folder if itself else where, home, {f"{PREFIX}{name}": folder})
        catalogues = {system: here.registry.catalogues[system] for system in settings.connectors}
        return list(compare_versions(at, compile_set(other, catalogues, settings.settings)))


def _compared_data(one: Compared) -> dict[str, Any]:
    changed = {key: list(fields) for key, fields in one.changed.items()}
    return {"mapping": one.mapping, "records": one.records, "changed": changed, "unread": one.unread}


def _show_compared(one: Compared) -> None:
    click.echo(f"{one.mapping}: {len(one.changed):,} of {one.records:,} records come out otherwise")
    for key, fields in list(one.changed.items())[:SHOWN]:
        click.echo(f"  {key}: {', '.join(fields)}")
    if len(one.changed) > SHOWN:
        click.echo(f"  and {len(one.changed) - SHOWN:,} more")
    if one.unread:
        click.echo(f"  {one.unread:,} must be read again first: the new version needs fields that were not asked for")


# ------------------------------------------------------------------------------------------------- sources
@contextmanager
def _opened(here: Here, source: str, sha256: str | None = None) -> Iterator[tuple[Package, MappingSet]]:
    """The package behind a source, checked as a set; raises what is wrong with it."""
    package = _package(here, source, sha256)
    with _folder(package) as folder:
        where = f"{PREFIX}{package.name}"
        made, found = read_set(where, here.config.parent, {where: folder})
        if not any(one.severity == "error" for one in found):
            found += validate_set(made, here.registry.catalogues)
        if any(one.severity == "error" for one in found):
            raise InvalidMappingSet(found)
        yield package, made


@contextmanager
def _unpacked(here: Here, source: str) -> Iterator[Path]:
    with _folder(_package(here, source)) as folder:
        yield folder


@contextmanager
def _folder(package: Package) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="preset-") as place:
        package.write(Path(place))
        yield Path(place)


def _package(here: Here, source: str, sha256: str | None = None) -> Package:
    """From an address, a file, a folder or a name, in this order."""
    if is_address(source):
        data = download(source, MAX_WHOLE)
    elif Path(source).is_file():
        if Path(source).stat().st_size > MAX_WHOLE:
            raise UserError(f"{source} has over {MAX_WHOLE:,} bytes.", "No preset is as large as that.")
        data = Path(source).read_bytes()
    elif sha256 is not None:
        raise UserError(f"{source} is no packed file.", "--sha256 is the checksum of one.")
    elif Path(source).is_dir() and not source.startswith(PREFIX):
        return read_folder(Path(source))
    else:
        found = known(here.config.parent).get(source.removeprefix(PREFIX))
        if found is None:
            names = known(here.config.parent)
            hint = nearest(source, names) or f"Name a file, a folder, an address or one of: {', '.join(names)}."
            raise UserError(f"There is no preset, file or folder '{source}'.", hint)
        return read_folder(found.folder)
    given = hashlib.sha256(data).hexdigest()
    if sha256 is not None and given != sha256.lower():
        raise UserError(f"{source} has the SHA-256 {given}, not the one you gave.", "Don't use it; fetch it again.")
    return read_packed(data, source)
