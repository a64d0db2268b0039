"""Each heavy library has one home, so that changing it (or moving off it) is one file's matter."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source import ROOT, imported, modules, within

HOMES = {
    "sqlalchemy": ("engine.store",),
    "alembic": ("engine.store",),
    "httpx": ("connectors.pipedrive.client",),
    "lxml": ("connectors.quickbooks_desktop",),
    "yaml": ("engine.specs.loader",),
    "jmespath": ("engine.mapping.selector",),
    "jinja2": ("engine.mapping.template", "engine.web"),
    "starlette": ("engine.web", "connectors.pipedrive.simulator"),
    "uvicorn": ("engine.web.server", "connectors.pipedrive.simulator"),
    "jsonschema": ("engine.specs", "engine.registry", "engine.settings"),
    "structlog": ("engine.observe",),
    "prometheus_client": ("engine.observe",),
    "click": (
        "engine.cli",
        "connectors.quickbooks_desktop.simulator",
        "connectors.pipedrive.simulator",
        "connectors.demo",
    ),
    "cryptography": ("engine.vault",),
    "authlib": ("connectors.pipedrive.grants",),
    "pygal": ("engine.web.charts",),
    "rich": ("engine.cli", "connectors.demo"),
}
"""Library -> the modules (with all below them) that may import it."""

PURE = (
    "engine.protocol",
    "engine.requests",
    "engine.catalogue",
    "engine.lockout",
    "engine.passwords",
    "engine.tracing",
    "engine.errors",
)
"""The contract: what it is made of may import each other, and nothing else of ours."""


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_is_imported_at_home_only(library: str) -> None:
    strangers = [
        name
        for name, tree in modules()
        if any(one.partition(".")[0] == library for one in imported(tree))
        and not any(within(name, home) for home in HOMES[library])
    ]
    assert not strangers


def test_the_contract_imports_the_standard_library_only() -> None:
    for name, tree in modules():
        if name in PURE:
            assert not [
                one
                for one in imported(tree)
                if one != "engine"  # the package itself is empty; what is taken from it is named besides
                and one.partition(".")[0] in {*HOMES, "engine", "connectors", "msgspec"}
                and not any(within(one, pure) for pure in PURE)
            ]


def test_every_module_says_its_job_first() -> None:
    silent = [name for name, tree in modules() if tree.body and not ast.get_docstring(tree)]
    assert not silent


def test_no_file_outgrows_itself() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for package in ("engine", "connectors", "tests")
        for path in (ROOT / package).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert not long


def test_nothing_is_called_by_a_word_that_says_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "misc", "common"}
    assert not [name for name, _ in modules() if set(name.split(".")) & vague]
