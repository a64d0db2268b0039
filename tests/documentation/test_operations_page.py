"""docs/operations.md tells every metric and every event of the log as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.observe import metrics
from engine.observe.tables import MARK, render, replaced

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def test_the_tables_of_metrics_and_events_are_up_to_date() -> None:
    page = PAGE.read_text("utf-8")
    assert replaced(page) == page, "`make docs` writes it"


def test_a_stale_page_is_noticed_and_a_page_without_the_mark_is_left_alone() -> None:
    assert replaced(f"# A page\n\n{MARK}\nold") == f"# A page\n\n{render()}\n"
    with pytest.raises(ValueError, match="no line"):
        replaced("# A page")


def test_what_is_scraped_is_what_is_documented() -> None:
    metrics.RECORDS.labels("of a test", "link", "created").inc()
    text = metrics.render([metrics.Gauge("engine_queue_rows", ("of a test", "due"), 3)]).decode()
    scraped = set(re.findall(r"^# HELP (\w+)", text, re.M))
    assert scraped == set(re.findall(r"^\| `(engine_\w+)` \|", PAGE.read_text("utf-8"), re.M))
    assert 'engine_records_total{connection="of a test",outcome="created",step="link"}' in text
    assert 'engine_queue_rows{connection="of a test",state="due"} 3.0' in text
