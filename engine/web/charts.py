"""The dashboard's charts as SVG, drawn on the server: the day's tokens, and what flowed in the last weeks. Pure.

A browser shows them as pictures, so nothing in them can run; the same numbers stand in tables for those who hear them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

import pygal
from pygal.style import Style

# pygal leaves a finder of the old kind behind, which Python warns of at every import that follows.
sys.meta_path[:] = [one for one in sys.meta_path if type(one).__name__ != "PluginImportFixer"]

SERIES: Final = ("#2b8f6a", "#c4701f", "#3f86d0", "#8f6bc9")
_DARK: Final = """
@media (prefers-color-scheme: dark) {
  svg text { fill: #dfe6e2 !important; }
  svg .guides { stroke: #56615b !important; }
  svg .axis .line { stroke: #8d9994 !important; }
}
"""
_SCRIPT: Final = re.compile(rb"<script.*?</script>", re.DOTALL)
"""What pygal gives for tooltips, which a picture has none of."""
_STYLE: Final = Style(
    background="transparent", plot_background="transparent", foreground="#3d4742", foreground_strong="#1d2421",
    foreground_subtle="#7f8a85", colors=SERIES, opacity="1", opacity_hover="1", transition="0s",
    font_family="system-ui, sans-serif", label_font_size=18, major_label_font_size=18, legend_font_size=18,
    title_font_size=20, no_data_font_size=20,
)  # fmt: skip


def _drawn(chart: Any, series: Mapping[str, Sequence[float | None]]) -> bytes:
    for name, values in series.items():
        chart.add(name, values)
    drawn: bytes = chart.render()
    return _SCRIPT.sub(b"", drawn)


def _options(title: str) -> dict[str, Any]:
    return {
        "title": title, "style": _STYLE, "js": (), "css": ("file://style.css", "file://graph.css", f"inline:{_DARK}"),
        "width": 600, "height": 350, "legend_at_bottom": True, "show_minor_x_labels": False, "truncate_label": 20,
        "value_formatter": lambda value: f"{value:,.0f}", "no_data_text": "Nothing yet", "pretty_print": False,
        "explicit_size": True, "show_dots": False, "max_scale": 5, "include_x_axis": True,
    }  # fmt: skip


def tokens(hours: Sequence[tuple[str, int]], limit: int) -> bytes:
    """What was spent by the end of each hour, against the day's share."""
    chart = pygal.Line(**_options("Tokens spent today, and our share of the budget"))
    chart.x_labels = [label for label, _ in hours]
    chart.x_labels_major = [label for label, _ in hours][::4]
    chart.add("spent", list(accumulate(amount for _, amount in hours)), fill=True)
    if limit:
        chart.add("our share", [limit] * len(hours), stroke_style={"width": 3})
    return _drawn(chart, {})


def records(days: Sequence[str], by_outcome: Mapping[str, Sequence[int]]) -> bytes:
    """What became of records on each day, one on the other."""
    chart = pygal.StackedBar(**_options("Records a day"))
    chart.x_labels, chart.x_labels_major = list(days), list(days)[::7]
    return _drawn(chart, by_outcome)


def visits(days: Sequence[str], by_system: Mapping[str, Sequence[int]]) -> bytes:
    """How often each system came or was asked on each day."""
    chart = pygal.Bar(**_options("Visits a day"))
    chart.x_labels, chart.x_labels_major = list(days), list(days)[::7]
    return _drawn(chart, by_system)
