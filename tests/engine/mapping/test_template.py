"""Templates print records, and can do nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.mapping.template import MAX_OUTPUT, BadTemplate, template
from engine.mapping.values import Unfit


@pytest.mark.parametrize(
    ("text", "values", "becomes"),
    [
        ("{{ A or B }}", {"A": None, "B": "8000000E-1700000014"}, "8000000E-1700000014"),
        ("{{ A.B.C }}", {"A": None}, ""),
        ("{{ A.B }}|{{ A['C D'] }}", {"A": {"B": "b", "C D": "c"}}, "b|c"),
        ("{{ A }} {{ B }} {{ C }}", {"A": Decimal("1.10"), "B": True, "C": Decimal("1E+3")}, "1.10 true 1000"),
        ("{{ A + 0.1 }} {{ A * 3 }} {{ -A }}", {"A": Decimal("0.2")}, "0.3 0.6 -0.2"),
        ("{% if A %}a{% else %}b{% endif %}", {"A": []}, "b"),
        ("{% for x in A %}{{ loop.index }}{{ x.n }}{% if not loop.last %},{% endif %}{% endfor %}",
         {"A": [{"n": "a"}, {"n": "b"}]}, "1a,2b"),
        ("{% for x in A %}{{ x }}{% endfor %}", {"A": None}, ""),
        ("{{ A | title }} {{ A | truncate(2) }} {{ B | default('none') }}", {"A": "won"}, "Won wo none"),
        ("{{ A | amount }} {{ B | day }} {{ B | day('%m/%d/%Y') }}",
         {"A": Decimal("1234567.5"), "B": "2026-01-31"}, "1,234,567.50 31 Jan 2026 01/31/2026"),
        ("{{ A | join(', ') }} {{ A | length }} {{ A | first }}", {"A": ["x", "y"]}, "x, y 2 x"),
        ("{{ A ~ ':' ~ B }}", {"A": "12", "B": "30"}, "12:30"),
        ("{{ A is none }} {{ B is empty }}", {"B": ""}, "true true"),
    ],
)  # fmt: skip
def test_a_template_prints(text: str, values: dict[str, Any], becomes: str) -> None:
    assert template(text).render(values) == becomes


def test_html_templates_escape_what_they_print_and_others_do_not() -> None:
    values = {"A": "<b>Smith & Sons</b>"}
    assert template("<i>{{ A }}</i>", True).render(values) == "<i>&lt;b&gt;Smith &amp; Sons&lt;/b&gt;</i>"
    assert template("<i>{{ A | upper }}</i>", True).render(values) == "<i>&lt;B&gt;SMITH &amp; SONS&lt;/B&gt;</i>"
    assert template("<i>{{ A }}</i>").render(values) == "<i><b>Smith & Sons</b></i>"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{{ A() }}", "E224"), ("{{ A.upper() }}", "E224"), ("{% set x = 1 %}", "E224"),
        ("{% macro m() %}{% endmacro %}", "E224"), ("{{ [1] }}", "E224"),
        ("{% include 'x' %}", "E224"), ("{% import 'x' as x %}", "E224"), ("{% extends 'x' %}", "E224"),
        ("{% block b %}{% endblock %}", "E224"), ("{{ 2 ** 9 }}", "E224"), ("{{ 'a' % 3 }}", "E224"),
        ("{{ {'a': 1} }}", "E224"), ("{{ A[1:2] }}", "E224"), ("{{ A // 2 }}", "E224"),
        ("{% for a, b in A %}{% endfor %}", "E224"), ("{% for a in A recursive %}{% endfor %}", "E224"),
        ("{% filter upper %}x{% endfilter %}", "E224"), ("{{ _rounds }}", "E210"), ("{{ A | _rounds }}", "E211"),
        ("{{ A | attr('x') }}", "E211"), ("{{ A | map('upper') }}", "E211"), ("{{ A is defined }}", "E211"),
        ("{{ A | truncate }}", "E237"), ("{{ A | truncate('x') }}", "E237"), ("{{ A | upper(5) }}", "E237"),
        ("{{ A | join(B) }}", "E224"), ("{{ A", "E223"), ("{% if A %}", "E223"), ("x" * 20_000, "E224"),
    ],
)  # fmt: skip
def test_what_templates_may_not_do_is_refused_when_they_are_read(text: str, code: str) -> None:
    with pytest.raises(BadTemplate) as refused:
        template(text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{{ A.__class__ }}", {"A": "x"}),
        ("{{ A.upper }}", {"A": "x"}),
        ("{{ A * 200000000 }}", {"A": "a"}),
        ("{{ A + 'x' }}", {"A": "a"}),
        ("{{ A / 0 }}", {"A": Decimal(1)}),
        ("{{ A }}", {"A": ["a"]}),
        ("{{ A | upper }}", {"A": Decimal(1)}),
        ("{{ A < B }}", {"A": "a", "B": Decimal(1)}),
        ("{% for x in A %}{% endfor %}", {"A": "text"}),
        ("{% for x in A %}{% for y in A %}{% endfor %}{% endfor %}", {"A": ["x"] * 200}),
        ("{% for x in A %}{{ B }}{% endfor %}", {"A": ["x"] * 100, "B": "y" * 1000}),
    ],
)
def test_what_goes_wrong_with_the_data_is_a_problem_of_the_record(text: str, values: dict[str, Any]) -> None:
    with pytest.raises(Unfit):
        template(text).render(values)


def test_an_items_own_methods_are_out_of_reach() -> None:
    assert template("{{ A.items }}{{ A.keys }}{{ A.__init__ }}").render({"A": {}}) == ""


def test_output_up_to_the_limit_is_whole() -> None:
    assert len(template("{{ A }}").render({"A": "x" * MAX_OUTPUT})) == MAX_OUTPUT


def test_names_and_paths_are_known_before_any_data() -> None:
    made = template("{{ A.B }}{% for x in linked.invoices %}{{ x.Total }}{% endfor %}")
    assert made.names == {"A", "linked"}
    assert [(path.parts, path.looped) for path in made.paths] == [
        (("A", "B"), ()), (("linked", "invoices"), ()), (("x", "Total"), ("linked", "invoices"))]  # fmt: skip
