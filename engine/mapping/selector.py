"""JMESPath as closures over Decimal-safe values. The library parses; evaluation is ours, proven on its own suite.

The library's evaluator is not used: its `sum` refuses Decimal, its number literals are floats, and it is nine times
slower. Number literals are Decimals here, taken from the text as written. The only home of jmespath.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import jmespath.exceptions
import jmespath.lexer
import jmespath.parser

from engine.mapping.draft import MISSING
from engine.mapping.functions import FUNCTIONS, Expref, check_arity, equal, false, ordered_pair

Node = dict[str, Any]
Closure = Callable[[Any], Any]


class BadExpression(ValueError):
    """A JMESPath that cannot be used. `offset` counts characters from 0; `code` is a diagnostic's."""

    def __init__(self, message: str, offset: int, code: str = "E221") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.code = code


@dataclass(frozen=True, slots=True)
class Selector:
    """One parsed expression. `tree` is the parser's, each field and literal with its place under `at`."""

    text: str
    tree: Node
    search: Closure
    """value -> value; a missing field is None, as JMESPath has it."""
    roots: tuple[str, ...]
    """Names taken from the outermost value, each once."""
    record_roots: tuple[str, ...]
    """Names taken from `record`, where that is the whole record of an element."""

    @classmethod
    def compile(cls, text: str) -> Selector:
        """The compiled expression. Raises BadExpression."""
        return selector(text)

    def value(self, record: Mapping[str, Any]) -> Any:
        """What it selects of a record; MISSING where a root field was not read."""
        return self.over(False)(record)

    def over(self, element: bool) -> Closure:
        """The selection that answers MISSING where a root field was not read.

        Within an element (`each`, children) a name that is absent is null: only `record`'s own fields count.
        """
        search, roots = self.search, self.record_roots if element else self.roots

        def select(scope: Mapping[str, Any]) -> Any:
            have = scope.get("record", {}) if element else scope
            for root in roots:
                if root not in have:
                    return MISSING
            return search(scope)

        if not roots:
            return search
        if len(roots) == 1 and not element:
            root = roots[0]
            if self.tree["type"] == "field":
                return lambda scope: scope.get(root, MISSING)
            return lambda scope: search(scope) if root in scope else MISSING
        return select


@lru_cache(maxsize=2048)
def selector(text: str) -> Selector:
    """The compiled expression. Raises BadExpression."""
    tree = parse(text)
    roots: dict[str, None] = {}
    record_roots: dict[str, None] = {}
    _collect(tree, True, roots, record_roots)
    return Selector(text, tree, compiled(tree), tuple(roots), tuple(record_roots))


def parse(text: str) -> Node:
    """The parser's tree with places and exact literals. Raises BadExpression."""
    try:
        with warnings.catch_warnings():  # the library warns of an old spelling of text literals, which stays allowed
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            tree = jmespath.parser.Parser().parse(text).parsed
            tokens = list(jmespath.lexer.Lexer().tokenize(text))
    except jmespath.exceptions.EmptyExpressionError:
        raise BadExpression("the expression is empty", 0) from None
    except jmespath.exceptions.LexerError as problem:
        raise BadExpression(problem.message, problem.lexer_position) from None
    except jmespath.exceptions.ParseError as problem:
        raise BadExpression(_words(problem), problem.lex_position) from None
    except (jmespath.exceptions.JMESPathError, ValueError) as problem:
        raise BadExpression(str(problem).splitlines()[0], 0) from None
    except RecursionError:
        raise BadExpression("the expression is too deeply nested", 0) from None
    return _placed(tree, _Places(text, tokens))


def _words(problem: jmespath.exceptions.ParseError) -> str:
    token = problem.token_value
    return "the expression ends too early" if token in ("", None) else f"'{token}' cannot stand here"


class _Places:
    """Names and literals of the text in the order in which they stand, each with its offset."""

    def __init__(self, text: str, tokens: list[Any]) -> None:
        self.names: list[int] = []
        self.functions: list[int] = []
        self.literals: list[tuple[int, Any]] = []
        for token, following in zip(tokens, [*tokens[1:], None], strict=True):
            after = following["type"] if following else "eof"
            if token["type"] in ("unquoted_identifier", "quoted_identifier"):
                if after == "lparen":
                    self.functions.append(token["start"])
                elif after != "colon":
                    self.names.append(token["start"])
            elif token["type"] == "literal":
                self.literals.append((token["start"], _literal(text, token)))
        for each in (self.names, self.functions, self.literals):
            each.reverse()


def _literal(text: str, token: Mapping[str, Any]) -> Any:
    start = token["start"]
    if text[start] != "`":
        return token["value"]
    end = start + 1
    while text[end] != "`":
        end += 2 if text[end] == "\\" else 1
    raw = text[start + 1 : end].replace("\\`", "`").lstrip()
    try:
        return json.loads(raw, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        return token["value"]


def _placed(node: Node, places: _Places) -> Node:
    """The tree with `at` on fields, functions and literals, walked in the order of the text."""
    made = dict(node)
    children = list(node.get("children") or [])
    kind = node["type"]
    if kind == "field":
        made["at"] = places.names.pop() if places.names else 0
    elif kind == "literal":
        if places.literals:
            made["at"], made["value"] = places.literals.pop()
    elif kind == "function_expression":
        made["at"] = places.functions.pop() if places.functions else 0
    order = [0, 2, 1] if kind == "filter_projection" else range(len(children))
    if all(isinstance(child, dict) for child in children):
        for position in order:
            children[position] = _placed(children[position], places)
    made["children"] = children
    return made


_INNER_FIRST = frozenset(
    ("subexpression", "pipe", "index_expression", "projection", "value_projection", "filter_projection", "key_val_pair")
)
"""Nodes of which only the first child sees the same value as the node itself."""


def _collect(node: Node, outer: bool, roots: dict[str, None], record_roots: dict[str, None]) -> None:
    """Root names: fields that are taken from the outermost value."""
    kind, children = node["type"], node["children"]
    if not outer or kind in ("literal", "slice", "expref"):
        return
    if kind == "field":
        roots[node["value"]] = None
    elif kind == "subexpression" and (children[0]["type"], children[0].get("value")) == ("field", "record"):
        roots["record"] = None
        _collect(children[1], True, record_roots, {})
    elif (
        kind in ("subexpression", "pipe", "index_expression", "projection", "value_projection", "filter_projection")
        or kind == "key_val_pair"
    ):
        _collect(children[0], True, roots, record_roots)
    else:
        for child in children:
            _collect(child, True, roots, record_roots)


# ---------------------------------------------------------------------------------------------- nodes as closures
def compiled(node: Node) -> Closure:
    """The closure of a node."""
    return _BUILDERS[node["type"]](node)


def _children(node: Node) -> list[Closure]:
    return [compiled(child) for child in node["children"]]


def _field(node: Node) -> Closure:
    name = node["value"]
    return lambda value: value.get(name) if isinstance(value, dict) else None


def _path(names: list[str]) -> Closure:
    def run(value: Any) -> Any:
        for name in names:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value

    return run


def _index_chain(node: Node) -> Closure:
    steps = _children(node)

    def run(value: Any) -> Any:
        for step in steps:
            value = step(value)
        return value

    return run


def _pipe(node: Node) -> Closure:
    first, second = _children(node)
    return lambda value: second(first(value))


def _subexpression(node: Node) -> Closure:
    children = node["children"]
    if all(child["type"] == "field" for child in children):
        return _path([child["value"] for child in children])
    return _index_chain(node)


def _index(node: Node) -> Closure:
    position = node["value"]

    def run(value: Any) -> Any:
        if not isinstance(value, list) or not -len(value) <= position < len(value):
            return None
        return value[position]

    return run


def _slice(node: Node) -> Closure:
    cut = slice(*node["children"])
    if cut.step == 0:
        raise BadExpression("a slice cannot go in steps of 0", 0)
    return lambda value: value[cut] if isinstance(value, list) else None


def _flatten(node: Node) -> Closure:
    inner = compiled(node["children"][0])

    def run(value: Any) -> Any:
        items = inner(value)
        if not isinstance(items, list):
            return None
        flat: list[Any] = []
        for item in items:
            flat.extend(item) if isinstance(item, list) else flat.append(item)
        return flat

    return run


def _projection(node: Node) -> Closure:
    inner, each = _children(node)

    def run(value: Any) -> Any:
        items = inner(value)
        if not isinstance(items, list):
            return None
        return [found for item in items if (found := each(item)) is not None]

    return run


def _value_projection(node: Node) -> Closure:
    inner, each = _children(node)

    def run(value: Any) -> Any:
        items = inner(value)
        if not isinstance(items, dict):
            return None
        return [found for item in items.values() if (found := each(item)) is not None]

    return run


def _filter(node: Node) -> Closure:
    inner, each, condition = _children(node)

    def run(value: Any) -> Any:
        items = inner(value)
        if not isinstance(items, list):
            return None
        kept = [item for item in items if not false(condition(item))]
        return [found for item in kept if (found := each(item)) is not None]

    return run


def _comparator(node: Node) -> Closure:
    first, second = _children(node)
    sign = node["value"]
    if sign == "eq":
        return lambda value: equal(first(value), second(value))
    if sign == "ne":
        return lambda value: not equal(first(value), second(value))

    def run(value: Any) -> Any:
        one, other = first(value), second(value)
        if not ordered_pair(one, other):
            return None
        if sign in ("lt", "lte"):
            return one < other or (sign == "lte" and one == other)
        return one > other or (sign == "gte" and one == other)

    return run


def _or(node: Node) -> Closure:
    first, second = _children(node)

    def run(value: Any) -> Any:
        found = first(value)
        return second(value) if false(found) else found

    return run


def _and(node: Node) -> Closure:
    first, second = _children(node)

    def run(value: Any) -> Any:
        found = first(value)
        return found if false(found) else second(value)

    return run


def _not(node: Node) -> Closure:
    inner = compiled(node["children"][0])
    return lambda value: false(inner(value))


def _literal_node(node: Node) -> Closure:
    constant = node["value"]
    return lambda value: constant


def _list(node: Node) -> Closure:
    parts = _children(node)
    return lambda value: None if value is None else [part(value) for part in parts]


def _hash(node: Node) -> Closure:
    parts = [(child["value"], compiled(child["children"][0])) for child in node["children"]]
    return lambda value: None if value is None else {name: part(value) for name, part in parts}


def _expref(node: Node) -> Closure:
    inner = compiled(node["children"][0])
    return lambda value: Expref(inner)


def _function(node: Node) -> Closure:
    name = node["value"]
    if name not in FUNCTIONS:
        raise BadExpression(f"there is no function {name}()", node["at"], "E222")
    arguments = _children(node)
    wrong = check_arity(name, len(arguments))
    if wrong:
        raise BadExpression(wrong, node["at"], "E222")
    function = FUNCTIONS[name].apply
    return lambda value: function(*[argument(value) for argument in arguments])


def _same(node: Node) -> Closure:
    return lambda value: value


_BUILDERS: dict[str, Callable[[Node], Closure]] = {
    "and_expression": _and,
    "comparator": _comparator,
    "current": _same,
    "expref": _expref,
    "field": _field,
    "filter_projection": _filter,
    "flatten": _flatten,
    "function_expression": _function,
    "identity": _same,
    "index": _index,
    "index_expression": _index_chain,
    "literal": _literal_node,
    "multi_select_dict": _hash,
    "multi_select_list": _list,
    "not_expression": _not,
    "or_expression": _or,
    "pipe": _pipe,
    "projection": _projection,
    "slice": _slice,
    "subexpression": _subexpression,
    "value_projection": _value_projection,
}
