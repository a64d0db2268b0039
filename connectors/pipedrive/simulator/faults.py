"""Failures on demand: which request fails how, by method, path and count, or by seeded chance.

A fault as text, for the command line: `KIND[@METHOD PATH][#NTH][*TIMES][%CHANCE]`, for example
`cut-after@POST /deals#2`, `500%0.05`, `slow=2.5@GET /*`, `429*3`. METHOD may be `*`; PATH is a shell pattern over
the path without its version prefix. A fault without `*TIMES` strikes once, with `%CHANCE` again and again.
"""

import random
import re
import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

BEFORE = frozenset({"429", "500", "502", "503", "html", "cut-before"})
"""Nothing was done."""
AFTER = frozenset({"500-after", "502-after", "503-after", "cut-after", "null"})
"""The request was carried out and only its answer is lost or useless."""
SPOILT = frozenset({"slow-after", "truncated"})
"""The request was carried out, and its answer comes late or half."""
KINDS = BEFORE | AFTER | SPOILT | {"slow"}

_SPEC = re.compile(
    r"(?P<kind>[a-z0-9-]+)(=(?P<seconds>[\d.]+))?(@(?P<method>[A-Z*]+) (?P<path>[^#%]+?))?"
    r"(#(?P<nth>\d+))?(\*(?P<times>\d+))?(%(?P<chance>[\d.]+))?"
)


@dataclass
class Fault:
    """One rule; `nth` counts the matching requests from 1, `times` is how often it strikes (None: always)."""

    kind: str
    method: str = "*"
    path: str = "*"
    nth: int = 1
    times: int | None = 1
    chance: float | None = None
    seconds: float = 1.0
    """How long `slow` and `slow-after` wait."""
    seen: int = field(default=0, compare=False)
    struck: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}: one of {', '.join(sorted(KINDS))}")


def parse_fault(spec: str) -> Fault:
    """Reads a fault from its text (see the module). Raises ValueError that quotes the text."""
    match = _SPEC.fullmatch(spec.strip())
    if match is None:
        raise ValueError(f"not a fault: {spec!r} (KIND[@METHOD PATH][#NTH][*TIMES][%CHANCE])")
    given = match.groupdict()
    chance = float(given["chance"]) if given["chance"] else None
    times = int(given["times"]) if given["times"] else (None if chance is not None else 1)
    return Fault(
        given["kind"], given["method"] or "*", given["path"] or "*", int(given["nth"] or 1), times, chance,
        float(given["seconds"] or 1.0),
    )  # fmt: skip


class Faults:
    """The rules in force; the first that strikes decides. Thread-safe."""

    def __init__(self, *faults: Fault, seed: int = 0) -> None:
        self.rules = list(faults)
        self._random = random.Random(f"faults {seed}")
        self._lock = threading.Lock()

    def add(self, spec: str | Fault) -> Fault:
        """Puts a rule in force, given as text or as Fault; returns it, so that `struck` can be read."""
        fault = parse_fault(spec) if isinstance(spec, str) else spec
        with self._lock:
            self.rules.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self.rules.clear()

    def pick(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, if one does; every rule counts it."""
        with self._lock:
            striking = [fault for fault in self.rules if self._would_strike(fault, method, path)]
            for fault in striking[:1]:
                fault.struck += 1
            return striking[0] if striking else None

    def _would_strike(self, fault: Fault, method: str, path: str) -> bool:
        if fault.method not in ("*", method) or not fnmatchcase(path, fault.path):
            return False
        fault.seen += 1
        if fault.seen < fault.nth or (fault.times is not None and fault.struck >= fault.times):
            return False
        return fault.chance is None or self._random.random() < fault.chance
