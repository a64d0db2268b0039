"""Carries the writes of a visit, one at a time; what is under way is kept in State until the engine has its result.

So a visit may break off anywhere: the next one finds the write that was out and asks what became of it first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.quickbooks_desktop import custom_fields, status
from connectors.quickbooks_desktop.entities import LINES, sources
from connectors.quickbooks_desktop.reading import Surroundings
from connectors.quickbooks_desktop.session import Session
from connectors.quickbooks_desktop.shaping import Unfit, elements
from connectors.quickbooks_desktop.texts import safe
from connectors.quickbooks_desktop.writing import APART, CUSTOM, MOST_QUESTIONS, Outcome, Writing
from engine.errors import ContractBroken
from engine.protocol import CustomField, Failed, Failure, Record, Site, Write, Written

log = logging.getLogger("engine.connectors.quickbooks_desktop")

KEY = "writing"
"""In State: the write that is under way."""

FIELDS = "fields_of"
"""In State: by entity, the fields that the engine asks for, so that a written record comes back like a read one."""


@dataclass(slots=True)
class Carrier:
    """The writes of one connection, for the length of one call."""

    site: Site
    session: Session
    now: datetime

    @property
    def writing(self) -> Writing | None:
        """What is under way, from whichever visit."""
        kept = self.site.state.get(KEY)
        return Writing.unpack(kept) if kept else None

    @property
    def busy(self) -> bool:
        """Whether something is under way or waits."""
        return bool(self.session.writes) or self.site.state.get(KEY) is not None

    @property
    def wants_definitions(self) -> bool:
        """Whether the company's custom fields must be known first, and were not read in this visit."""
        wanted = any(fields for fields in self.site.custom_fields.values()) or any(
            name.startswith(CUSTOM) for write in self.session.writes for name in write.values
        )
        return wanted and "definitions" not in self.session.carried

    # ------------------------------------------------------------------------------------------------- going out
    def next(self, version: str) -> str | None:
        """The next message set of a write; "" while it must wait a moment; None if there is none."""
        writing = self.writing or self._begin()
        while writing is not None:
            if writing.writes_next and self._too_soon(writing):
                return ""
            try:
                text = writing.ask(version)
            except Unfit as unfit:
                self._end(writing, Failed(Failure.REFUSED, str(unfit), field=unfit.field))
                writing = self._begin()
                continue
            self._keep(writing)
            return text
        return None

    def _begin(self) -> Writing | None:
        """The next write that can be begun; those that cannot are given back."""
        while self.session.writes:
            write = self.session.writes.pop(0)
            writing = self._prepared(write)
            if isinstance(writing, Writing):
                self._keep(writing)
                return writing
            self.site.work.give(write, writing)
        return None

    def _prepared(self, write: Write) -> Writing | Failed:
        source = sources().get(write.entity)
        change = None if source is None else source.add if write.action == "create" else source.mod
        if source is None or change is None:
            return Failed(Failure.REFUSED, f"{write.entity} cannot be written to QuickBooks.")
        if write.action == "children":
            words = f"The lines of a {write.entity} go in when it is made, not afterwards. Change them in QuickBooks."
            return Failed(Failure.REFUSED, words, field=write.child)
        defined = custom_fields.definitions(self.site.state)
        values = self._without_optional(write, defined)
        names = {CUSTOM.rstrip(".") if name.startswith(CUSTOM) else name for name in write.values}
        fields = tuple(dict.fromkeys([*(self.site.state.get(FIELDS) or {}).get(write.entity, ()), *sorted(names)]))
        asked = fields if fields != tuple(sorted(names)) else ()  # nothing known: ask for all
        writing = Writing(write, key=write.key, fields=asked, wanted=values)
        try:
            writing.plan(values, defined)
            own = {source.entity.key: write.key or "", "EditSequence": "0"} if write.action == "update" else {}
            elements(change.shapes, {**own, **writing.values, **writing.lines})
        except Unfit as unfit:
            return Failed(Failure.REFUSED, str(unfit), field=unfit.field)
        self._note(write)
        if write.action == "create":
            missing = [name for name in change.required if not writing.values.get(name)]
            if missing:
                return Failed(Failure.REFUSED, f"QuickBooks needs {missing[0]} for a new {write.entity}.")
            if source.line and not write.add:  # [assumed: an empty form is not saved]
                words = (
                    f"QuickBooks needs at least one line for a new {write.entity}. Give the mapping children: Lines."
                )
                return Failed(Failure.REFUSED, words, field=LINES)
            writing.stage = "send"
        return writing

    def _without_optional(self, write: Write, defined: custom_fields.Definitions | None) -> Record:
        """The values but for optional custom fields that this company does not have."""
        return without_unknown(self.site.custom_fields.get(write.entity, ()), write.entity, write.values, defined)

    def _note(self, write: Write) -> None:
        """Say which characters QuickBooks cannot hold."""
        for name, value in write.values.items():
            changed = safe(value).changed if isinstance(value, str) else ""
            if changed:
                words = f"{name} of {write.entity} {write.key or ''}".rstrip()
                codes = " ".join(f"U+{ord(one):04X}" for one in changed[:20])
                log.warning("write.respelled", extra={**self._about(write), "what": words, "characters": codes})
                self.session.note = f"QuickBooks cannot hold every character; some were spelt otherwise in {words}."

    def _about(self, write: Write) -> dict[str, str]:
        """A write in the words of the log."""
        said = {"connection": self.site.connection, "entity": write.entity, "action": write.action}
        return {**said, "request": write.id, "origin": write.origin}

    def _too_soon(self, writing: Writing) -> bool:
        kept = self.session.touched.get(writing.object or "")
        moments = [moment for moment in (writing.touched_at, datetime.fromisoformat(kept) if kept else None) if moment]
        return bool(moments) and self.now - max(moments) < APART

    # ---------------------------------------------------------------------------------------------- coming back
    def take(self, response: str, around: Surroundings) -> None:
        """Hand over what the answer to the write under way comes to; Unreadable passes through."""
        writing = self.writing
        if writing is None:
            return
        defined = custom_fields.definitions(self.site.state)
        outcome = writing.take(response, self.now, around, defined)
        if writing.object and writing.touched_at:
            self.session.touched = {writing.object: writing.touched_at.isoformat()}
        self._settle(writing, outcome)

    def _settle(self, writing: Writing, outcome: Outcome) -> None:
        if outcome.query is not None and outcome.page is not None:
            self.site.work.give(outcome.query, outcome.page)
        if outcome.result is None:
            self._keep(writing)
        else:
            self._end(writing, outcome.result)

    def _end(self, writing: Writing, result: Written | Failed) -> None:
        """The engine gets the result first: should we stop in between, it is only asked for again."""
        try:
            self.site.work.give(writing.write, result)
        except ContractBroken:  # the store was replaced meanwhile: nobody waits for it, and it must not come again
            log.exception("write.forgotten", extra=self._about(writing.write))
        self.site.state.put(KEY, None)
        self.session.done += 1
        if isinstance(result, Failed):
            log.warning("write.failed", extra={**self._about(writing.write), "why": result.message})
        else:
            self.session.written += 1

    def call_failed(self, code: str, failed: Failed) -> bool:
        """QuickBooks did not process the message set; whether the visit can go on.

        Only where it could not parse it is that certain for a write: what may have been carried out stays out.
        """
        writing = self.writing
        if writing is None:
            return True
        if status.hresult(code) == status.UNPARSABLE and not writing.recovering:
            self._end(writing, failed)
            return True
        self.broke_off(failed)
        return False

    def broke_off(self, failed: Failed) -> None:
        """No answer can be had in this visit; after a few of them people are told."""
        writing = self.writing
        if writing is None or not writing.recovering or writing.questions < MOST_QUESTIONS:
            return
        doubtful = writing.write.action == "create" and writing.source.is_transaction
        failure = Failure.REFUSED if doubtful else Failure.UNKNOWN
        words = f"QuickBooks does not say what became of a write: {failed.message}"
        self._end(writing, Failed(failure, words, code=failed.code))

    def _keep(self, writing: Writing) -> None:
        self.site.state.put(KEY, writing.pack())


def without_unknown(
    fields: Iterable[CustomField], entity: str, values: Mapping[str, Any], defined: custom_fields.Definitions | None
) -> Record:
    """The values but for optional custom fields that are known not to be there."""
    if defined is None:
        return dict(values)
    known = custom_fields.known(defined, sources()[entity])
    missing = {f"{CUSTOM}{one.name}" for one in fields if one.optional and one.name not in known}
    return {name: value for name, value in values.items() if name not in missing}


def hand_back(site: Site, session: Session) -> None:
    """Writes of which nothing was sent are due again: by the next visit they may be decided otherwise."""
    kept = site.state.get(KEY)
    writing = Writing.unpack(kept) if kept else None
    begun = []
    if writing is not None and not (writing.sent or writing.set_id or writing.recovered):
        begun = [writing.write]
        site.state.put(KEY, None)
    for write in [*begun, *session.writes]:
        site.work.give(write, Failed(Failure.UNSENT, "The visit ended before its turn."))
    session.writes = []


def under_way(site: Site) -> bool:
    """Whether a write of an earlier visit waits for its answer to be asked for."""
    return site.state.get(KEY) is not None
