"""Which mapping sets a command is to look at: those that its arguments name, else those of engine.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.cli.here import Here
from engine.errors import UserError
from engine.specs.presets import presets
from engine.specs.shelves import PREFIX, place

TESTS = "tests"


@dataclass(frozen=True)
class Chosen:
    """One set: `where` as `load_set` takes it, `folder` where its files lie, and the one file that was meant."""

    where: str
    folder: Path
    settings: Mapping[str, Any] | None = None
    """Of its connection; None where the set was named without one."""
    only: Path | None = None


def chosen_sets(here: Here, paths: tuple[str, ...]) -> list[Chosen]:
    """The sets of these paths (a folder, a file of mappings or of tests in one, a preset), each as often as named;
    without paths those of all connections, and without an engine.yaml the folder ./mappings."""
    return [chosen_set(path, here.config.parent) for path in paths] if paths else list(_of_connections(here))


def chosen_set(path: str, home: Path = Path()) -> Chosen:
    """The set that one argument names; `home` is where presets are installed. Raises UserError."""
    if path.startswith(PREFIX):
        folder = place(path, home)
        if folder is None:
            raise UserError(f"There is no {path}.", f"Presets: {', '.join(presets(home))}.")
        return Chosen(path, folder)
    given = Path(path)
    if not given.exists():
        raise UserError(f"There is no {path}.", "Name a folder of mappings, a file in one, or preset:default.")
    if given.is_dir():
        return Chosen(path, given)
    folder = given.parent.parent if given.parent.name == TESTS else given.parent
    return Chosen(str(folder), folder, only=given)


def _of_connections(here: Here) -> Iterator[Chosen]:
    if not here.config.exists():
        if not Path("mappings").is_dir():
            raise UserError(
                f"There is neither {here.config} nor a folder 'mappings' here.", "Start with `engine init`."
            )
        yield Chosen("mappings", Path("mappings"))
        return
    seen: set[str] = set()
    for connection in here.settings(secrets=False).connections.values():
        where = shortened(connection.mappings)
        if where not in seen:
            seen.add(where)
            yield Chosen(where, chosen_set(where, here.config.parent).folder, connection.settings)


def shortened(where: str) -> str:
    """A folder as people call it from here; a preset as it is."""
    if where.startswith(PREFIX):
        return where
    try:
        return str(Path(where).resolve().relative_to(Path.cwd()))
    except ValueError:
        return where
