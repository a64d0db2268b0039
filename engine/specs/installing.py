"""Installs presets beside engine.yaml, with a lock file that says what came from where.

`presets/NAME` holds the files, `presets.lock` (JSON) their origin and checksums. What was changed by hand since is
never overwritten unasked.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.errors import UserError
from engine.specs.packing import BadPackage, Package
from engine.specs.shelves import INSTALLED, built_in

LOCK = "presets.lock"

Fate = Literal["new", "changed", "removed", "same"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What installing a package would write: the fate of each path, and what was edited by hand since last time."""

    package: Package
    origin: str
    folder: Path
    fates: dict[str, Fate]
    edited: tuple[str, ...]
    before: str | None
    """The version that is installed."""


def plan(package: Package, origin: str, home: Path) -> Plan:
    """What would be written; writes nothing. Raises BadPackage for a name that the program itself uses."""
    if built_in(package.name):
        raise BadPackage(
            f"'{package.name}' is the name of a built-in preset.", "Give it a name of its own in its preset.yaml."
        )
    folder = home / INSTALLED / package.name
    held = held_files(folder)
    new = package.checksums
    fates: dict[str, Fate] = {
        path: "removed" if path not in new else "new" if path not in held
        else "same" if held[path] == new[path] else "changed"
        for path in sorted({**held, **new})
    }  # fmt: skip
    entry = read_lock(home).get(package.name)
    known = dict(entry["files"]) if entry else {}
    edited = tuple(path for path in sorted({**held, **known}) if held.get(path) != known.get(path))
    return Plan(package, origin, folder, fates, edited, str(entry["version"]) if entry else None)


def install(planned: Plan) -> None:
    """Write the files and the lock. The old files stay aside until the new ones are whole and in their place."""
    folder, home = planned.folder, planned.folder.parent.parent
    fresh, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    if folder.is_symlink() or folder.parent.is_symlink():
        raise UserError(f"{folder} leads elsewhere.", "Presets are installed into an ordinary folder: remove the link.")
    planned.package.write(fresh)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    package = planned.package
    entry = {"version": package.version, "from": planned.origin, "sha256": package.digest, "files": package.checksums}
    _write_lock(home, {**read_lock(home), package.name: entry})


def held_files(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in an installed preset's folder, by path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def state(name: str, home: Path) -> str:
    """Of an installed preset, in words: as installed, edited, or not in the lock file."""
    entry = read_lock(home).get(name)
    if entry is None:
        return f"not in {LOCK}"
    return "as installed" if held_files(home / INSTALLED / name) == entry["files"] else "edited"


def read_lock(home: Path) -> dict[str, Mapping[str, Any]]:
    """The lock file's presets by name; empty without one. Raises UserError if it cannot be read."""
    path = home / LOCK
    if not path.exists():
        return {}
    try:
        presets = json.loads(path.read_text("utf-8"))["presets"]
        return {str(name): {**entry, "files": dict(entry["files"])} for name, entry in presets.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise UserError(f"{path} cannot be read: {problem!r}.", "Remove it, and install the presets again.") from None


def _write_lock(home: Path, presets: Mapping[str, Mapping[str, Any]]) -> None:
    text = json.dumps({"presets": dict(sorted(presets.items()))}, indent=2, ensure_ascii=False) + "\n"
    fresh = home / f".{LOCK}.new"
    fresh.write_text(text, "utf-8")
    fresh.replace(home / LOCK)
