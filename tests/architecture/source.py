"""The project's modules and what each imports, read from the source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Name and tree of every module of the product."""
    return tuple(
        (_name(path), ast.parse(path.read_text(encoding="utf-8")))
        for package in ("engine", "connectors")
        for path in sorted((ROOT / package).rglob("*.py"))
    )


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imported(tree: ast.Module) -> frozenset[str]:
    """Every module that a tree imports, wherever in it; `from a import b` counts as `a` and as `a.b`."""
    return frozenset(_imported(tree))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)


def within(name: str, package: str) -> bool:
    """Whether a module is the package or lies in it."""
    return name == package or name.startswith(f"{package}.")
