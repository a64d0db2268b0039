"""Finds everything that is wrong with a mapping set before any data is there.

The checks stand in `rule_checks` (single field rules), `mapping_checks`, `set_checks`, `overlap_checks` (what is
written twice) and `reach_checks` (what never applies).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.protocol import Catalogue, Names
from engine.specs.account_checks import check_account
from engine.specs.custom_fields import infer_custom_fields
from engine.specs.diagnostics import Diagnostic, ordered
from engine.specs.mapping_checks import MAPPING_CHECKS, check_entities
from engine.specs.model import MappingSet
from engine.specs.overlap_checks import check_overlaps
from engine.specs.presets import read_set
from engine.specs.reach_checks import check_reach
from engine.specs.rule_checks import check_bound
from engine.specs.set_checks import check_circles, check_declared, check_settings, check_unused
from engine.specs.source import Mark
from engine.specs.surroundings import Surroundings

OF_THE_WHOLE = frozenset({"E205", "E206", "E209", "E210", "E242", "E244", "E261", "W301", "W303", "W304"})
"""What is judged by the other files of a set: while one of them cannot be read, names in it only seem unknown."""
OF_THE_FILE = OF_THE_WHOLE | {"E235", "E251", "E253", "E254", "E259", "E263", "E267", "W302"}
"""What is judged by the rest of a file: while a part of it cannot be read, that only seems to be missing."""


def check_set(
    where: str | Path,
    catalogues: Mapping[str, Catalogue],
    settings: Mapping[str, Any] | None = None,
    places: Mapping[str, Mark] | None = None,
    names: Mapping[str, Names] | None = None,
) -> list[Diagnostic]:
    """Everything that is wrong with a folder or preset, as far as what can be read of it tells; else as lint_set."""
    made, found = read_set(where)
    broken = {one.file for one in found if one.severity == "error"}
    doubtful = {True: OF_THE_FILE, False: OF_THE_WHOLE if broken else frozenset()}
    found += [
        one
        for one in lint_set(made, catalogues, settings, places, names)
        if one.code not in doubtful[one.file in broken]
    ]
    return ordered(found)


def lint_set(
    set: MappingSet,
    catalogues: Mapping[str, Catalogue],
    settings: Mapping[str, Any] | None = None,
    places: Mapping[str, Mark] | None = None,
    names: Mapping[str, Names] | None = None,
) -> list[Diagnostic]:
    """Everything found, by place. Without `settings`, values that are not given yet are no error.

    `places` says where the settings stand in engine.yaml: by name, and the block itself under "". `names` is what the
    accounts of the systems said of themselves last, by system.
    """
    found = check_declared(set)
    if settings is not None:
        found += check_settings(set, settings, places or {})
    known: list[Surroundings] = []
    for mapping in set.mappings:
        found += check_entities(mapping, catalogues)
        around = Surroundings.of(mapping, set, catalogues)
        if around is not None:
            known.append(around)
            for check in MAPPING_CHECKS:
                found += check(around)
            found += check_reach(around)
            found += check_bound(around, settings, places or {}) if settings is not None else []
    found += infer_custom_fields(known)[1]
    found += check_overlaps(known)
    found += check_account(known, names or {})
    found += check_circles(known)
    found += check_unused(set, {one.code for one in found})
    return ordered(found)
