"""The worst that a template of a stranger can do: it ends within a second and in little memory, by a refusal."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import pytest

from engine.mapping.template import BadTemplate, template
from engine.mapping.values import Unfit

MANY = ["x" * 100] * 1000
LOOP, END = "{% for a in A %}", "{% endfor %}"
WORST: tuple[str, ...] = (
    LOOP * 2 + "{{ a }}" + END * 2,
    LOOP * 12 + "x" + END * 12,
    LOOP + "{{ A | join('" + "y" * 500 + "') }}" + END,
    "{{ " + "B ~ " * 2000 + "B }}",
    "{{ " + "(" * 150 + "B" + ")" * 150 + " }}",
    "{{ " + "B | upper | " * 500 + "lower }}",
    "{{ N * N * N * N * N * N * N * N }}",
    "{{ B * 99999999 }}",
    "{{ N ** N }}",
    "{{ B | truncate(999999999) }}",
    "{% if " + "not " * 5000 + "B %}x{% endif %}",
    LOOP + "{% if a in A %}x{% endif %}" + END,
)
REACHING: tuple[str, ...] = (
    "{{ B.__class__.__mro__ }}", "{{ B['__class__'] }}", "{{ self }}", "{{ cycler }}", "{{ lipsum() }}",
    "{{ range(9) }}", "{{ namespace() }}", "{{ config }}", "{{ request }}", "{{ B.format(B) }}",
    "{% include '/etc/passwd' %}", "{% import 'os' as o %}", "{{ settings.__dict__ }}", "{{ loop.__init__ }}",
)  # fmt: skip


@pytest.mark.parametrize("text", WORST, ids=range(len(WORST)))
def test_no_template_burns_time_or_memory(text: str) -> None:
    values: dict[str, Any] = {"A": MANY, "B": "y" * 1000, "N": 10**9}
    tracemalloc.start()
    began = time.thread_time()
    try:
        template(text).render(values)
    except (BadTemplate, Unfit):
        pass
    took, peak = time.thread_time() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took < 3, "a second, and what measuring the memory costs"
    assert peak < 32 * 1024 * 1024


@pytest.mark.parametrize("text", REACHING)
def test_nothing_outside_the_sandbox_can_be_reached(text: str) -> None:
    try:
        shown = template(text).render({"B": "text", "settings": {"stage": "x"}})
    except (BadTemplate, Unfit):
        return
    assert shown == "", "what is not there prints nothing"
