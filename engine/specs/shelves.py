"""Where presets are: built in, installed beside engine.yaml, or brought by a Python package. Imports none of them.

The built-in ones lie in the package `mappings`, an installed one in `presets/NAME` beside the folder of mappings. A
package names its folder by an entry point of the group `engine.presets`: `wholesale = "my_presets.wholesale"`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Literal

PREFIX = "preset:"
SET_FILE = "preset.yaml"
INSTALLED = "presets"
"""The folder beside engine.yaml."""
GROUP = "engine.presets"

Shelf = Literal["built in", "installed", "package"]


@dataclass(frozen=True, slots=True)
class Found:
    """A preset that can be named, and the folder in which its files lie."""

    name: str
    folder: Path
    shelf: Shelf


def home_of(folder: Path) -> Path:
    """The folder beside whose mappings presets are installed: where engine.yaml is."""
    parent = folder.resolve().parent
    return parent.parent if parent.name == INSTALLED else parent


def known(home: Path) -> dict[str, Found]:
    """Every preset by name; a built-in one comes before an installed one, that before a package's."""
    found: dict[str, Found] = {}
    for one in _all(home):
        found.setdefault(one.name, one)
    return found


def _all(home: Path) -> Iterator[Found]:
    """Nearest first; packages are looked through only by those who come so far."""
    yield from _built_in()
    yield from _installed(home)
    yield from _packages()


def built_in(name: str) -> bool:
    """Whether the program brings a preset of this name itself: no other one may take it."""
    return any(one.name == name for one in _built_in())


def place(where: str, home: Path) -> Path | None:
    """The folder behind a name as mappings write it; None for a preset that is not there."""
    if not where.startswith(PREFIX):
        return Path(where)
    name = where.removeprefix(PREFIX)
    return next((one.folder for one in _all(home) if one.name == name), None)


def _built_in() -> Iterator[Found]:
    root = Path(str(files("mappings")))
    yield Found("default", root, "built in")
    yield from _below(root / "presets", "built in")


def _installed(home: Path) -> Iterator[Found]:
    yield from _below(home / INSTALLED, "installed")


def _below(folder: Path, shelf: Shelf) -> Iterator[Found]:
    for file in sorted(folder.glob(f"*/{SET_FILE}")):
        if not file.parent.name.startswith("."):
            yield Found(file.parent.name, file.parent, shelf)


def _packages() -> Iterator[Found]:
    for point in entry_points(group=GROUP):
        folder = _folder_of(point.value)
        if folder is not None:
            yield Found(point.name, folder, "package")


def _folder_of(module: str) -> Path | None:
    """The folder of a package, found as an import would find it, without running any of its code."""
    path: list[str] | None = None
    for part in module.split("."):
        spec = PathFinder.find_spec(part, path)
        if spec is None or spec.submodule_search_locations is None:
            return None
        path = list(spec.submodule_search_locations)
    return next((Path(one) for one in path or () if (Path(one) / SET_FILE).is_file()), None)
