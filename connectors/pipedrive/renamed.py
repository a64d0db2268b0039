"""Custom fields that somebody renamed in Pipedrive: the key behind a name is remembered, and followed.

A person who gives a field another label goes on expecting it to be filled, so a mapping's name stands for the field
that it once found. A second field is never made beside it. A name that is there again, or a new name that the mappings
use themselves, counts for more; a field that was deleted is made anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping


def followed(remembered: Mapping[str, str], there: Mapping[str, str], wanted: Collection[str]) -> Mapping[str, str]:
    """Key -> the name that the mappings know it by, of the fields that are called something else now.

    `remembered`: name -> key, as last found. `there`: key -> name, as the account has it. `wanted`: the
    mappings' names.
    """
    taken = set(there.values())
    return {
        key: name
        for name, key in remembered.items()
        if name in wanted and name not in taken and key in there and there[key] not in wanted
    }
