"""Options of custom fields as records: asked for from the field list, added several at a time, renamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.protocol import Failed, Failure, Found, Page, Query, Result, Write, Written

from .account import Account
from .entities import owner_of_options
from .fields import CHOICES, AccountField
from .status import Stopped, refused


def pages(account: Account, query: Query) -> Iterator[Page]:
    """Every option of every field of one or several choices, read anew; by keys those asked for."""
    read_at = account.clock()
    fields = account.fields.reread(_owner(query.entity), unless_younger=query.kind == "keys").unique.values()
    found = [
        Found(one["key"], one)
        for field in fields
        if field.type in CHOICES
        for one in (_record(field, number, label) for number, label in field.options)
    ]
    if query.kind == "keys":
        found = [one for one in found if one.key in query.keys]
    held = {one.key for one in found}
    missing = tuple(key for key in query.keys if key not in held) if query.kind == "keys" else ()
    yield Page(found, missing=missing, done=True, cursor=read_at.isoformat(), read_at=read_at)


def create(account: Account, writes: Sequence[Write]) -> Iterator[tuple[Write, Result]]:
    """Adds options, all of one field in one call. A label that is there already is taken for the one that was asked.

    So an option whose answer never came is not made twice, and neither is one that a person made.
    """
    fields: dict[tuple[str, str], list[Write]] = {}
    for write in writes:
        name, label = (str(write.values.get(one) or "").strip() for one in ("field", "label"))
        if not name or not label:
            yield write, Failed(Failure.REFUSED, "An option needs 'field' and 'label'.", field="label")
            continue
        fields.setdefault((_owner(write.entity), name), []).append(write)
    for (owner, name), wanted in fields.items():
        try:
            field = account.fields.choice(owner, name, [str(one.values["label"]).strip() for one in wanted])
        except Stopped as stopped:
            yield from ((one, stopped.failed) for one in wanted)
            continue
        yield from ((one, _written(field, field.option(str(one.values["label"]).strip()))) for one in wanted)


def rename(account: Account, write: Write) -> Result:
    """Gives an option its new label (5 tokens); one that has it already costs nothing."""
    try:
        name, _, number = (write.key or "").rpartition("/")
        field = account.fields.known(_owner(write.entity)).find(name)
        label = str(write.values.get("label") or "").strip()
        if field is None or field.type not in CHOICES:
            return Failed(Failure.GONE, f"Pipedrive no longer has the list '{name}'.")
        if str(write.values.get("field") or name) != name:
            raise refused("An option cannot move to another field.", "field")
        if label and field.label(number) != label:
            field = account.fields.rename_option(_owner(write.entity), field, number, label)
        return _written(field, number)
    except Stopped as stopped:
        return stopped.failed


def _owner(entity: str) -> str:
    owner = owner_of_options(entity)
    if owner is None:
        raise refused(f"{entity} has no options.")
    return owner


def _record(field: AccountField, number: str, label: str) -> dict[str, str]:
    return {"key": f"{field.name}/{number}", "field": field.name, "label": label}


def _written(field: AccountField, number: str | None) -> Result:
    label = field.label(number) if number is not None else None
    if number is None or label is None:
        return Failed(Failure.RETRY, f"Pipedrive did not say the id of a new option of '{field.name}'.")
    record = _record(field, number, label)
    return Written(record["key"], record)
