"""Finds everything that is wrong with a mapping set before any data is there.

The checks stand in `rule_checks` (single field rules), `mapping_checks` and `set_checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.protocol import Catalogue
from engine.specs.custom_fields import infer_custom_fields
from engine.specs.diagnostics import Diagnostic, ordered
from engine.specs.mapping_checks import MAPPING_CHECKS, check_entities
from engine.specs.model import MappingSet
from engine.specs.set_checks import check_circles, check_declared, check_settings, check_unused
from engine.specs.surroundings import Surroundings


def lint_set(
    set: MappingSet, catalogues: Mapping[str, Catalogue], settings: Mapping[str, Any] | None = None
) -> list[Diagnostic]:
    """Everything found, by place. Without `settings`, values that are not given yet are no error."""
    found = check_declared(set)
    if settings is not None:
        found += check_settings(set, settings)
    known: list[Surroundings] = []
    for mapping in set.mappings:
        found += check_entities(mapping, catalogues)
        around = Surroundings.of(mapping, set, catalogues)
        if around is not None:
            known.append(around)
            for check in MAPPING_CHECKS:
                found += check(around)
    found += infer_custom_fields(known)[1]
    found += check_circles(known)
    found += check_unused(set)
    return ordered(found)
