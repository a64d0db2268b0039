"""Finds the operation behind a method and path: the endpoints of both versions joined with their costs."""

from typing import NamedTuple

from . import leads_v1, merges_v1, v1, v2, work_v2
from .calls import Endpoint
from .costs import COSTS

PREFIXES = (("/api/v2/", "v2"), ("/api/v1/", "v1"), ("/v1/", "v1"))
"""v2 only under /api/v2, v1 under both [facts: 2]."""


class Operation(NamedTuple):
    """One documented operation."""

    version: str
    method: str
    template: str
    tokens: int
    endpoint: Endpoint

    @property
    def name(self) -> str:
        return f"{self.version} {self.method} {self.template}"

    @property
    def is_search(self) -> bool:
        return self.template.endswith("/search") or self.template.startswith("/itemSearch")


def _operations() -> list[Operation]:
    rows = []
    tables = (("v1", (v1, leads_v1, merges_v1)), ("v2", (v2, work_v2)))
    for version, endpoints in ((version, one.ENDPOINTS) for version, modules in tables for one in modules):
        for (method, template), endpoint in endpoints.items():
            rows.append(Operation(version, method, template, COSTS[version, method, template], endpoint))
    return sorted(rows, key=lambda row: [part.startswith("{") for part in row.template.split("/")])


OPERATIONS = _operations()
"""Every simulated operation, fixed words before variables."""

_BY_SHAPE: dict[tuple[str, int], list[tuple[list[str], Operation]]] = {}
for _operation in OPERATIONS:
    _parts = _operation.template.strip("/").split("/")
    _BY_SHAPE.setdefault((_operation.version, len(_parts)), []).append((_parts, _operation))


def split(path: str) -> tuple[str, str]:
    """Version and path below it, e.g. `v2`, `/deals/7`; version is empty outside the API."""
    for prefix, version in PREFIXES:
        if path.startswith(prefix):
            return version, path[len(prefix) - 1 :]
    return "", path


def find(version: str, method: str, path: str) -> tuple[Operation | None, dict[str, str], list[str]]:
    """The operation and its path variables, or None and the methods the path does know."""
    words = path.strip("/").split("/")
    methods: list[str] = []
    for parts, operation in _BY_SHAPE.get((version, len(words)), ()):
        if all(part == word or part.startswith("{") for part, word in zip(parts, words, strict=True)):
            if operation.method == method:
                names = {p.strip("{}"): w for p, w in zip(parts, words, strict=True) if p.startswith("{")}
                return operation, names, []
            methods.append(operation.method)
    return None, {}, methods
