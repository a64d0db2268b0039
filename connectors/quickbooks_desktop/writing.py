"""One write on its way into QuickBooks: look, send, set custom fields, look again. Kept whole in State between calls.

`ask` gives the next message set, `take` says what its answer comes to; which write goes next is decided in carrier.
A write that was sent and not answered is asked for by its message set id before anything else. [facts 2.6 to 2.8]
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.quickbooks_desktop import custom_fields, receipts, status
from connectors.quickbooks_desktop.custom_fields import Definitions
from connectors.quickbooks_desktop.entities import Source, sources
from connectors.quickbooks_desktop.notation import Shape
from connectors.quickbooks_desktop.qbxml import Answer, Ask, Expected, message_set, read_answers
from connectors.quickbooks_desktop.reading import Reading, Surroundings
from connectors.quickbooks_desktop.shaping import Unfit, elements, means, same_text
from engine.protocol import Child, Failed, Failure, Page, Query, Record, Write, Written

APART = timedelta(seconds=1.1)
"""Between two writes of one object: its EditSequence changes once a second at most. [facts 2.7]"""

MOST_QUESTIONS = 5
"""How often QuickBooks is asked what became of a write."""

REQUEST_ID = "w"
CUSTOM = "custom."


@dataclass(slots=True)
class Outcome:
    """What an answer came to. `result` ends the write; `page` is a fresh record for the engine."""

    result: Written | Failed | None = None
    query: Query | None = None
    page: Page | None = None


@dataclass(slots=True)
class Writing:
    """A write and how far it got."""

    write: Write
    stage: str = "look"
    """`look` reads the record; `send` has the Add or Mod next; `custom` a custom field; `check` reads it again."""
    fields: tuple[str, ...] = ()
    """What a look asks for."""
    key: str | None = None
    sequence: str | None = None
    wanted: Record = field(default_factory=dict)
    """The write's values, but for what this company does not have and need not."""
    values: Record = field(default_factory=dict)
    """What is still to be sent in the Add or Mod: only what differs."""
    custom: dict[str, str] = field(default_factory=dict)
    """The custom fields that are still to be set."""
    done: dict[str, str] = field(default_factory=dict)
    """The custom fields that were set."""
    sent: bool = False
    """Something of it is in QuickBooks."""
    set_id: str = ""
    """The message set that is out and unanswered."""
    number: int = 0
    recovering: bool = False
    recovered: bool = False
    """QuickBooks was asked what became of it, so an outcome is owed."""
    questions: int = 0
    settled: str = ""
    """A message set whose answer QuickBooks need not keep any longer."""
    touched_at: datetime | None = None
    """When the last write of the object was answered."""
    failed: Failed | None = None
    """It failed; a look brings the engine the fresh record first."""

    def pack(self) -> dict[str, Any]:
        """As a JSON-able dict."""
        data = {name: getattr(self, name) for name in self.__slots__}
        touched = self.touched_at.isoformat() if self.touched_at else None
        failed = None
        if self.failed is not None:
            failed = [self.failed.failure.value, self.failed.message, self.failed.code, self.failed.field]
        return {**data, "write": self.write.pack(), "touched_at": touched, "failed": failed}

    @classmethod
    def unpack(cls, data: Mapping[str, Any]) -> Writing:
        """The writing that `pack` made this of."""
        failed = data["failed"]
        return cls(
            **{
                **data,
                "write": Write.unpack(data["write"]),
                "fields": tuple(data["fields"]),
                "number": int(data["number"]),
                "questions": int(data["questions"]),
                "touched_at": datetime.fromisoformat(data["touched_at"]) if data["touched_at"] else None,
                "failed": Failed(Failure(failed[0]), failed[1], failed[2], failed[3]) if failed else None,
            }
        )

    @property
    def source(self) -> Source:
        """Its entity."""
        return sources()[self.write.entity]

    @property
    def object(self) -> str | None:
        """The record, as `Entity/key`; None while it is to be made."""
        return f"{self.write.entity}/{self.key}" if self.key else None

    @property
    def writes_next(self) -> bool:
        """Whether the next message set changes something, so that it must keep its distance."""
        return self.stage in ("send", "custom") and not self.set_id

    # ------------------------------------------------------------------------------------------------- going out
    def ask(self, version: str) -> str:
        """The next message set."""
        if self.set_id:  # it went out before, and no answer came
            self.recovering = self.recovered = True
            self.questions += 1
            return message_set((), version, new=self.set_id, old=self.set_id)
        settled, self.settled = self.settled, ""
        if self.stage in ("look", "check"):
            return message_set([self._reading().ask(1)], version, old=settled)
        self.number += 1
        self.set_id = f"{hashlib.sha256(self.write.id.encode()).hexdigest()[:16]}-{self.number % 1000}"
        return message_set([self._send() if self.stage == "send" else self._set_custom()], version, new=self.set_id)

    @property
    def lines(self) -> Record:
        """The item lines that go in with the Add."""
        given = [{name: value for name, value in one.values.items() if value is not None} for one in self.write.add]
        return {self.source.line: given} if given and self.source.line else {}

    def _reading(self) -> Reading:
        fields = (*self.fields, self.source.line_ret) if self.fields and self.write.add else self.fields
        query = Query(self.write.entity, "keys", fields, keys=(self.key or "",))
        return Reading(query, request_id=REQUEST_ID)

    def _send(self) -> Ask:
        source, name = self.source, self.write.entity
        change, kind = (source.add, "Add") if self.write.action == "create" else (source.mod, "Mod")
        assert change is not None
        own = {} if self.write.action == "create" else {source.entity.key: self.key, "EditSequence": self.sequence}
        inside = elements(change.shapes, {**own, **self.values, **self.lines})
        return Ask(f"{name}{kind}", ((f"{name}{kind}", inside),), {"requestID": REQUEST_ID})

    def _set_custom(self) -> Ask:
        name = next(iter(self.custom))
        return custom_fields.ask_write(self.source, self.key or "", name, self.custom[name], REQUEST_ID)

    # ---------------------------------------------------------------------------------------------- coming back
    def take(self, response: str, now: datetime, around: Surroundings, defined: Definitions | None) -> Outcome:
        """What the answer comes to. Unreadable passes through; then what was out stays out."""
        if self.stage in ("look", "check"):
            return self._take_record(response, now, around, defined)
        receipt = receipts.read_receipt(response)
        set_id, self.set_id = self.set_id, ""
        if self.recovering and receipt.code is None:
            return self._unanswered(receipt, set_id)
        self.recovering = False
        if receipt.code is None:
            return self._fail(Failed(Failure.RETRY, "QuickBooks left a request unanswered."))
        self.settled = set_id
        if not status.is_answer(receipt.code):
            return self._refused(receipt)
        self.sent, self.touched_at = True, now
        if self.stage == "send":
            self.key, self.values = receipt.key or self.key, {}
        else:
            name = next(iter(self.custom))
            self.done[name] = self.custom.pop(name)
        self.stage = "custom" if self.custom else "check"
        return Outcome() if self.key else Outcome(Failed(Failure.REFUSED, self._doubtful()))

    def _unanswered(self, receipt: receipts.Receipt, set_id: str) -> Outcome:
        """QuickBooks has no answer to an earlier attempt: for a change the record itself says what became of it."""
        self.recovering = False
        if self.key:
            self.stage = "look"
            return Outcome()
        if receipt.set_code == receipts.NOTHING_KEPT or not self.source.is_transaction:
            # it never arrived; and a name that is there already would be refused (3100)
            return Outcome(Failed(Failure.RETRY, "QuickBooks never got the request; it is made again."))
        return Outcome(Failed(Failure.REFUSED, self._doubtful(), code=str(receipt.set_code)))

    def _doubtful(self) -> str:
        return (
            f"QuickBooks does not say whether it made the {self.write.entity}. Look for it there; if it is missing, "
            "release this record to have it made again."
        )

    def _refused(self, receipt: receipts.Receipt) -> Outcome:
        code = receipt.code or 0
        failed = status.failed(code, receipt.text, self.write.entity)
        if self.stage == "custom" and failed.failure in (Failure.GONE, Failure.REFUSED):
            name = next(iter(self.custom))
            words = f"{custom_fields.unknown(name, self.source)} QuickBooks said: {receipt.text}"
            if code not in (status.OBJECT_NOT_FOUND, status.WRONG_OBJECT):
                words = failed.message
            return self._fail(Failed(Failure.REFUSED, words, code=str(code), field=f"{CUSTOM}{name}"))
        return self._fail(failed)

    def _fail(self, failed: Failed) -> Outcome:
        """The end; where the record may be other than the engine knows it, with a look before."""
        if self.key and (self.sent or failed.failure is Failure.STALE):
            self.failed, self.stage = failed, "look"
            return Outcome()
        return Outcome(failed)

    # --------------------------------------------------------------------------------------------------- a look
    def _take_record(self, response: str, now: datetime, around: Surroundings, defined: Definitions | None) -> Outcome:
        reading = self._reading()
        expected: dict[str, Expected] = {REQUEST_ID: reading.expected()}
        answer: Answer | None = next(iter(read_answers(response, expected)), None)
        if answer is None:
            return self._no_record(Failed(Failure.RETRY, "QuickBooks left a request unanswered."))
        read = reading.take(answer, now, around)
        if read.failed is not None:
            return self._no_record(read.failed)
        found = [one for page in read.pages for one in page.found]
        page = Page(found, done=True, read_at=now) if found else Page(missing=(self.key or "",), done=True, read_at=now)
        seen = Outcome(query=reading.query, page=page)
        if self.failed is not None:
            seen.result = self.failed
        elif self.stage == "check":
            seen.query = seen.page = None  # the result carries the record itself
            seen.result = self._check(found[0].record if found else {})
        elif not found:
            seen.result = Failed(Failure.GONE, f"The {self.write.entity} is not in QuickBooks any more.")
        else:
            seen.result = self._compare(found[0].record, defined)
            if not isinstance(seen.result, Failed):
                seen.query = seen.page = None
        return seen

    def _no_record(self, failed: Failed) -> Outcome:
        if self.failed is not None:
            return Outcome(self.failed)
        if self.stage == "check" and not self.done:
            return Outcome(self._written({}))
        return Outcome(failed)

    def _compare(self, record: Record, defined: Definitions | None) -> Written | Failed | None:
        """Decide again from what is there: stale, nothing left to do, or (None) what differs is sent."""
        shapes = {shape.name: shape for shape in self.source.shapes}
        for path, expected in self.write.expected.items():
            sides = (expected, self.wanted.get(path))  # ours may be there already, from an attempt that broke off
            if path in self.wanted and not any(_means(shapes, path, side, record) for side in sides):
                words = f"Somebody changed {path} in QuickBooks meanwhile; it is decided again."
                return Failed(Failure.STALE, words, field=path)
        differing = {path: value for path, value in self.wanted.items() if not _means(shapes, path, value, record)}
        try:
            self.plan(differing, defined)
        except Unfit as unfit:
            return Failed(Failure.REFUSED, str(unfit), field=unfit.field)
        if not self.values and not self.custom:
            return Written(self.key or "", record)
        if self.recovered:  # time has passed, and other things may be true now: the engine decides on this look
            words = f"QuickBooks never got a change of {self.write.entity}, or only a part; it is decided again."
            return Failed(Failure.STALE, words)
        self.sequence = str(record.get("EditSequence") or "")
        self.stage = "send" if self.values else "custom"
        return None

    def plan(self, values: Mapping[str, Any], defined: Definitions | None) -> None:
        """What goes into the Add or Mod and what by custom fields; Unfit for what QuickBooks cannot take."""
        known = custom_fields.known(defined, self.source) if defined is not None else {}
        self.values = {name: value for name, value in values.items() if not name.startswith(CUSTOM)}
        named = {name.removeprefix(CUSTOM): value for name, value in values.items() if name.startswith(CUSTOM)}
        self.custom = {}
        for name, value in named.items():
            if defined is not None and name not in known:
                raise Unfit(f"{CUSTOM}{name}", custom_fields.unknown(name, self.source))
            self.custom[name] = custom_fields.text_of(name, value, known.get(name))

    def _check(self, record: Record) -> Written | Failed:
        """Custom fields are answered without an id, so only reading them again shows that they are there."""
        there = record.get("custom") or {}
        for name, text in self.done.items():
            if record and not same_text(text, there.get(name)):
                words = f"QuickBooks took '{name}' and does not show it. Add the field to the form's template there."
                return Failed(Failure.REFUSED, words, field=f"{CUSTOM}{name}")
        return self._written(record)

    def _written(self, record: Record) -> Written:
        """The end that was meant. Lines that were not read back are ours all the same: they came with the record."""
        there = [one.get("TxnLineID") for one in record.get(self.source.line_ret) or ()]
        keys = there if len(there) == len(self.write.add) else [None] * len(self.write.add)
        lines = tuple(Child(one.ref, key, one.values) for one, key in zip(self.write.add, keys, strict=True))
        return Written(self.key or "", record, children=lines)


def _means(shapes: Mapping[str, Shape], path: str, value: Any, record: Record) -> bool:
    if path.startswith(CUSTOM):
        return same_text(value, (record.get("custom") or {}).get(path.removeprefix(CUSTOM)))
    shape = shapes.get(path)
    return means(shape, value, record.get(path)) if shape is not None else bool(value == record.get(path))
