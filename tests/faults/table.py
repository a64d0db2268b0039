"""The table of docs/reliability.md, made from results."""

from __future__ import annotations

import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.faults.matrix import Result
from tests.faults.points import Layout

BEGIN, END = "<!-- the matrix: written by make faults-full -->", "<!-- the end of the matrix -->"
LAYOUTS: dict[Layout, str] = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "workers": "two workers"}


def put(document: Path, results: Sequence[Result]) -> None:
    """Replace what stands between the marks."""
    before, _, rest = document.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(f"{before}{BEGIN}\n\n{text(results)}\n{END}{after}")


def text(results: Sequence[Result]) -> str:
    """The command, the machine, and a row for each point and fault."""
    seconds = sum(one.seconds for one in results) / max(1, len(results))
    head = (
        f"`make faults-full`: {len(results):,} runs of {seconds:.1f} s on average, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}. A dash: it cannot happen there, or (of workers) is not played."
    )
    rows: dict[tuple[str, str], dict[Layout, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for one in results:
        rows[one.point, one.fault][one.layout].append(one)
    played = [one for one in LAYOUTS if any(one in of for of in rows.values())]
    lines = ["| point | fault | " + " | ".join(f"{LAYOUTS[one]}: runs, lost, doubled" for one in played) + " |",
             "|---|---|" + "---|" * len(played)]  # fmt: skip
    for (point, fault), of in sorted(rows.items()):
        lines.append(f"| {point} | {fault} | " + " | ".join(_cell(of.get(one, ())) for one in played) + " |")
    return "\n".join([head, "", *lines])


def _cell(results: Iterable[Result]) -> str:
    of = list(results)
    if not of:
        return "–"
    return f"{len(of)}, {sum(one.lost for one in of)}, {sum(one.doubled for one in of)}"
