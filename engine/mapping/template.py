"""Text templates: Jinja2 in a sandbox with nothing in it but the record. The only home of jinja2.

Allowed are output, if, for, and, or, not, comparisons, arithmetic on numbers, `~`, literals, names, a dot or [] for an
item, and the filters below. There are no calls, assignments, macros, imports, files or attributes of Python objects.
A field that is missing or null is null, which prints nothing; a name that nobody knows fails, at validate already.
Templates whose name ends in .html escape what they print.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, DivisionByZero, InvalidOperation
from functools import lru_cache
from typing import Any, Final, Literal

import jinja2
from jinja2 import nodes
from jinja2.runtime import LoopContext, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.mapping.transforms.registry import TRANSFORMS
from engine.mapping.values import Unfit, calendar, canonical

MAX_SOURCE = 16_384
MAX_OUTPUT = 65_536
MAX_ROUNDS = 10_000
"""Rounds of all loops of one evaluation together."""

BUILT_IN: Final = ("settings", "linked", "today", "now")
"""Names that every template sees besides the record's."""
_LOOP = frozenset(("index", "index0", "first", "last", "length", "revindex"))
_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.CondExpr, nodes.Name, nodes.Const,
    nodes.Filter, nodes.Test, nodes.Getattr, nodes.Getitem, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.Neg, nodes.Concat, nodes.Keyword,
)  # fmt: skip
_TESTS: Final = {"none": lambda value: value is None, "empty": lambda value: value in (None, "", [], {})}


class BadTemplate(ValueError):
    """A template that cannot be used. `line` counts from 1; `name` is what is at fault, to find its column."""

    def __init__(self, code: str, message: str, line: int, name: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.name = name
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Path:
    """A name with the items taken of it: `record.TxnDate`."""

    parts: tuple[str, ...]
    line: int
    looped: tuple[str, ...] = ()
    """Where the first name is a loop's: the path of the list that it goes through."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A value that needs no template engine: names one inside the other, a text, a choice, a filter."""

    kind: Literal["path", "text", "or", "filter"]
    value: Any = None
    """Of a path its names, of a text itself, of a filter the function that takes one value."""
    parts: tuple[Plain, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template: `render` gives its text. Raises Unfit where the data does not fit it."""

    text: str
    html: bool
    names: frozenset[str]
    """Names that it takes from outside."""
    paths: tuple[Path, ...]
    plain: tuple[str | Plain, ...] | None
    """Texts and values one after the other, where it is no more than that and not HTML."""
    _compiled: jinja2.Template

    @property
    def least(self) -> int:
        """The fewest characters that it gives, as far as that is plain."""
        return sum(len(part) for part in self.plain or () if isinstance(part, str))

    def render(self, values: Mapping[str, Any]) -> str:
        """The text, at most MAX_OUTPUT characters."""
        made: list[str] = []
        size = 0
        known = {name: values.get(name) for name in self.names}
        try:
            for part in self._compiled.generate({**known, "_rounds": _Rounds()}):
                size += len(part)
                if size > MAX_OUTPUT:
                    raise Unfit(f"the template gives more than {MAX_OUTPUT // 1024} kB of text")
                made.append(part)
        except Unfit:
            raise
        except jinja2.TemplateError as problem:
            raise Unfit(f"the template fails: {problem}") from problem
        except (TypeError, ValueError, InvalidOperation, DivisionByZero) as problem:
            raise Unfit(f"the template fails: {type(problem).__name__}") from problem
        return "".join(made)


class _Rounds:
    """Counts the rounds of all loops of one rendering."""

    def __init__(self) -> None:
        self.left = MAX_ROUNDS

    def spend(self, items: Any) -> list[Any]:
        if items is None:
            return []
        if not isinstance(items, list):
            raise Unfit("a template's loop needs a list")
        self.left -= len(items)
        if self.left < 0:
            raise Unfit(f"a template goes through more than {MAX_ROUNDS:,} rounds of its loops")
        return items


class _Environment(ImmutableSandboxedEnvironment):
    """Items only, numbers only, own filters only."""

    intercepted_binops = frozenset(("+", "-", "*", "/"))
    intercepted_unops = frozenset(("-",))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A dot is item access; of null it is null."""
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An item of a dict or list; null where there is none."""
        return item(obj, argument)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers, in Decimal."""
        one, other = _decimal(left, operator), _decimal(right, operator)
        return {"+": Decimal.__add__, "-": Decimal.__sub__, "*": Decimal.__mul__, "/": Decimal.__truediv__}[operator](
            one, other
        )

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        """Minus."""
        return -_decimal(arg, operator)


def item(of: Any, name: Any) -> Any:
    """An item of a dict or list; null where there is none, and of null. Raises Unfit for anything else."""
    if of is None:
        return None
    if isinstance(of, dict):
        return of.get(name)
    if isinstance(of, list) and isinstance(name, int):
        return of[name] if -len(of) <= name < len(of) else None
    raise Unfit(f"'{name}' is taken of {of if isinstance(of, str) else type(of).__name__}")


def _decimal(value: Any, operator: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise Unfit(f"'{operator}' needs numbers on both sides (texts are put together with ~)")
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def printed(value: Any) -> Any:
    """What a template prints of a value. Raises Unfit for lists and objects."""
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        raise Unfit("the template prints a list or an object; join it, or print its fields")
    return value if isinstance(value, str) else canonical(value)


@jinja2.pass_context
def _rounds(context: jinja2.runtime.Context, items: Any) -> list[Any]:
    counter: _Rounds = context["_rounds"]
    return counter.spend(items)


def _filter(name: str) -> Callable[..., Any]:
    transform = TRANSFORMS[name]

    def apply(value: Any, argument: Any = True) -> Any:
        if isinstance(value, jinja2.Undefined):
            str(value)  # raises: the name is unknown
        if value is None and not transform.nulls:
            return None
        return transform.build(argument)(value)

    return apply


def amount(value: Any) -> str | None:
    """`{{ Amount | amount }}`: 1,234.50."""
    return None if value is None else f"{_decimal(value, 'amount'):,.2f}"


def day(value: Any, format: str = "%d %b %Y") -> str | None:
    """`{{ TxnDate | day }}`: 31 Jan 2026; `day('%m/%d/%Y')` for another form."""
    if value is None:
        return None
    return date.fromisoformat(calendar(str(value)[:10])).strftime(format)


def minute(value: Any) -> str | None:
    """`{{ read_at | minute }}`: 2026-01-31 09:30, the time as it is written there."""
    return None if value is None else datetime.fromisoformat(str(value)).strftime("%Y-%m-%d %H:%M")


def second(value: Any) -> str | None:
    """`{{ read_at | second }}`: 2026-01-31 09:30:05, the time as it is written there."""
    return None if value is None else datetime.fromisoformat(str(value)).strftime("%Y-%m-%d %H:%M:%S")


def length(value: Any) -> int:
    """The number of elements of a list or characters of a text; nought for null."""
    return 0 if value is None else len(value)


OWN_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "amount": amount,
    "day": day,
    "minute": minute,
    "second": second,
    "length": length,
}
FILTERS: Final = {**{name: _filter(name) for name, one in TRANSFORMS.items() if one.filter}, **OWN_FILTERS}
"""Every filter by name: the transforms that need no table, and a few for printing."""


def _environment(html: bool) -> _Environment:
    made = _Environment(
        autoescape=html, undefined=StrictUndefined, finalize=printed, trim_blocks=True, lstrip_blocks=True
    )
    made.filters.clear()
    made.filters.update(FILTERS, _rounds=_rounds)
    made.tests.clear()
    made.tests.update(_TESTS)
    made.globals.clear()
    return made


_ENVIRONMENTS: Final = {html: _environment(html) for html in (False, True)}


@lru_cache(maxsize=512)
def template(text: str, html: bool = False) -> Template:
    """The compiled template. Raises BadTemplate."""
    if len(text) > MAX_SOURCE:
        raise BadTemplate("E224", f"a template has at most {MAX_SOURCE:,} characters", 1)
    environment = _ENVIRONMENTS[html]
    try:
        tree = environment.parse(text)
        _check(tree)
        names, paths = _names(tree)
        plain = _plain(tree)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "_rounds", [], [], None, None, lineno=loop.lineno)
        code = environment.compile(tree)
    except jinja2.TemplateSyntaxError as problem:
        raise BadTemplate("E223", f"the template cannot be read: {problem.message}", problem.lineno) from None
    except RecursionError:
        raise BadTemplate("E224", "the template is too deeply nested", 1) from None
    compiled = jinja2.Template.from_code(environment, code, {})
    return Template(text, html, names, paths, None if html else plain, compiled)


def _check(tree: nodes.Template) -> None:
    stack: list[nodes.Node] = [tree]
    while stack:
        node = stack.pop()
        line = getattr(node, "lineno", 1) or 1
        if not isinstance(node, _ALLOWED):
            raise BadTemplate("E224", f"templates have no {type(node).__name__.lower()}", line)
        if isinstance(node, nodes.For) and (node.recursive or not isinstance(node.target, nodes.Name)):
            raise BadTemplate("E224", "a loop has one name and is not recursive", line)
        if isinstance(node, nodes.Name) and node.name.startswith("_"):
            raise BadTemplate("E210", f"'{node.name}' is no name that templates see", line, node.name)
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise BadTemplate("E211", f"'{node.name}' is no filter", line, node.name)
        if isinstance(node, nodes.Filter):
            _check_filter(node, line)
        if isinstance(node, nodes.Test) and node.name not in _TESTS:
            raise BadTemplate("E211", f"'{node.name}' is no test; there are none and empty", line, node.name)
        stack.extend(node.iter_child_nodes())


def _check_filter(node: nodes.Filter, line: int) -> None:
    """Its arguments are literals that the transform takes."""
    if node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) > 1:
        raise BadTemplate("E224", "a filter takes one argument at most, without a name", line, node.name)
    if node.args and not isinstance(node.args[0], nodes.Const):
        raise BadTemplate("E224", "a filter's argument is a literal", line, node.name)
    given = node.args[0].value if node.args else True  # type: ignore[attr-defined]
    transform = TRANSFORMS.get(node.name)
    if transform is None or transform.name == "default":
        return
    try:
        transform.make(given)
    except Exception:
        raise BadTemplate("E237", f"{node.name} cannot have {given!r}", line, node.name) from None
    wants = transform.argument.get("type")
    fits = {"string": isinstance(given, str), "integer": isinstance(given, int) and not isinstance(given, bool)}
    if not fits.get(str(wants), given is True or "anyOf" in transform.argument):
        raise BadTemplate("E237", f"{node.name} cannot have {given!r} as its argument", line, node.name)


def _plain(tree: nodes.Template) -> tuple[str | Plain, ...] | None:
    """The parts of a template without blocks, operators and the engine's own names; None for any other."""
    flat = [one for node in tree.body for one in (node.nodes if isinstance(node, nodes.Output) else [None])]
    parts = [one.data if isinstance(one, nodes.TemplateData) else _plain_value(one) for one in flat]
    whole = [part for part in parts if part is not None]
    return tuple(whole) if len(whole) == len(parts) else None


def _plain_value(node: nodes.Node | None) -> Plain | None:
    path = _of(node) if node is not None else ()
    if path:
        return Plain("path", path) if path[0] not in BUILT_IN else None
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return Plain("text", node.value)
    if isinstance(node, nodes.Or):
        left, right = _plain_value(node.left), _plain_value(node.right)
        return Plain("or", None, (left, right)) if left is not None and right is not None else None
    if isinstance(node, nodes.Filter) and (inner := _plain_value(node.node)) is not None:
        arguments = [one.value for one in node.args if isinstance(one, nodes.Const)]
        apply = FILTERS[node.name]
        return Plain("filter", lambda value: apply(value, *arguments), (inner,))
    return None


def _names(tree: nodes.Template) -> tuple[frozenset[str], tuple[Path, ...]]:
    """The names taken from outside, and every path that starts at a name."""
    names: set[str] = set()
    paths: list[Path] = []

    def walk(node: nodes.Node, bound: dict[str, tuple[str, ...]]) -> None:
        if isinstance(node, nodes.For):
            walk(node.iter, bound)
            assert isinstance(node.target, nodes.Name)
            inner = {**bound, node.target.name: _of(node.iter), "loop": ()}
            for child in (*node.body, *([node.test] if node.test else [])):
                walk(child, inner)
            for child in node.else_:
                walk(child, bound)
            return
        parts = _of(node)
        if parts:
            if parts[0] not in bound:
                names.add(parts[0])
                paths.append(Path(parts, node.lineno))
            elif bound[parts[0]]:
                paths.append(Path(parts, node.lineno, bound[parts[0]]))
            return
        for child in node.iter_child_nodes():
            walk(child, bound)

    walk(tree, {})
    return frozenset(names), tuple(paths)


def _of(node: nodes.Node) -> tuple[str, ...]:
    """`a.b.c` as its parts; nothing for any other expression."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        inner = _of(node.node)
        return (*inner, node.attr) if inner else ()
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        inner = _of(node.node)
        return (*inner, node.arg.value) if inner else ()
    return ()
