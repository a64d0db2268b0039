"""The lines of a deal: what to send at the lowest price, and finding out what an unknown attempt left behind.

Lines carry no identity, so after an unknown outcome they are paired as a multiset by product, quantity, price and
comment; what stays unpaired is a person's and is left alone. A refusal halfway takes back the lines that the write
itself added, so that a repetition starts where this one did.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from engine.protocol import Child, Failed, Failure, Field, Record, Result, Write, Written

from . import shapes
from .account import Account
from .entities import catalogue
from .operations import operation
from .status import Stopped, refused

BULK_FROM = 5
"""From this many lines on, one bulk call costs no more than single ones (25 against 5 each) and is one request."""
MANY_FROM = 5
"""The same for deleting: 15 against 3 each."""
MOST = 100
"""Lines of one bulk call [OpenAPI v2]."""
TAX_METHOD = "none"
"""Always said, the default being a setting of the user [facts: Pipedrive 5]; QuickBooks' tax is a line of its own."""


def carry(account: Account, write: Write) -> Result:
    """Adds, changes and removes lines. The answer holds every line whose present values Pipedrive told: those added
    and changed, after a recovery all of ours; a line that was neither touched nor read is left out."""
    try:
        return _Lines(account, write).carry()
    except Stopped as stopped:
        return unsettled(write, stopped.failed)


def unsettled(write: Write, failed: Failed) -> Failed:
    """A recovery that was not carried out leaves the attempt before it as unknown as it was, whatever stopped it."""
    if not write.recover or failed.failure is Failure.REFUSED or failed.failure is Failure.GONE:
        return failed
    return replace(failed, failure=Failure.UNKNOWN)


def price(add: int, change: int, remove: int) -> int:
    """Tokens of so many changes."""
    tokens = change * operation("deal.line_update").tokens
    for size in _sizes(add):
        bulk = size >= BULK_FROM
        tokens += operation("deal.lines_create").tokens if bulk else size * operation("deal.line_create").tokens
    for size in _sizes(remove):
        many = size >= MANY_FROM
        tokens += operation("deal.lines_delete").tokens if many else size * operation("deal.line_delete").tokens
    return tokens


def pair(wanted: Iterable[Child], there: Iterable[Record]) -> tuple[list[Child], list[Child]]:
    """Children with the key and values of an equal line that is there, each line once, and those that found none."""
    free: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for line in there:
        free[_likeness(line)].append(line)
    paired, rest = list[Child](), list[Child]()
    for child in wanted:
        same = free[_likeness(child.values)]
        if same:
            line = same.pop(0)
            paired.append(replace(child, key=line["id"], values=line))
        else:
            rest.append(child)
    return paired, rest


class _Lines:
    def __init__(self, account: Account, write: Write) -> None:
        if write.entity != "deal" or write.child != "products" or not (write.key or "").isdigit():
            raise refused(f"'{write.child}' of {write.entity} {write.key} is no list of deal products.")
        self._client = account.client
        self._fields = catalogue()["deal"].children[0].fields
        self._write = write
        self._place = {"id": str(write.key)}
        self._added: list[Child] = []
        self._sent = False

    def carry(self) -> Written:
        write = self._write
        known, add, change, remove = list[Child](), list(write.add), list(write.change), list(write.remove)
        whole, replaced = self._replacements(), list[Child]()
        if write.recover:
            there = {line["id"]: line for line in self._list()}
            known = [replace(one, values=there[one.key]) for one in write.known if one.key in there]
            taken = {one.key for one in (*known, *change, *remove)}
            free = [line for key, line in there.items() if key not in taken]
            self._added, add = pair(add, free)
            used = {one.key for one in self._added}
            replaced, _ = pair(whole.values(), [line for line in free if line["id"] not in used])
            done = {one.ref for one in replaced}
            remove += [one for one in change if one.ref in done]
            change = [one for one in change if one.ref not in done]
            add += [whole.get(one.ref, one) for one in change if one.key not in there]
            change = [one for one in change if one.key in there and not _has(there[one.key], one.values)]
            remove = [one for one in remove if one.key in there]
        elif whole:
            add, change, remove = [*add, *whole.values()], [], [*remove, *change]
        try:
            bodies = [(one, self._body(one)) for one in add]
            changes = [(one, shapes.child_body(self._fields, one.values, creating=False)) for one in change]
            self._client.budget.spend(price(len(add), len(change), len(remove)))
            for at in range(0, len(bodies), MOST):
                self._add(bodies[at : at + MOST])
            changed = [self._change(one, body) for one, body in changes]
            self._remove(remove)
        except Stopped as stopped:
            raise self._halfway(stopped) from stopped
        gone = {one.ref for one in write.remove}
        answered = {one.ref: one for one in (*known, *changed, *self._added, *replaced) if one.ref not in gone}
        return Written(str(write.key), children=tuple(answered.values()))

    def _replacements(self) -> dict[str, Child]:
        """The changed lines as whole new ones, where making those and removing the old costs less than changing each;
        empty where it does not, or where a line is not known whole."""
        write = self._write
        add, change, remove = len(write.add), len(write.change), len(write.remove)
        if price(add + change, 0, remove + change) >= price(add, change, remove):
            return {}
        sent = {one.ref: one.values for one in write.known}
        whole = {}
        for one in write.change:
            values = {**sent.get(one.ref, {}), **one.values}
            values = {name: value for name, value in values.items() if value is not None}
            whole[one.ref] = replace(one, key=None, values=values)
        return whole if all(not _missing(self._fields, one) for one in whole.values()) else {}

    def _list(self) -> Iterator[Record]:
        cursor: str | None = None
        while True:
            query = {"limit": "500"} | ({"cursor": cursor} if cursor else {})
            answer = self._client.send("deal.lines", place=self._place, query=query)
            for one in answer.data or ():
                yield shapes.read(self._fields, one)
            cursor = answer.cursor
            if cursor is None:
                return

    def _body(self, child: Child) -> dict[str, Any]:
        missing = _missing(self._fields, child)
        if missing:
            raise refused(f"A deal's line needs '{missing[0]}'.", missing[0])
        return {"tax_method": TAX_METHOD} | shapes.child_body(self._fields, child.values, creating=True)

    def _add(self, bodies: Sequence[tuple[Child, dict[str, Any]]]) -> None:
        if len(bodies) < BULK_FROM:
            for child, body in bodies:
                self._added.append(self._answered(child, self._act("deal.line_create", body=body)))
            return
        children = [child for child, _ in bodies]
        answer = self._act("deal.lines_create", body={"data": [body for _, body in bodies]})
        rows = [shapes.read(self._fields, one) for one in answer]
        paired, rest = pair(children, rows)
        if rest and len(rows) == len(children):  # the service wrote some value its own way: the order tells
            paired = [replace(one, key=row["id"], values=row) for one, row in zip(children, rows, strict=True)]
        elif rest:
            raise Stopped(Failed(Failure.UNKNOWN, f"Pipedrive answered {len(rows)} of {len(children)} new lines."))
        self._added += paired

    def _change(self, child: Child, body: Mapping[str, Any]) -> Child:
        """The changed line; one that a person took away is made again, so that our lines add up."""
        try:
            return self._answered(child, self._act("deal.line_update", {"product_attachment_id": str(child.key)}, body))
        except Stopped as stopped:
            if stopped.failed.failure is not Failure.GONE:
                raise
            return self._answered(child, self._act("deal.line_create", body=self._body(child)))

    def _remove(self, children: Sequence[Child]) -> None:
        keys = [one.key for one in children if one.key is not None]
        for at in range(0, len(keys), MOST):
            some = keys[at : at + MOST]
            if len(some) >= MANY_FROM:
                self._act("deal.lines_delete", query={"ids": ",".join(some)})
                continue
            for key in some:
                try:
                    self._act("deal.line_delete", {"product_attachment_id": key})
                except Stopped as stopped:
                    if stopped.failed.failure is not Failure.GONE:  # gone is what was wanted
                        raise

    def _act(
        self,
        name: str,
        place: Mapping[str, str] | None = None,
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        data = self._client.send(name, place=self._place | dict(place or {}), query=query, body=body, prepaid=True).data
        self._sent = True
        return data

    def _answered(self, child: Child, raw: Mapping[str, Any]) -> Child:
        return replace(child, key=str(raw["id"]), values=shapes.read(self._fields, raw))

    def _halfway(self, stopped: Stopped) -> Stopped:
        """What to tell of a failure after parts went through: unknown, unless our own lines could be taken back."""
        failed = stopped.failed
        if failed.failure is Failure.REFUSED:
            try:
                added, self._added = self._added, []
                self._client.budget.spend(price(0, 0, len(added)))
                self._remove(added)
                return stopped
            except Stopped as again:
                failed = again.failed
        elif not self._sent or failed.failure is Failure.GONE:
            return stopped
        message = f"Some lines of the deal were written before this: {failed.message}"
        return Stopped(Failed(Failure.UNKNOWN, message, failed.code, failed.field, failed.again_after))


def _missing(fields: Iterable[Field], child: Child) -> list[str]:
    """What a new line needs and this one lacks."""
    return [one.name for one in fields if one.required and child.values.get(one.name) is None]


def _sizes(count: int) -> Iterator[int]:
    for at in range(0, count, MOST):
        yield min(MOST, count - at)


def _likeness(values: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes two lines the same: product, quantity, price to the cent, comment without regard to blanks."""
    numbers = (Decimal(str(values.get(one) or 0)) for one in ("quantity", "item_price"))
    quantity, item_price = numbers
    comment = " ".join(html.unescape(str(values.get("comments") or "")).split())
    return str(values.get("product_id")), quantity.normalize(), item_price.quantize(Decimal("0.01")), comment


def _has(line: Record, values: Mapping[str, Any]) -> bool:
    """Whether a change is there already."""
    return _likeness(line) == _likeness(line | dict(values))
