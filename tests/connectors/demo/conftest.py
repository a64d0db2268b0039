"""A small stage that a perfect engine has synchronised, for tests that then spoil one thing."""

from __future__ import annotations

import pytest

from connectors.demo.stage import Stage
from tests.connectors.demo.ideal import Ideal


@pytest.fixture
def stage() -> Stage:
    """Both systems in step, before anybody does anything."""
    made = Stage.set(seed=3, scale=0.2)
    Ideal(made).synchronise()
    return made
