"""Reading records: pages of changes, and records by their keys at the lowest price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from engine.protocol import Failure, Found, Page, Query

from . import options, shapes
from .account import Account
from .client import Answer
from .entities import catalogue, custom_owner, is_key, listing, owner_of_options
from .operations import operations
from .status import Stopped

OVERLAP = timedelta(minutes=2)
"""How far before its own start a reading's cursor lies: two clocks, and records under way while we read."""
PAGE = 500
"""Records of one list call: the most that there are, since a page costs the same whatever its size [facts: 1]."""
KEYS = 100
"""Most ids, or deals, of one call [OpenAPI v2]."""


def pages(account: Account, query: Query) -> Iterator[Page]:
    """The answer to a query, page by page. Raises Stopped; what was given before stays true."""
    if owner_of_options(query.entity):
        yield from options.pages(account, query)
    elif query.kind == "keys":
        yield from _by_keys(account, query)
    elif query.kind in ("changed", "every"):
        yield from _changed(account, query)
    else:
        yield Page(done=True, cursor=query.cursor)  # the catalogue never offers it


def _changed(account: Account, query: Query) -> Iterator[Page]:
    started = account.clock()
    how = listing(query.entity)
    filters = _limits(account, query)
    if query.cursor and how.since:
        filters["updated_since"] = query.cursor
    cursor: str | None = None
    while True:
        read_at = account.clock()
        paging = {"limit": str(PAGE)} if how.paging != "whole" else {}
        if cursor is not None:
            paging["cursor" if how.paging == "cursor" else "start"] = cursor
        answer = account.client.send(f"{query.entity}.list", query=filters | paging)
        started = _earlier(started, answer) if cursor is None else started
        found = _found(account, query, answer.data or ())
        cursor = answer.cursor
        done = cursor is None
        yield Page(found, done=done, cursor=shapes.written_moment(started - OVERLAP) if done else None, read_at=read_at)
        if done:
            return


def price(query: Query, records: int) -> int:
    """Tokens of a query that brings so many records; of lines, ten at most for each deal of a list."""
    if owner_of_options(query.entity):
        return operations()[f"{owner_of_options(query.entity)}.fields"].tokens
    tokens = -(-max(records, 1) // PAGE) * operations()[f"{query.entity}.list"].tokens
    if query.kind == "keys":
        size = KEYS if listing(query.entity).ids else max(records, 1)
        tokens = -(-max(records, 1) // size) * operations()[f"{query.entity}.list"].tokens
        single = operations().get(f"{query.entity}.get")
        tokens = tokens if single is None else min(tokens, records * single.tokens)
    if query.entity == "deal" and "products" in query.fields:
        tokens += -(-records // KEYS) * operations()["deal.lines_of_many"].tokens
    return tokens


def _by_keys(account: Account, query: Query) -> Iterator[Page]:
    keys = list(dict.fromkeys(query.keys))
    how = listing(query.entity)
    size = KEYS if how.ids else max(len(keys), 1)
    for at in range(0, max(len(keys), 1), size):
        some = keys[at : at + size]
        read_at = account.clock()
        found = _found(account, query, _rows(account, query, some))
        held = {one.key for one in found}
        missing = tuple(key for key in some if key not in held)
        yield Page(found, missing=missing, done=at + size >= len(keys), read_at=read_at)


def _rows(account: Account, query: Query, keys: Sequence[str]) -> list[Mapping[str, Any]]:
    """The records of these keys, whichever way costs less. A list leaves archived and deleted ones out: asked singly.

    [facts: Pipedrive 4 (missing ids are silently dropped), 5 (archived deals vanish from the list)]
    """
    entity, how, key = query.entity, listing(query.entity), catalogue()[query.entity].key
    single = operations().get(f"{entity}.get")
    listed = single is None or len(keys) * single.tokens > operations()[f"{entity}.list"].tokens
    rows: list[Mapping[str, Any]] = []
    if how.ids and listed:
        filters = _limits(account, query) | {"ids": ",".join(one for one in keys if one.isdigit())}
        rows = account.client.send(f"{entity}.list", query=filters | {"limit": str(KEYS)}).data or []
    elif listed and how.paging != "start":  # users, pipelines, currencies: short lists
        rows = _whole(account, entity)
    held = {str(one[key]): one for one in rows}
    if single is not None:
        held |= {one: row for one in keys if one not in held and (row := _one(account, entity, one)) is not None}
    return [held[one] for one in keys if one in held]


def _one(account: Account, entity: str, key: str) -> Mapping[str, Any] | None:
    """The record of that key, deleted or not; None where Pipedrive knows none."""
    if not is_key(entity, key):
        return None
    try:
        return account.client.send(f"{entity}.get", place={"id": key}).data  # type: ignore[no-any-return]
    except Stopped as stopped:
        if stopped.failed.failure is Failure.GONE:
            return None
        raise


def _whole(account: Account, entity: str) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    cursor: str | None = None
    while True:
        paging = {} if listing(entity).paging == "whole" else {"limit": str(PAGE)}
        answer = account.client.send(f"{entity}.list", query=paging | ({"cursor": cursor} if cursor else {}))
        rows += answer.data or ()
        cursor = answer.cursor
        if cursor is None:
            return rows


def _found(account: Account, query: Query, rows: Sequence[Mapping[str, Any]]) -> list[Found]:
    found = [account.found(query.entity, one, query.fields) for one in rows]
    if query.entity == "deal" and "products" in query.fields:
        lines = _lines(account, [one.key for one in found])
        found = [replace(one, record=one.record | {"products": lines[one.key]}) for one in found]
    return found


def _lines(account: Account, deals: Sequence[str]) -> Mapping[str, list[dict[str, Any]]]:
    """Every line of these deals, a hundred deals a call (10 tokens)."""
    fields = catalogue()["deal"].children[0].fields
    lines: dict[str, list[dict[str, Any]]] = {one: [] for one in deals}
    for at in range(0, len(deals), KEYS):
        query = {"deal_ids": ",".join(deals[at : at + KEYS]), "limit": str(PAGE)}
        cursor: str | None = None
        while True:
            answer = account.client.send("deal.lines_of_many", query=query | ({"cursor": cursor} if cursor else {}))
            for one in answer.data or ():
                lines[str(one["deal_id"])].append(shapes.read(fields, one))
            cursor = answer.cursor
            if cursor is None:
                break
    return lines


def _limits(account: Account, query: Query) -> dict[str, str]:
    """Where no custom field is asked for, only the identity's travels: the price is the same, the answer is not."""
    entity = catalogue()[query.entity]
    if not entity.custom or not query.fields or "custom" in query.fields or custom_owner(entity.name) != entity.name:
        return {}  # v1 cannot be asked for less
    ours = account.fields.known(entity.name).find(account.settings.identity_field)
    return {"custom_fields": ours.code} if ours is not None else {}


def _earlier(started: datetime, answer: Answer) -> datetime:
    """Our clock or the service's, whichever is behind: it is the latter that stamps records."""
    return min(started, answer.server_time) if answer.server_time is not None else started
