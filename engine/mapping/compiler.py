"""Turns a mapping set into compiled mappings, everything resolved once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.mapping.compiled import CompiledMapping, CompiledSet
from engine.protocol import Catalogue
from engine.specs.diagnostics import Diagnostic
from engine.specs.model import MappingSet


def validate_set(
    set: MappingSet, catalogues: Mapping[str, Catalogue], settings: Mapping[str, Any] | None = None
) -> list[Diagnostic]:
    """Everything that can be found without data. Without `settings`, values that are not given yet are no error."""
    raise NotImplementedError


def compile_set(set: MappingSet, catalogues: Mapping[str, Catalogue], settings: Mapping[str, Any]) -> CompiledSet:
    """The set bound to one connection's settings. Raises InvalidMappingSet with the diagnostics."""
    raise NotImplementedError


__all__ = ["CompiledMapping", "CompiledSet", "compile_set", "validate_set"]
