"""Generated expressions over generated records: our closures, what is written of them, and the library say the same.

The library has no Decimals, so the records hold texts, whole numbers, true, false, null, lists and objects.
"""

from __future__ import annotations

import json
from typing import Any

import jmespath
import jmespath.exceptions
from hypothesis import assume, example, given, settings, strategies as st
from jmespath.functions import Functions, signature

from engine.mapping import inline
from engine.mapping.selector import selector
from engine.mapping.values import Unfit

NAMES = ("A", "B", "C")
LITERALS = ("'a'", "''", "`1`", "`0`", "`true`", "`false`", "`null`", "`[]`", "'b'")
SUFFIXES = (
    "[0]",
    "[-1]",
    "[]",
    "[*]",
    "[1:]",
    "[::-1]",
    ".*",
    "[?A]",
    "[?A == 'a']",
    "[].A",
    "[*].B",
    ".[A, B]",
    ".{x: A, y: C}",
)
FUNCTIONS = (
    "length({0})", "not_null({0}, {1})", "to_string({0})", "type({0})", "keys({0})", "values({0})", "sort({0})",
    "max({0})",
    "sum({0})", "join(',', {0})", "contains({0}, {1})", "starts_with({0}, {1})", "reverse({0})", "merge({0}, {1})",
    "to_array({0})", "to_number({0})", "abs({0})", "map(&A, {0})", "sort_by({0}, &A)", "max_by({0}, &B)", "avg({0})",
)  # fmt: skip

leaves = st.sampled_from([*NAMES, *LITERALS, "@", "A.B", "B.C.A"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner)
    operators = st.sampled_from(["||", "&&", "==", "!=", "<", ">=", "|"])
    return st.one_of(
        st.builds("({0} {1} {2})".format, inner, operators, inner),
        st.builds("!({0})".format, inner),
        st.builds("({0}){1}".format, inner, st.sampled_from(SUFFIXES)),
        st.builds("({0}).{1}".format, inner, st.sampled_from(NAMES)),
        st.builds("[{0[0]}, {0[1]}]".format, pairs),
        st.builds(lambda form, two: form.format(*two), st.sampled_from(FUNCTIONS), pairs),
    )


EXPRESSIONS = st.recursive(leaves, _larger, max_leaves=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b", "8000000E-1700000014"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES))


class Library(Functions):  # type: ignore[misc]  # it has no types
    """The library's functions, with three as they are to be: the text of an object has its keys in order, so that equal
    records give equal texts, `merge` takes objects alone, of which the library checks the first, and a list with nought
    in it does not contain `false`, as `==` has it there too."""

    @signature({"types": []})  # type: ignore[untyped-decorator]  # likewise
    def _func_to_string(self, arg: Any) -> str:
        return arg if isinstance(arg, str) else json.dumps(arg, separators=(",", ":"), sort_keys=True)

    @signature({"types": ["object"], "variadic": True})  # type: ignore[untyped-decorator]  # likewise
    def _func_merge(self, *objects: Any) -> Any:
        for one in objects:
            if not isinstance(one, dict):
                raise jmespath.exceptions.JMESPathTypeError("merge", one, type(one).__name__, ["object"])
        return {name: value for one in objects for name, value in one.items()}

    @signature({"types": ["array", "string"]}, {"types": []})  # type: ignore[untyped-decorator]  # likewise
    def _func_contains(self, subject: Any, wanted: Any) -> bool:
        if isinstance(subject, str):
            return wanted in subject
        return any(one == wanted and isinstance(one, bool) is isinstance(wanted, bool) for one in subject)


LIBRARY = jmespath.Options(custom_functions=Library())


def answer(search: Any, record: Any) -> Any:
    """The answer, or that it was refused; numbers as numbers of one kind."""
    try:
        return plain(search(record))
    except (Unfit, jmespath.exceptions.JMESPathError):
        return "(refused)"


def plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return repr(value)
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return float(value)


@given(EXPRESSIONS, RECORDS)
@example("to_string(@)", {"A": None, "C": None, "B": None})
@example("merge(A, `[]`)", {"A": {}, "B": None, "C": None})
@example("contains(A, `0`)", {"A": [False], "B": None, "C": None})
@settings(max_examples=500)
def test_a_generated_expression_is_answered_as_the_library_answers_it(text: str, record: dict[str, Any]) -> None:
    made = selector(text)
    try:
        wanted = answer(lambda whole: jmespath.compile(text).search(whole, LIBRARY), record)
    except (TypeError, AttributeError):  # the library falls over where it should refuse, as in contains('a', `null`)
        assume(False)
    assert answer(made.search, record) == wanted


@given(EXPRESSIONS, RECORDS)
@settings(max_examples=500)
def test_an_expression_written_as_python_answers_as_its_closure_does(text: str, record: dict[str, Any]) -> None:
    made = selector(text)
    roots = {path: f"r{number}" for number, path in enumerate(inline.needed(made, element=False))}
    written = inline.python(made.tree, roots)
    assume(written is not None)
    variables = {name: record[path[0]] for path, name in roots.items()}
    assert answer(lambda record: eval(written, {**inline.NAMES, **variables}), record) == answer(made.search, record)
