"""Simulators share no code with what they judge; else a mistake would agree with itself."""

from __future__ import annotations

import pytest

from tests.architecture.source import imported, modules, within

CONNECTORS = ("connectors.quickbooks_desktop", "connectors.pipedrive")


@pytest.mark.parametrize("connector", CONNECTORS)
def test_a_simulator_imports_nothing_of_the_connector_beside_it(connector: str) -> None:
    simulator = f"{connector}.simulator"
    borrowed = {
        (name, one)
        for name, tree in modules()
        if within(name, simulator)
        for one in imported(tree)
        if within(one, "connectors") and not within(one, simulator)
    }
    assert not borrowed


@pytest.mark.parametrize("connector", CONNECTORS)
def test_a_connector_imports_nothing_of_its_simulator(connector: str) -> None:
    borrowed = {
        (name, one)
        for name, tree in modules()
        if within(name, connector) and not within(name, f"{connector}.simulator")
        for one in imported(tree)
        if within(one, f"{connector}.simulator")
    }
    assert not borrowed


def test_the_demo_imports_simulators_only() -> None:
    allowed = ("connectors.demo", *(f"{connector}.simulator" for connector in CONNECTORS))
    borrowed = {
        (name, one)
        for name, tree in modules()
        if within(name, "connectors.demo")
        for one in imported(tree)
        if within(one, "connectors") or within(one, "engine")
        if not any(within(one, package) for package in allowed)
    }
    assert not borrowed
