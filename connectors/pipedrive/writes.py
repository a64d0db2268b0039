"""One create or update of a record: everything goes in one request, identity included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.protocol import CustomField, Entity, Failed, Failure, Result, Write, Written

from . import composed, custom, identity, root_custom, shapes
from .account import Account
from .entities import catalogue, custom_owner, identity_in, is_key, owner_of_options
from .fields import CHOICES, AccountField
from .status import Stopped, misconfigured, refused

_CUSTOM = "custom."


def carry(account: Account, write: Write) -> Result:
    """Carries a create or an update of anything but an option."""
    try:
        return _carry(account, write)
    except Stopped as stopped:
        return _naming_the_field(account, write, stopped.failed)


def _carry(account: Account, write: Write) -> Written:
    entity = catalogue()[write.entity]
    if not (entity.creates if write.action == "create" else entity.updates) or owner_of_options(write.entity):
        raise refused(f"Pipedrive's {write.entity} is read only here.")
    there = composed.there_already(account, entity, write)
    if there is not None:
        return Written(str(there[entity.key]), account.answered(entity.name, there).record)
    try:
        answer = _send(account, entity, write)
    except Stopped as stopped:
        if not _unknown_key(stopped):
            raise
        account.fields.forget(
            custom_owner(entity.name)
        )  # a field was deleted since we read the list: certainly not carried out
        answer = _send(account, entity, write)
    found = account.answered(entity.name, answer)
    return Written(found.key, found.record, found.identity, stamp=found.stamp)


def _send(account: Account, entity: Entity, write: Write) -> Mapping[str, Any]:
    body = _body(account, entity, write)
    if write.action == "create":
        return account.client.send(f"{entity.name}.create", body=body).data  # type: ignore[no-any-return]
    place = {"id": _key(write)}
    return account.client.send(f"{entity.name}.update", place=place, body=body).data  # type: ignore[no-any-return]


def _body(account: Account, entity: Entity, write: Write) -> dict[str, Any]:
    creating = write.action == "create"
    values = {name: account.text_of(value) for name, value in write.values.items()}
    body = shapes.body(
        entity, {k: v for k, v in values.items() if not k.startswith(_CUSTOM)}, creating, account.moment(entity.name)
    )
    if entity.custom:
        hashes = _custom(account, entity, write, values)
        if hashes and custom_owner(entity.name) != entity.name:  # v1: at the root
            body |= root_custom.write(account.fields.known(custom_owner(entity.name)).by_code, hashes)
        elif hashes:
            body["custom_fields"] = hashes
    if entity.name == "deal" and values.get("stage"):
        body["stage_id"] = int(account.stages.find(str(values["stage"])))
    body |= composed.parts(account, write, values)
    text = identity_in(entity.name)
    if text is not None:
        body |= _content(account, write, values, text)
    return composed.without_what_is_composed(entity.name, body)


def _custom(account: Account, entity: Entity, write: Write, values: Mapping[str, Any]) -> dict[str, Any]:
    """Hash -> wire value, of the custom fields and the identity lines."""
    if not write.identity and not any(path.startswith(_CUSTOM) for path in values):
        return {}
    owner = custom_owner(entity.name)
    known = account.fields.prepare(owner, account.settings.identity_field)
    currency = account.currency_of({**write.expected, **values}, entity.name, write.key)
    hashes: dict[str, Any] = {}
    for path, value in values.items():
        if not path.startswith(_CUSTOM):
            continue
        name = path.removeprefix(_CUSTOM)
        field = known.find(name)
        wanted = account.fields.wanted(owner, name)
        if value and _grows(wanted, field):
            field, value = account.fields.chosen(owner, name, value)
        if field is None and (wanted is None or not wanted.optional) and value is not None:
            raise misconfigured(f"Pipedrive's {owner} has no custom field '{name}'.", "unknown-field")
        if field is not None and not (value is None and write.action == "create"):
            hashes[field.code] = custom.write(field, value, currency)
    if write.identity:
        ours = known.find(account.settings.identity_field)
        if ours is None:
            raise misconfigured(f"The custom field '{account.settings.identity_field}' could not be made.")
        hashes[ours.code] = identity.to_field(write.identity)
    return hashes


def _grows(wanted: CustomField | None, field: AccountField | None) -> bool:
    """Whether options may be added: only to a field that the mappings write as one of options."""
    if wanted is None or wanted.type != "enum":
        return False
    return field.type in CHOICES if field is not None else not wanted.optional


def _content(account: Account, write: Write, values: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The text with the identity at its end: what an update does not bring is kept from what is there."""
    lines, content = write.identity, values.get(text)
    if write.action == "update" and ((text in values) != bool(lines)):
        there = account.client.send(f"{write.entity}.get", place={"id": _key(write)}).data.get(text) or ""
        lines = lines or identity.from_note(there)
        content = content if text in values else there
    elif text not in values and not lines:
        return {}
    add = identity.to_text if write.entity == "task" else identity.to_note
    return {text: add(str(content or ""), lines)}


def _key(write: Write) -> str:
    if write.key is None or not is_key(write.entity, write.key):
        raise refused(f"'{write.key}' is no Pipedrive id.")
    return write.key


def _unknown_key(stopped: Stopped) -> bool:
    """Whether a custom field's key was refused: by v2 as an unknown key, by v1 as a root key that is not allowed."""
    message = stopped.failed.message.lower()
    at_root = "not allowed" in message and root_custom.code_in(message)
    return stopped.status == 400 and ("unknown key" in message or at_root)


def _naming_the_field(account: Account, write: Write, failed: Failed) -> Failed:
    """The failure with a custom field's name in the place of its key."""
    entity = catalogue()[write.entity]
    if failed.failure is not Failure.REFUSED or not entity.custom:
        return failed
    try:
        fields = account.fields.known(custom_owner(entity.name)).fields
    except Stopped:
        return failed
    for field in fields:
        if field.code in failed.message:
            message = failed.message.replace(field.code, f"'{field.name}'")
            return Failed(failed.failure, message, failed.code, f"{_CUSTOM}{field.name}", failed.again_after)
    return failed
