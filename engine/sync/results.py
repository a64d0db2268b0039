"""Link and record: what came of a request, kept in one transaction with the links and bases that it makes true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from engine.mapping.draft import MISSING
from engine.observe.events import Step
from engine.protocol import Children, Failed, Failure, Found, Record, Write, Written
from engine.store.bases import Base
from engine.store.intents import Intent, IntentState
from engine.store.journal import Entry
from engine.store.store import Transaction
from engine.store.work import Finished
from engine.sync import decisions, echo, named, retries
from engine.sync.batch import Batch
from engine.sync.connection import Connection
from engine.sync.consent import PLANNED, give_back
from engine.sync.linking import link_members, unlink
from engine.sync.matching import intent_holder
from engine.sync.receiver import LIVE, digest, hold, holder
from engine.sync.story import entry, tell
from engine.sync.values import at

STATES: Final[Mapping[Failure, IntentState]] = {Failure.UNKNOWN: "unknown", Failure.UNSENT: "unsent"}
"""How an intent ends that was not carried out; with any other failure it certainly was not: "failed"."""

COUNTED = (Failure.RETRY, Failure.UNKNOWN, Failure.STALE)
"""Failures that count as an attempt, so that the pauses grow."""


class Results:
    """One request that came back; the intent's context says what it was for, whichever process sent it."""

    def __init__(self, tx: Transaction, connection: Connection, system: str, intent: Intent, now: datetime) -> None:
        self.tx, self.connection, self.system, self.intent, self.now = tx, connection, system, intent, now
        self.mapping = connection.compiled.mappings[intent.mapping]
        self.context = intent.context
        self.write = Write.unpack(intent.request)
        self.ends: list[Finished] = []
        self.told: list[Entry] = []
        """How its rows end, and what the journal is to say: kept by whoever closes it, with those of others."""
        self.out: set[str] | None = None
        """The source keys of its mapping whose requests are out, once it is known."""

    # ---------------------------------------------------------------------------------------------- carried out
    def written(self, result: Written) -> None:
        """The request was carried out; see `written`."""
        written([(self, result)])

    def close_written(self, result: Written) -> bool:
        """See `close`."""
        return self.close("done", {"key": result.key, "answered": self._answered(result)})

    def follow_named(self, result: Written) -> None:
        """The target that a name stands for is there."""
        named.link(Batch(self.tx, self.connection, self.now), self.mapping, self.context["named"], result.key)
        self._finish("created", f"named {self.context['named']!r}", last=True)

    def follow(self, result: Written, base: Base, before: Record) -> None:
        """Echo and journal; then the rows end, or come again for the rest. `base`: what is kept of the target now,
        `before`: the target as it was held."""
        key, child = self.key(result), self.write.child
        trouble = None if child is None else _shortfall(base.children[child], self.context["total"])
        if self.context["how"] == "link":
            batch = Batch(self.tx, self.connection, self.now)
            ours = self.context["ours"]
            echo.linked(batch, self.mapping, key, result.record or before, self.context["sent"], ours)
        else:
            echo.forward(self.tx, self.connection, self.mapping, key, self.write, result, before, self.now)
        if trouble is not None:
            self._park(trouble, "M132")
            return
        self._tell("link", self._said(), self.context["reason"], {"request": self.intent.id, "target": key}, key)
        # After the rule for a record's end its row comes once more, to close the link.
        self._finish(
            self.context["outcome"], self.context["reason"], self.context["last"] and not self.context["ended"]
        )

    def _answered(self, result: Written) -> dict[str, Any]:
        """What came back, of that what we had sent, and the children with what was made of each."""
        found = {path: at(result.record, path) for path in self.write.values}
        answered = {path: value for path, value in found.items() if value is not MISSING}
        if self.write.child is not None:
            kind = self._kind_of_children()
            named = kind.answered_amount
            answered[kind.name] = [
                {"ref": one.ref, "key": one.key, **({named: one.values.get(named)} if named else {})}
                for one in result.children
            ]
        return answered

    def _said(self) -> str:
        """The journal's word: the children of a record that was just created are no second creation."""
        first_children = (self.context["action"], self.context["outcome"]) == ("children", "created")
        return "completed" if first_children else str(self.context["outcome"])

    def key(self, result: Written) -> str:
        """The target's."""
        if self.context["action"] == "note":
            return str(self.context["target"])
        return result.key if self.write.action == "create" else str(self.write.key)

    def joining(self) -> list[list[Any]]:
        """Who is to be linked to the target: (source key, record key, group)."""
        return [] if self.context["action"] == "note" else [one[:3] for one in self.context["members"]]

    def leaving(self) -> list[tuple[str, str]]:
        """Whose links to it end: (source key, how it went)."""
        return [] if self.context["action"] == "note" else [(one[0], one[1]) for one in self.context["leaving"]]

    def base(self, result: Written, old: Base) -> Base:
        """What we sent and what was answered."""
        seen, children = {**old.seen, **self._seen(result)}, dict(old.children)
        if self.write.child is not None:
            children[self.write.child] = self._children(old.children.get(self.write.child, {}), result)
            seen |= self._added_up(result)
        return Base(dict(self.context["sent"]), seen, children)

    def _seen(self, result: Written) -> dict[str, Any]:
        """The compared fields as they stand now: the answer's where we wrote, what was there where we did not."""
        seen: dict[str, Any] = {}
        for path, there in self.context["now"].items():
            if path not in self.context["written"]:
                seen[path] = there
                continue
            answered = at(result.record, path) if result.record else MISSING
            seen[path] = self.write.values.get(path) if answered is MISSING else answered
        lines = decisions.own_line_paths(self.mapping, {path: self.context["sent"].get(path) for path in seen})
        return seen | {path: self.context["sent"][path] for path in lines}

    def _added_up(self, result: Written) -> dict[str, Any]:
        """What the system made of its children: nobody's edit."""
        fields = self.connection.entity(self.mapping.target).fields
        totals = {one.name: at(result.record, one.name) for one in fields if one.total_of == self.write.child}
        return {path: value for path, value in totals.items() if value is not MISSING}

    def _children(self, old: Mapping[str, Any], result: Written) -> dict[str, Any]:
        """Ours in the list, by our key: the system's key, what we sent, the amount that the system made of it."""
        kind = self._kind_of_children()
        sent = self.context["child_sent"]
        kept = {ref: one for ref, one in old.items() if ref not in self.context["removed"]}
        for child in result.children:
            if child.ref in sent:
                amount = child.values.get(kind.answered_amount) if kind.answered_amount else None
                kept[child.ref] = {"key": child.key, "sent": sent[child.ref], "amount": amount}
        return kept

    # ------------------------------------------------------------------------------------------ not carried out
    def failed(self, result: Failed) -> None:
        """The request was not carried out, or nobody knows: each failure has its way to go on."""
        self._go_on(result)
        _keep([self])

    def _go_on(self, result: Failed) -> None:
        kept = {key: value for key, value in asdict(result).items() if key != "again_after"}
        if not self.close(STATES.get(result.failure, "failed"), kept):
            return
        if result.failure is not Failure.UNSENT:
            detail = {"request": self.intent.id, "code": result.code}
            self._tell("write", result.failure.value, result.message, detail, self.write.key)
        if result.failure is Failure.REFUSED and self._has_negative_children():
            self._go_without_children()
            self._finish("updated", result.message, last=False)
            return
        failure = self._lose_target() if result.failure is Failure.GONE else result.failure
        rows = self.tx.work.get(self.connection.name, self.intent.mapping, self.intent.source_keys)
        attempts = max((row.attempts for row in rows.values()), default=0)
        given_up = failure is Failure.RETRY and retries.gives_up(attempts)
        if given_up or failure in (Failure.REFUSED, Failure.GONE):
            self._park(result.message, result.code or f"W{failure.value}")
            return
        pause = result.again_after or (retries.pause(attempts) if failure in COUNTED else retries.FIRST_PAUSE)
        due_at, counted = self.now + pause, failure in COUNTED
        # What may still be carried out is not looked for before; what somebody else changed is there already.
        look = {Failure.UNKNOWN: due_at, Failure.STALE: self.now}.get(failure)
        if not self._others_are_out():
            self.tx.work.defer(
                self.connection.name, self._rows(), due_at, result.message, need_since=look, count_attempt=counted
            )

    def _has_negative_children(self) -> bool:
        """Whether the children come to less than nothing somewhere: not every account takes such lines."""
        if self.write.child is None or self.write.action == "create":
            return False
        kind = self._kind_of_children()
        return any(decisions.amount(kind, values) < 0 for values in self.context["child_sent"].values())

    def _go_without_children(self) -> None:
        """The target keeps no children of ours, and its total is sent as a value, until the children change."""
        mapping, name, key = self.mapping, self.connection.name, str(self.write.key)
        old = self.tx.bases.get(name, mapping.source, mapping.target, [key]).get(key) or Base({}, {}, {})
        held = self.tx.snapshots.get(name, *mapping.target, [key]).get(key)
        fields = self.connection.entity(mapping.target).fields
        totals = {one.name: at(held.record if held else {}, one.name) for one in fields if one.total_of}
        totals = {path: None if value is MISSING else value for path, value in totals.items()}
        refused = {**old.sent.get(decisions.WITHOUT, {}), self.write.child: digest(self.context["child_sent"])}
        sent = {**old.sent, **totals, decisions.WITHOUT: refused}
        base = Base(sent, {**old.seen, **totals}, old.children)
        self.tx.bases.put(name, mapping.source, mapping.target, {key: base})

    def _kind_of_children(self) -> Children:
        target = self.connection.entity(self.mapping.target)
        return next(one for one in target.children if one.name == self.write.child)

    def _lose_target(self) -> Failure:
        """The target is gone and matches nothing any more. Decide again where it was only just matched, or where
        another one carries our identity now: a person merged the two."""
        if self.write.key is not None:
            name, entity = self.connection.name, self.write.entity
            self.tx.snapshots.gone(name, self.system, entity, [(self.write.key, "deleted")], self.now)
            for mapping, _ in self.connection.matched.get((self.system, entity), ()):
                self.tx.matches.forget(name, mapping.name, [holder((self.system, entity), self.write.key)])
        decide_again = self.context.get("how") == "link" or self._carried_elsewhere()
        return Failure.STALE if decide_again else Failure.GONE

    def _carried_elsewhere(self) -> bool:
        ref = self.mapping.target
        if self.write.entity != ref[1] or not self.connection.entity(ref).identity:
            return False
        keys = [source_key for source_key, *_ in self.context.get("members", ())]
        lines = [self.connection.identity_line(self.mapping.source, key) for key in keys]
        return bool(self.tx.snapshots.by_identity(self.connection.name, *ref, lines))

    # -------------------------------------------------------------------------------------------------- the rows
    def close(self, state: IntentState, result: dict[str, Any], repeated: bool = False) -> bool:
        """The intent's outcome is known, or it is `repeated` under another id. False if it was known before."""
        if not self.tx.intents.finish(self.connection.name, self.intent.id, state, result, self.now):
            return False
        if PLANNED in self.context and state in ("failed", "unsent") and not repeated:
            keys = self.intent.source_keys
            give_back(self.tx, self.connection.name, self.intent.mapping, keys, self.context[PLANNED])
        if self.mapping.match and state != "unknown":
            self.tx.matches.forget(self.connection.name, self.mapping.name, [intent_holder(self.intent.id)])
        return True

    def _rows(self) -> list[tuple[str, str]]:
        return [(mapping, key) for mapping, key, _ in self.context["rows"]]

    def _others_are_out(self) -> bool:
        """Whether the rows have other requests out: they end with the last of them."""
        if self.out is None:
            self.out = self.tx.intents.out(self.connection.name, self.system, self.intent.mapping)
        return not self.out.isdisjoint(self.intent.source_keys)

    def _finish(self, outcome: str, reason: str, last: bool) -> None:
        """The rows are done, or (with more to do) due again at once."""
        if self._others_are_out():
            return
        if last:
            hashes = {record_key: hashed for _, record_key, _, hashed in self.context.get("members", ())}
            self._end("done", outcome, reason, "", hashes)
        else:
            self.tx.work.defer(self.connection.name, self._rows(), self.now)

    def _park(self, reason: str, code: str) -> None:
        self._end("parked", "parked", reason, code, {})
        self.tx.waits.wake(self.connection.name, self._rows(), self.now)
        self._tell("record", "parked", reason, {"code": code}, self.write.key)

    def _end(self, state: Any, outcome: str, reason: str, code: str, hashes: Mapping[str, str]) -> None:
        self.ends += [
            Finished(
                name, key, state, outcome=outcome, reason=reason or None, code=code or None,
                decided=hashes.get(key), version=self.mapping.version, touched=touched,
            )
            for name, key, touched in self.context["rows"]
        ]  # fmt: skip

    def _tell(self, step: Step, outcome: str, reason: str, detail: dict[str, Any], target: str | None) -> None:
        keys = self.intent.source_keys
        origin = self.write.origin
        self.told += [entry(self.now, self.mapping, key, step, outcome, reason, detail, target, origin) for key in keys]


# --------------------------------------------------------------------------------------------------- many together
def written(answers: Sequence[tuple[Results, Written]]) -> None:
    """Requests of one system that were carried out, each for other rows and about another target: what they bring is
    stored together."""
    new = [(one, result) for one, result in answers if one.close_written(result)]  # the others' answers came twice
    before = _hold(new)
    for some in _by_mapping(new):
        bases = _join([(one, result) for one, result in some if "named" not in one.context])
        for one, result in some:
            if "named" in one.context:
                one.follow_named(result)
            else:
                held = before.get((one.write.entity, result.key), {})
                one.follow(result, bases[one.key(result)], held)
    _keep([one for one, _ in new])


def _hold(answers: Sequence[tuple[Results, Written]]) -> dict[tuple[str, str], Record]:
    """Keep the answers as the targets' newest look. Returns what was held before, by (entity, key)."""
    before: dict[tuple[str, str], Record] = {}
    by_entity: dict[str, list[tuple[Results, Written]]] = defaultdict(list)
    for one, result in answers:
        by_entity[one.write.entity].append((one, result))
    for entity, some in by_entity.items():
        tx, connection, ref, now = some[0][0].tx, some[0][0].connection, (some[0][0].system, entity), some[0][0].now
        held = tx.snapshots.get(connection.name, *ref, [result.key for _, result in some])
        before |= {(entity, key): snapshot.record for key, snapshot in held.items()}
        found = [
            Found(result.key, result.record, result.identity or one.write.identity, result.stamp)
            for one, result in some
            if result.record
        ]
        hold(tx, connection, ref, found, now, now, LIVE)
    return before


def _by_mapping(answers: Sequence[tuple[Results, Written]]) -> list[list[tuple[Results, Written]]]:
    """The answers apart, each knowing what else of its mapping is out."""
    found: dict[str, list[tuple[Results, Written]]] = defaultdict(list)
    for one, result in answers:
        found[one.intent.mapping].append((one, result))
    for name, some in found.items():
        out = some[0][0].tx.intents.out(some[0][0].connection.name, some[0][0].system, name)
        for one, _ in some:
            one.out = out
    return list(found.values())


def _join(answers: Sequence[tuple[Results, Written]]) -> dict[str, Base]:
    """The links and bases of one mapping. Returns the bases, by target."""
    if not answers:
        return {}
    tx, connection, mapping, now = answers[0][0].tx, answers[0][0].connection, answers[0][0].mapping, answers[0][0].now
    unlink(tx, connection, mapping, [left for one, _ in answers for left in one.leaving()])
    link_members(tx, connection, mapping, {one.key(result): one.joining() for one, result in answers}, now)
    keys = [one.key(result) for one, result in answers]
    old = tx.bases.get(connection.name, mapping.source, mapping.target, keys)
    bases = {
        key: one.base(result, old.get(key) or Base({}, {}, {}))
        for key, (one, result) in zip(keys, answers, strict=True)
    }
    tx.bases.put(connection.name, mapping.source, mapping.target, bases)
    return bases


def _keep(results: Sequence[Results]) -> None:
    """Their rows end, and the journal is told."""
    by_owner: dict[str, list[Finished]] = defaultdict(list)
    for one in results:
        by_owner[one.context["owner"]] += one.ends
    for owner, ends in by_owner.items():
        results[0].tx.work.finish(results[0].connection.name, ends, owner=owner)
    for one in results:
        if one.ends and PLANNED in one.context:
            one.tx.approvals.settle(one.connection.name, one.intent.mapping, one.intent.source_keys)
    if results:
        tell(results[0].tx, results[0].connection.name, [entry for one in results for entry in one.told])


def _shortfall(children: Mapping[str, Any], total: Decimal | None) -> str | None:
    """Words, if the amounts that the system made of our children are not the total."""
    amounts = [one.get("amount") for one in children.values()]
    if total is None or not amounts or any(one is None for one in amounts):
        return None
    made = sum((Decimal(str(one)) for one in amounts), Decimal(0))
    return None if made == total else f"the lines that were answered add up to {made}, the source says {total}"
