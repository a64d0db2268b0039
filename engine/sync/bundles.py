"""From leased rows to units: which source records make which target, and which rows settle before any mapping."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import Element, NotRead
from engine.store.links import Link
from engine.store.work import WorkRow
from engine.sync import linking, merging
from engine.sync.batch import Batch, Held
from engine.sync.receiver import waiting_for
from engine.sync.unit import Ended, Member, Settled, Unit, parked, skipped, waiting


@dataclass(slots=True)
class Bundle:
    """Rows that finish together, with the units that they ask for; or how they settle without any."""

    mapping: CompiledMapping
    rows: list[WorkRow]
    units: list[Unit] = field(default_factory=list)
    settled: Settled | None = None


def bundles(batch: Batch, mapping: CompiledMapping, rows: Sequence[WorkRow]) -> Iterator[Bundle]:
    """The bundles of one mapping's leased rows."""
    batch.fetch(mapping.source, [row.source_key for row in rows])
    if mapping.is_one_per:
        yield from _grouped(batch, mapping, rows)
        return
    links = _links(batch, mapping, rows)
    for row in rows:
        bundle = Bundle(mapping, [row])
        try:
            held = _usable(batch, mapping, row)
            bundle.units = _units(batch, mapping, row, held, links.get(row.source_key, []))
        except Settled as settled:
            bundle.settled = settled
        yield bundle


def _links(batch: Batch, mapping: CompiledMapping, rows: Sequence[WorkRow]) -> dict[str, list[Link]]:
    """The links of each row: of the record, of its elements, or (for linked ones) those that point at it."""
    keys = [row.source_key for row in rows]
    name = batch.connection.name
    if mapping.for_linked:
        return batch.tx.links.by_target(name, mapping.source, keys, source=mapping.target)
    return batch.tx.links.by_record(name, mapping.source, mapping.target, keys)


def _usable(batch: Batch, mapping: CompiledMapping, row: WorkRow) -> Held:
    """The row's record, complete with what it needs from other records."""
    held = batch.get(mapping.source, row.source_key)
    if held is None:
        raise skipped("it was never read")
    if held.lacks is not None and held.snapshot.gone is None:
        entity, key = held.lacks
        ref = (mapping.source[0], entity)
        if batch.get(ref, key) is not None:
            raise skipped(f"it names {entity} {key}, which is not in the source system")
        batch.tx.wanted.add(batch.connection.name, *ref, [key], f"named by {mapping.source[1]}", batch.now)
        raise waiting(f"{entity} {key} has not been read yet", [(waiting_for(ref), key)])
    return held


def ended(batch: Batch, mapping: CompiledMapping, held: Held) -> Ended | None:
    """Whether, and how, a source record is gone."""
    if held.snapshot.gone is not None:
        return "deleted"
    voids = batch.connection.entity(mapping.source).voids
    return "voided" if voids and held.record.get(voids) is True else None


def _units(batch: Batch, mapping: CompiledMapping, row: WorkRow, held: Held, links: Sequence[Link]) -> list[Unit]:
    if mapping.for_linked:
        return _backward(mapping, row, held, links)
    how = ended(batch, mapping, held)
    if mapping.is_each:
        return _each(mapping, row, held, links, how)
    own = next((link for link in links if link.source_key == row.source_key), None)
    if own is not None and own.role == "same_as" and (how is not None or mapping.same_as(held.record) is None):
        raise merging.alias()
    if how == "deleted" and own is not None and own.gone is None:
        merged = merging.swallowed(batch, mapping, row, held, own)
        if merged is not None:
            raise merged
    if how is None and (parent := mapping.same_as(held.record)) is not None:
        raise _same_as(batch, mapping, row, parent, own)
    element = mapping.elements(held.record)[0] if held.record else Element(row.source_key, {}, {})
    member = Member(row.source_key, element, held.snapshot, own, how)
    if how is not None:
        return [_ended(mapping, [row], [member])]
    _leave_out(mapping, member)
    return [Unit(mapping, [row], [member], target_key=own.target_key if own else None)]


def _leave_out(mapping: CompiledMapping, member: Member) -> None:
    reason = mapping.left_out(member.element, member.link is not None)
    if reason is None:
        return
    if member.link is not None:
        raise Settled("done", "left alone", f"linked, but {reason}", step="map")
    raise skipped(reason)


def _ended(mapping: CompiledMapping, rows: Sequence[WorkRow], members: Sequence[Member]) -> Unit:
    """Every member is gone; the rule for it is applied once, to the target of the first one."""
    linked = [one for one in members if one.link is not None and one.link.role == "own"]
    if not linked:
        raise skipped(f"{members[0].ended} before it was linked")
    open_ends = [one for one in linked if one.link is not None and one.link.gone is None]
    if not open_ends:
        raise Settled("done", "gone", f"{members[0].ended}; its target was told")
    first = open_ends[0]
    assert first.link is not None  # chosen so above
    return Unit(mapping, rows, [], leaving=open_ends[1:], ended=first, target_key=first.link.target_key)


def _each(mapping: CompiledMapping, row: WorkRow, held: Held, links: Sequence[Link], how: Ended | None) -> list[Unit]:
    """One unit for each element, and one for each link whose element has vanished."""
    try:
        elements = [] if how is not None else list(mapping.elements(held.record))
    except NotRead as problem:
        raise parked(str(problem), "M120", "map") from problem
    by_key = {link.source_key: link for link in links}
    units = []
    for element in elements:
        link = by_key.get(element.key)
        if mapping.left_out(element, link is not None) is None or element.problem:
            member = Member(element.key, element, held.snapshot, link)
            units.append(Unit(mapping, [row], [member], target_key=link.target_key if link else None))
    present = {element.key for element in elements}
    for link in links:
        if link.source_key not in present and link.gone is None and "#" not in link.source_key:
            element = Element(link.source_key, {"record": held.record}, held.record)
            member = Member(link.source_key, element, held.snapshot, link, how or "gone")
            units.append(Unit(mapping, [row], [], ended=member, target_key=link.target_key))
    if not units:
        raise skipped(f"{how} before it was linked" if how else "nothing in it concerns this mapping")
    return [replace(unit, alone=len(units) == 1) for unit in units]


def _backward(mapping: CompiledMapping, row: WorkRow, held: Held, links: Sequence[Link]) -> list[Unit]:
    """`for: linked`: one unit for each living record that made this one."""
    living = [link for link in links if link.gone is None and link.role == "own"]
    if not living:
        raise skipped(f"no {mapping.target[1]} made it")
    element = mapping.elements(held.record)[0]
    return [
        Unit(
            mapping, [row], [Member(row.source_key, element, held.snapshot, link)],
            target_key=link.source_key, alone=len(living) == 1,
        )
        for link in living
    ]  # fmt: skip


def _same_as(batch: Batch, mapping: CompiledMapping, row: WorkRow, parent: str, own: Link | None) -> Settled:
    """A record that shares its parent's link and writes nothing."""
    resolved = batch.resolve(mapping.name, parent)
    if resolved.state != "linked" or resolved.key is None:
        if resolved.state == "never":
            batch.tx.wanted.add(batch.connection.name, *mapping.source, [parent], "named as parent", batch.now)
        return waiting(resolved.reason or f"{parent} is not linked yet", [(mapping.name, parent)])
    if own is None or own.target_key != resolved.key:
        shared = linking.link(mapping.source, row.source_key, mapping.target, resolved.key, batch.now, role="same_as")
        batch.tx.links.put(batch.connection.name, [shared])
        batch.tx.waits.wake(batch.connection.name, [(mapping.name, row.source_key)], batch.now)
    return Settled("done", "same as", f"shares the link of {parent}", step="link", waits=[(mapping.name, parent)])


# ------------------------------------------------------------------------------------------------------ one_per
def _grouped(batch: Batch, mapping: CompiledMapping, rows: Sequence[WorkRow]) -> Iterator[Bundle]:
    """Rows of one group make one target together, with those linked before."""
    groups: dict[str, list[WorkRow]] = defaultdict(list)
    for row in rows:
        try:
            held = _usable(batch, mapping, row)
        except Settled as settled:
            yield Bundle(mapping, [row], settled=settled)
            continue
        groups[_group(mapping, row, held)].append(row)
    name = batch.connection.name
    linked = batch.tx.links.by_group(name, mapping.source, mapping.target, list(groups))
    own = batch.tx.links.by_source(name, mapping.source, mapping.target, [row.source_key for row in rows])
    batch.fetch(mapping.source, [link.source_key for links in linked.values() for link in links])
    for group, members in groups.items():
        yield from _group_bundle(batch, mapping, group, members, linked.get(group, []), own)


def _group(mapping: CompiledMapping, row: WorkRow, held: Held) -> str:
    if not held.record and row.group is not None:
        return row.group
    return mapping.group(held.record) or row.source_key


def _group_bundle(
    batch: Batch,
    mapping: CompiledMapping,
    group: str,
    rows: list[WorkRow],
    linked: Sequence[Link],
    own: dict[str, Link],
) -> Iterator[Bundle]:
    """One bundle for the group; rows that cannot take part settle in bundles of their own."""
    members: dict[str, Member] = {}
    for link in linked:
        held = batch.get(mapping.source, link.source_key)
        if held is None or (held.lacks is not None and held.snapshot.gone is None):
            # Without this one the sum would be wrong, so the whole group waits for it.
            reason = f"{mapping.source[1]} {link.source_key} of the same group cannot be read yet"
            yield Bundle(mapping, rows, settled=waiting(reason, [(waiting_for(mapping.source), link.source_key)]))
            return
        members[link.source_key] = _member(batch, mapping, link.source_key, held, link)
    taking: list[WorkRow] = []
    for row in rows:
        held = batch.get(mapping.source, row.source_key)
        assert held is not None  # _usable saw it
        mine = own.get(row.source_key)
        try:
            member = _member(batch, mapping, row.source_key, held, mine)
            if mine is not None and mine.group is not None and mine.group != group and member.ended is None:
                raise parked(
                    "what groups it has changed since it was linked", "M110", "match", was=mine.group, now=group
                )
            if mine is None and member.ended is None:
                _leave_out(mapping, member)
            elif mine is None:
                raise skipped(f"{member.ended} before it was linked")
            members[row.source_key] = member
            taking.append(row)
        except Settled as settled:
            members.pop(row.source_key, None)
            yield Bundle(mapping, [row], settled=settled)
    if taking:
        bundle = Bundle(mapping, taking)
        try:
            bundle.units = [_group_unit(batch, mapping, group, taking, list(members.values()))]
        except Settled as settled:
            bundle.settled = settled
        yield bundle


def _member(batch: Batch, mapping: CompiledMapping, key: str, held: Held, link: Link | None) -> Member:
    how = ended(batch, mapping, held)
    element = mapping.elements(held.record)[0] if held.record else Element(key, {}, {})
    return Member(key, element, held.snapshot, link, how)


def _group_unit(
    batch: Batch, mapping: CompiledMapping, group: str, rows: Sequence[WorkRow], members: Sequence[Member]
) -> Unit:
    """The primary is the first one linked; those not linked yet follow by date and key."""
    date = batch.connection.entity(mapping.source).date
    living = [one for one in members if one.ended is None]
    if not living:
        return _ended(mapping, rows, members)
    linked = [one for one in living if one.link is not None and one.link.gone is None]
    fresh = [one for one in living if one.link is None or one.link.gone is not None]
    fresh.sort(key=lambda one: (str(one.element.record.get(date or "") or ""), one.source_key))
    leaving = [one for one in members if one.ended is not None and one.link is not None and one.link.gone is None]
    target = next((one.link.target_key for one in (*linked, *leaving) if one.link is not None), None)
    return Unit(mapping, rows, [*linked, *fresh], leaving=leaving, target_key=target, group=group)
