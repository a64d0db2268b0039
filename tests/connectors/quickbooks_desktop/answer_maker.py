"""Random answers of QuickBooks: any record that the public description allows, with elements of every edition."""

from __future__ import annotations

import random
from itertools import groupby

from lxml import etree

from tests.connectors.quickbooks_desktop.operations_file import Element

_LETTERS = "aB3 .,-_/&<>'\"éÄß£½ÿ"
FORMS = {
    "BOOLTYPE": ("true", "false"),
    "DATETYPE": ("2026-03-08", "1999-12-31"),
    "DATETIMETYPE": ("2026-07-19T07:21:56-05:00", "2026-03-08T02:30:00"),
    "GUIDTYPE": ("0", "{6BF8B8C2-0000-4000-8000-000000000000}"),
    "TIMEINTERVALTYPE": ("PT1H2M3S", "PT0H5M0S"),
}
PLACES = {"AMTTYPE": 2, "PRICETYPE": 5, "QUANTYPE": 5, "PERCENTTYPE": 5, "FLOATTYPE": 5}


def record(element: Element, draw: random.Random) -> etree._Element:
    """One `element`, valid by the schema and never empty."""
    made = etree.Element(element.name)
    while not len(made):
        for child in _drawn(element.children, draw):
            if child.type:
                etree.SubElement(made, child.name).text = _text(child, draw)
            else:
                made.append(record(child, draw))
    return made


def _drawn(children: list[Element], draw: random.Random) -> list[Element]:
    """Children in an order that the schema allows: some of them, one branch of each choice, turns in any order."""
    found: list[Element] = []
    for choice, group in groupby(children, key=lambda one: one.choice and one.choice[0]):
        members = list(group)
        if members[0].turns:
            found += draw.choices(members, k=draw.randint(0, 4))
            continue
        if choice:
            branch = draw.choice(sorted({one.choice[1] for one in members if one.choice}))
            members = [one for one in members if one.choice == (choice, branch)]
        for one in members:
            if one.required or draw.random() < 0.4:
                found += [one] * (draw.randint(1, 3) if one.many else 1)
    return found


def _text(element: Element, draw: random.Random) -> str:
    if element.type == "ENUMTYPE":
        return draw.choice(element.options)
    if element.type in FORMS:
        return draw.choice(FORMS[element.type])
    if element.type == "INTTYPE":
        return str(draw.randint(1, 12))
    if element.type in PLACES:
        return f"{draw.choice(('', '-'))}{draw.randint(0, 99_999)}.{draw.randint(0, 99):0{PLACES[element.type]}d}"
    if element.type == "IDTYPE":
        return f"{draw.randint(1, 0x7FFFFFFF):X}-{draw.randint(1, 2_000_000_000)}"
    length = min(element.shortest or 12, 12)
    return "".join(draw.choice(_LETTERS) for _ in range(draw.randint(1, length)))
