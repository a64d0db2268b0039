"""Where the reference data is found, and the ports that most tests want."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from tests.connectors.quickbooks_desktop.ports import Clock, MemoryState

REFERENCE = Path(__file__).resolve().parents[4] / "shared" / "reference" / "quickbooks"


@pytest.fixture(scope="session")
def reference() -> Path:
    if not REFERENCE.is_dir():
        pytest.skip("../shared/reference/quickbooks is not there")
    return REFERENCE


@pytest.fixture(scope="session")
def qbxml_schema(reference: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(reference / "xsd" / "qbxmlops130.xsd")))


@pytest.fixture(scope="session")
def soap_schema(reference: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(reference / "wsdl" / "qbwc-messages.xsd")))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> MemoryState:
    return MemoryState(clock)
