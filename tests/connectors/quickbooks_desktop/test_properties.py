"""Whatever is asked, QuickBooks understands; whatever it answers, nothing is lost."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from lxml import etree

from connectors.quickbooks_desktop.entities import sources
from connectors.quickbooks_desktop.qbxml import Expected, message_set, read_answers, table
from connectors.quickbooks_desktop.reading import Reading
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.sample_company import sample_company
from engine.protocol import Query
from tests.connectors.quickbooks_desktop.answer_maker import record
from tests.connectors.quickbooks_desktop.operations_file import message
from tests.connectors.quickbooks_desktop.test_qbxml import leaves, written

ELEMENTS = [
    (name, read.query, tag)
    for name, source in sources().items()
    for read in source.reads
    for tag in read.answers
    if name != "Person"
]
UNDERSTOOD = {"0", "1", "500"}
"""All well, nothing found, an id not found."""


@pytest.fixture(scope="module")
def company() -> Company:
    return sample_company(5, customers=3)


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """A query as any mapping can cause it."""
    entity = sources()[draw(st.sampled_from(sorted(sources())))].entity
    names = [one.name for one in entity.fields] + ["custom"] * entity.custom
    fields = tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=8)))
    kind: Any = draw(st.sampled_from(["changed", "keys", "gone"]))
    if kind == "keys":
        keys = draw(st.lists(st.sampled_from(["80000001-1446676743", "1A2B-1720109400", "FFFF-1"]), min_size=1))
        return Query(entity.name, kind, fields, keys=tuple(dict.fromkeys(keys)))
    moments = st.datetimes().map(lambda one: one.replace(year=2026, microsecond=0).isoformat())
    cursor, since = draw(st.none() | moments), draw(st.none() | st.dates().map(str).filter(lambda one: one > "1901"))
    return Query(entity.name, kind, fields, cursor, since if kind == "changed" else None)


@pytest.mark.reference
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries(), size=st.integers(1, 1000))
def test_every_request_is_valid_and_the_company_file_understands_it(
    qbxml_schema: etree.XMLSchema, company: Company, query: Query, size: int
) -> None:
    reading = Reading(query, request_id="7")
    for part in range(len(reading.source.reads) if query.kind != "gone" else 1):
        reading.part = part
        text = message_set([reading.ask(size)], "13.0")
        qbxml_schema.assertValid(etree.fromstring(text.encode()))
        (answered,) = etree.fromstring(company.process(text).encode())[0]
        optional = answered.get("statusCode") == "3250" and reading.source.optional
        assert answered.get("statusCode") in UNDERSTOOD or optional, answered.get("statusMessage")


@pytest.mark.reference
@pytest.mark.parametrize(("name", "query", "tag"), ELEMENTS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_an_answer_is_read_without_loss_elements_of_other_editions_included(
    reference: Path, qbxml_schema: etree.XMLSchema, name: str, query: str, tag: str, seed: int
) -> None:
    draw = random.Random(seed)
    element = message(reference, f"{query}QueryRs").inner(tag)
    given_ = [record(element, draw) for _ in range(draw.randint(1, 3))]
    root = etree.Element("QBXML")
    said = {"requestID": "1", "statusCode": "0", "statusSeverity": "Info"}
    answered = etree.SubElement(etree.SubElement(root, "QBXMLMsgsRs"), f"{query}QueryRs", said)
    answered.extend(given_)
    qbxml_schema.assertValid(root)
    expected = Expected(f"{query}Query", {tag: table(sources()[name].shapes, ())})
    (found,) = read_answers(etree.tostring(root, encoding="unicode"), {"1": expected})
    assert [written(one) for _, one in found.records] == [leaves(one) for one in given_]
