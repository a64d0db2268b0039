"""Link and record: what came of a request, kept in one transaction with the links and bases that it makes true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import MISSING
from engine.protocol import Failed, Failure, Found, Write, Written
from engine.store.bases import Base
from engine.store.intents import Intent, IntentState
from engine.store.store import Transaction
from engine.store.work import Finished
from engine.sync import echo, named, own_line, retries
from engine.sync.batch import Batch
from engine.sync.connection import Connection
from engine.sync.decisions import own_line_paths
from engine.sync.linking import link_members, unlink
from engine.sync.matching import intent_holder
from engine.sync.receiver import LIVE, hold
from engine.sync.story import entry
from engine.sync.values import at


def written(
    tx: Transaction, connection: Connection, system: str, intent: Intent, write: Write, result: Written, now: datetime
) -> None:
    """The request was carried out."""
    mapping = connection.compiled.mappings[intent.mapping]
    if not close(tx, connection, mapping, intent, "done", "", now, result):
        return  # The answer came twice.
    before = tx.snapshots.get(connection.name, system, write.entity, [result.key]).get(result.key)
    if result.record:
        found = Found(result.key, result.record, result.identity or write.identity)
        hold(tx, connection, (system, write.entity), [found], now, now, LIVE)
    context = intent.context
    if "named" in context:
        named.link(Batch(tx, connection, now), mapping, context["named"], result.key)
        _finish(tx, connection, mapping, intent, "created", f"named {context['named']!r}", now)
        return
    linked = _link(tx, connection, mapping, context, write, result, now)
    trouble = _keep_base(tx, connection, mapping, context, write, result, linked)
    echo.forward(tx, connection, mapping, linked, write, result, before.record if before else {}, now)
    if trouble is not None:
        _park(tx, connection, mapping, intent, trouble, "M132", now)
        return
    detail = {"request": intent.id, "target": linked, "answer": result.key}
    entries = [
        entry(now, mapping, key, "link", _said(context), context["reason"], detail, linked)
        for key in intent.source_keys
    ]
    tx.journal.add(connection.name, entries)
    _finish(tx, connection, mapping, intent, context["outcome"], context["reason"], now, last=context["last"])


def _said(context: Mapping[str, Any]) -> str:
    """The journal's word: the children of a record that was just created are no second creation."""
    return (
        "completed" if (context["action"], context["outcome"]) == ("children", "created") else str(context["outcome"])
    )


def _link(
    tx: Transaction,
    connection: Connection,
    mapping: CompiledMapping,
    context: Mapping[str, Any],
    write: Write,
    result: Written,
    now: datetime,
) -> str:
    """Links for the members; those that left are marked. Returns the target's key."""
    if context["action"] == "note":
        return str(context["target"])
    key = result.key if write.action == "create" else str(write.key)
    unlink(tx, connection, mapping, [(one[0], one[1]) for one in context["leaving"]])
    link_members(tx, connection, mapping, [one[:3] for one in context["members"]], key, now)
    return key


def _keep_base(
    tx: Transaction,
    connection: Connection,
    mapping: CompiledMapping,
    context: Mapping[str, Any],
    write: Write,
    result: Written,
    key: str,
) -> str | None:
    """What we sent and what was answered. Returns words for a person where the children do not add up."""
    name = connection.name
    old = tx.bases.get(name, mapping.source, mapping.target, [key]).get(key) or Base({}, {}, {})
    seen, children, trouble = dict(old.seen), dict(old.children), None
    for path, now_value in context["now"].items():
        answered = at(result.record, path) if path in context["written"] and result.record else MISSING
        fallback = write.values.get(path) if path in context["written"] else now_value
        seen[path] = fallback if answered is MISSING else answered
        if path in own_line_paths(mapping, {path: context["sent"].get(path)}):
            seen[path] = own_line.own(seen[path], str(context["sent"][path]))
    if write.action == "children" and write.child is not None:
        children[write.child] = _children(
            old.children.get(write.child, {}), context, connection, mapping, write, result
        )
        trouble = _shortfall(children[write.child], context.get("total"))
    tx.bases.put(name, mapping.source, mapping.target, {key: Base(dict(context["sent"]), seen, children)})
    return trouble


def _children(
    old: Mapping[str, Any],
    context: Mapping[str, Any],
    connection: Connection,
    mapping: CompiledMapping,
    write: Write,
    result: Written,
) -> dict[str, Any]:
    """Ours in the list, by our key: the system's key, what we sent, the amount that the system made of it."""
    kind = next(one for one in connection.entity(mapping.target).children if one.name == write.child)
    kept = {ref: one for ref, one in old.items() if ref not in context["removed"]}
    for child in result.children:
        if child.ref not in context["child_sent"]:
            continue
        amount = child.values.get(kind.answered_amount) if kind.answered_amount else None
        kept[child.ref] = {"key": child.key, "sent": context["child_sent"][child.ref], "amount": amount}
    return kept


def _shortfall(children: Mapping[str, Any], total: Decimal | None) -> str | None:
    amounts = [one.get("amount") for one in children.values()]
    if total is None or not amounts or any(one is None for one in amounts):
        return None
    made = sum((Decimal(str(one)) for one in amounts), Decimal(0))
    return None if made == total else f"the lines that were answered add up to {made}, the source says {total}"


def close(
    tx: Transaction,
    connection: Connection,
    mapping: CompiledMapping,
    intent: Intent,
    state: IntentState,
    reason: str,
    now: datetime,
    result: Written | Failed | None = None,
) -> bool:
    """The intent's outcome is known. False if it was before."""
    kept: dict[str, Any] = {"reason": reason}
    if isinstance(result, Written):
        kept = {"key": result.key}
    elif isinstance(result, Failed):
        kept = {key: value for key, value in asdict(result).items() if key != "again_after"}
    if not tx.intents.finish(connection.name, intent.id, state, kept, now):
        return False
    if mapping.match and state != "unknown":
        tx.matches.forget(connection.name, mapping.name, [intent_holder(intent.id)])
    return True


def failed(tx: Transaction, connection: Connection, system: str, intent: Intent, result: Failed, now: datetime) -> None:
    """The request was not carried out, or nobody knows: each failure has its way to go on."""
    mapping = connection.compiled.mappings[intent.mapping]
    state: IntentState = {Failure.UNKNOWN: "unknown", Failure.UNSENT: "unsent"}.get(result.failure, "failed")  # type: ignore[assignment]
    if not close(tx, connection, mapping, intent, state, result.message, now, result):
        return
    write = Write.unpack(intent.request)
    entries = [
        entry(now, mapping, key, "write", result.failure.value, result.message, {"request": intent.id}, write.key)
        for key in intent.source_keys
        if result.failure is not Failure.UNSENT
    ]
    tx.journal.add(connection.name, entries)
    if result.failure is Failure.GONE and write.key is not None:
        tx.snapshots.gone(connection.name, system, write.entity, [(write.key, "deleted")], now)
        _forget_target(tx, connection, system, write)
    parks = result.failure in (Failure.REFUSED, Failure.GONE)
    attempts = max((row.attempts for row in _rows(tx, connection, intent)), default=0)
    if parks or (result.failure is Failure.RETRY and retries.gives_up(attempts)):
        _park(tx, connection, mapping, intent, result.message, result.code or f"W{result.failure.value}", now)
        return
    counted = result.failure in (Failure.RETRY, Failure.UNKNOWN, Failure.STALE)
    pause = result.again_after or (retries.pause(attempts) if counted else retries.FIRST_PAUSE)
    look = now if result.failure in (Failure.UNKNOWN, Failure.STALE) else None
    _defer(tx, connection, intent, now, pause, result.message, look, counted)


def _forget_target(tx: Transaction, connection: Connection, system: str, write: Write) -> None:
    """A record that is gone matches nothing any more."""
    for mapping, _ in connection.matched.get((system, write.entity), ()):
        tx.matches.forget(connection.name, mapping.name, [f"{write.entity}/{write.key}"])


def _rows(tx: Transaction, connection: Connection, intent: Intent) -> Sequence[Any]:
    return list(tx.work.get(connection.name, intent.mapping, intent.source_keys).values())


def _others_open(tx: Transaction, connection: Connection, mapping: CompiledMapping, intent: Intent) -> bool:
    """Whether the row has other requests out: it ends with the last of them."""
    others = tx.intents.open(connection.name, mapping.target[0], intent.mapping, intent.source_keys)
    return any(one.state == "open" for one in others)


def _finish(
    tx: Transaction,
    connection: Connection,
    mapping: CompiledMapping,
    intent: Intent,
    outcome: str,
    reason: str,
    now: datetime,
    last: bool = True,
) -> None:
    """The rows are done, or (with more to do) due again at once."""
    if _others_open(tx, connection, mapping, intent):
        return
    rows = {(one[0], one[1]): one[2] for one in intent.context["rows"]}
    if not last:
        tx.work.defer(connection.name, list(rows), now, None)
        return
    hashes = {one[1]: one[3] for one in intent.context.get("members", ())}
    ended = intent.context.get("ended")
    finished = [
        Finished(
            name, key, "done", outcome=outcome, reason=reason or None,
            decided=hashes.get(key), version=mapping.version, touched=touched,
        )
        for (name, key), touched in rows.items()
    ]  # fmt: skip
    if ended is not None:
        # The rule for its going was sent; the row comes once more to close the link.
        tx.work.defer(connection.name, list(rows), now, None)
        return
    tx.work.finish(connection.name, finished, owner=intent.context["owner"])


def _park(
    tx: Transaction, connection: Connection, mapping: CompiledMapping, intent: Intent, reason: str, code: str,
    now: datetime,
) -> None:  # fmt: skip
    rows = [
        Finished(name, key, "parked", outcome="parked", reason=reason, code=code, version=mapping.version,
                 touched=touched)
        for name, key, touched in intent.context["rows"]
    ]  # fmt: skip
    tx.work.finish(connection.name, rows)
    tx.waits.wake(connection.name, [(one.mapping, one.source_key) for one in rows], now, LIVE)
    entries = [entry(now, mapping, one.source_key, "record", "parked", reason, {"code": code}) for one in rows]
    tx.journal.add(connection.name, entries)


def _defer(
    tx: Transaction,
    connection: Connection,
    intent: Intent,
    now: datetime,
    pause: Any,
    reason: str,
    look: datetime | None,
    counted: bool,
) -> None:
    mapping = connection.compiled.mappings[intent.mapping]
    if _others_open(tx, connection, mapping, intent):
        return
    rows = [(one[0], one[1]) for one in intent.context["rows"]]
    tx.work.defer(connection.name, rows, now + pause, reason, need_since=look, count_attempt=counted)
