"""The account's custom fields by name: what is there, and making what is missing. Values are `custom`'s business.

Names are not unique and keys are opaque and differ per account [facts: Pipedrive 4, 5], so a name that two fields bear
is nobody's: it stops what uses it, naming both keys.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from engine.protocol import CustomField, Failed, Failure, Option, State

from .client import Client
from .entities import owner_of_options
from .renamed import followed
from .status import Stopped, misconfigured, not_sent, refused

logger = logging.getLogger(__name__)

_RENAMED = (
    "The custom field '%s' of %s is called '%s' in Pipedrive now. It goes on being filled; "
    "put the new name into the mappings, or the old one back in Pipedrive."
)
CHOICES = frozenset({"enum", "set"})
SHORT_TEXT = 255
"""Characters that a varchar field holds [facts: Pipedrive 4]."""
KEPT_FOR = timedelta(days=1)
MAKING = timedelta(minutes=2)
"""How long one process has the making of fields to itself."""
SETTLES = timedelta(seconds=10)
"""How long a call whose answer was cut off may still be carried out."""
REREAD_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AccountField:
    """A custom field as the account has it."""

    code: str
    """Its opaque key."""
    name: str
    type: str
    """Pipedrive's: varchar, text, double, monetary, date, enum, set ..."""
    options: tuple[tuple[str, str], ...] = ()
    """(id, label) of an enum or set."""
    called: str = ""
    """Its name in Pipedrive, where `name` is the one that mappings know it by (see `renamed`)."""

    def label(self, option: str) -> str | None:
        """The label of an option's id."""
        return next((label for id_, label in self.options if id_ == option), None)

    def option(self, label: str) -> str | None:
        """The id of a label: as it is written, else without regard to case and outer blanks."""
        exact = next((id_ for id_, known in self.options if known == label), None)
        return exact or next((id_ for id_, known in self.options if _alike(known) == _alike(label)), None)


class Known:
    """The custom fields of one entity at one time."""

    def __init__(self, entity: str, fields: Sequence[AccountField], read_at: datetime) -> None:
        self.entity = entity
        self.fields = tuple(fields)
        self.read_at = read_at
        self.by_code = {one.code: one for one in fields}
        names = Counter(one.name for one in fields)
        self.unique = {one.name: one for one in fields if names[one.name] == 1}
        """Field by name, without names that several bear."""

    def find(self, name: str) -> AccountField | None:
        """The field of that name, or None. Raises Stopped (CONFIGURATION) where several bear it."""
        if name in self.unique:
            return self.unique[name]
        same = [one for one in self.fields if one.name == name] or [
            one for one in self.fields if _alike(one.name) == _alike(name)
        ]
        if len(same) > 1:
            keys = " and ".join(one.code for one in same)
            raise misconfigured(
                f"{len(same)} custom fields of {self.entity} are called '{name}' (keys {keys}). "
                "Rename all but one in Pipedrive.",
                "duplicate-field",
            )
        return same[0] if same else None

    def having(self, field: AccountField, at: datetime | None = None) -> Known:
        """With this field added, or in the place of the one with its key; as of that moment."""
        others = [one for one in self.fields if one.code != field.code]
        return Known(self.entity, [*others, field], at or self.read_at)


DECIDED = timedelta(minutes=1)
"""How long after it was decided a write is carried, at most."""


class Fields:
    """Custom fields of one account, kept in memory and in the shared state for a day."""

    def __init__(
        self,
        client: Client,
        state: State,
        clock: Callable[[], datetime],
        wanted: Mapping[str, Sequence[CustomField]],
        identity_field: str,
    ) -> None:
        self._client = client
        self._state = state
        self._clock = clock
        self._wanted = wanted
        self._identity_field = identity_field
        self._told: set[str] = set()
        self._lock = threading.RLock()
        self._memory: dict[str, Known] = {}
        self._prepared: set[str] = set()
        self._renamed: dict[tuple[str, str, str], tuple[str, datetime]] = {}
        """Options that we have just renamed: entity, field and old label -> the new one, and when."""
        self._me = uuid.uuid4().hex

    def wanted(self, entity: str, name: str) -> CustomField | None:
        """What the mappings say about a field of that name."""
        return next((one for one in self._wanted.get(entity, ()) if one.name == name), None)

    def known(self, entity: str, ahead: timedelta = timedelta(0)) -> Known:
        """The fields as last read, at most a day (less `ahead`) ago. Raises Stopped where they cannot be read."""
        with self._lock:
            held = self._memory.get(entity)
            if held is None or self._clock() - held.read_at >= KEPT_FOR - ahead:
                held = self._stored(entity)
            if held is None or self._clock() - held.read_at >= KEPT_FOR - ahead:
                held = self.reread(entity)
            return held

    def held(self, entity: str) -> Known | None:
        """The fields as this process knows them, however old that is; None where it knows nothing."""
        with self._lock:
            return self._memory.get(entity) or self._stored(entity)

    def _stored(self, entity: str) -> Known | None:
        """What this or another process read last."""
        stored = self._state.get(_key(entity))
        if stored is None:
            return None
        fields = [AccountField(**{**one, "options": _pairs(one["options"])}) for one in stored["fields"]]
        self._memory[entity] = Known(entity, self._followed(entity, fields), datetime.fromisoformat(stored["read_at"]))
        return self._memory[entity]

    def _followed(self, entity: str, fields: Sequence[AccountField]) -> Sequence[AccountField]:
        """The fields by the names that mappings know them by; says so where Pipedrive calls one something else."""
        fields = [replace(one, name=one.called or one.name, called="") for one in fields]
        remembered = self._state.get(_names_key(entity)) or {}
        alias = followed(remembered, {one.code: one.name for one in fields}, self._names(entity))
        for one in fields:
            if one.code in alias and one.code not in self._told:
                self._told.add(one.code)
                told = {"entity": entity, "field": alias[one.code], "called": one.name}
                logger.warning("field.renamed", extra={**told, "why": _RENAMED % (alias[one.code], entity, one.name)})
        return [replace(one, name=alias[one.code], called=one.name) if one.code in alias else one for one in fields]

    def _names(self, entity: str) -> frozenset[str]:
        return frozenset((self._identity_field, *(one.name for one in self._wanted.get(entity, ()))))

    def _remember(self, known: Known) -> None:
        """Which key stands behind each name that mappings write; kept for good."""
        found = {name: known.unique[name].code for name in sorted(self._names(known.entity)) if name in known.unique}
        key = _names_key(known.entity)
        held = self._state.get(key) or {}
        if not found.items() <= held.items():
            self._state.change(key, lambda there: {**(there or {}), **found})

    def renamed(self) -> Sequence[str]:
        """A sentence for each field that is called something else in Pipedrive now; asks nobody."""
        held = [known for entity in self._wanted if (known := self.held(entity))]
        return [_RENAMED % (one.name, known.entity, one.called) for known in held for one in known.fields if one.called]

    def reread(self, entity: str, unless_younger: bool = False) -> Known:
        """Reads the list anew (10 tokens), or takes one that is younger than a minute, whichever process read it."""
        with self._lock:
            held = self._stored(entity) if unless_younger else None  # another process may just have made a field
            if held is not None and self._clock() - held.read_at < REREAD_AFTER:
                return held
            self._prepared.discard(entity)
            read_at, fields, cursor = self._clock(), list[AccountField](), None
            while True:
                query = {"limit": "500"} | ({"cursor": cursor} if cursor else {})
                answer = self._client.send(f"{entity}.fields", query=query)
                fields += [_account_field(one) for one in answer.data if one.get("is_custom_field")]
                cursor = answer.cursor
                if cursor is None:
                    return self._keep(Known(entity, self._followed(entity, fields), read_at))

    def forget(self, entity: str) -> None:
        """The list proved wrong (an unknown key): the next look reads it."""
        with self._lock:
            self._memory.pop(entity, None)
            self._prepared.discard(entity)
            self._state.put(_key(entity), None)

    def prepare(self, entity: str, identity_field: str) -> Known:
        """The fields, once those that the mappings write are there, with every option that they name.

        Raises Stopped: CONFIGURATION for two of one name or where Pipedrive takes no more fields.
        """
        wanted = [CustomField(identity_field, "text"), *self._wanted.get(entity, ())]
        with self._lock:
            known = self.known(entity)
            if entity in self._prepared:
                return known
            if any(_lacking(known, one) for one in wanted):
                known = self._make(entity, wanted)
            self._prepared.add(entity)
            return known

    def label_of(self, option: Option, ask: bool = True) -> str:
        """The text of a link to a record: an option's label, another entity's key.

        Without `ask` nobody is asked. Raises Stopped (REFUSED) for an option that is not there.
        """
        owner = owner_of_options(option.entity)
        if owner is None:
            return option.key
        name, _, number = option.key.rpartition("/")
        for look in (self.known, self._stored, self.reread if ask else self._stored):
            known = look(owner)
            field = known.find(name) if known is not None else None
            label = field.label(number) if field is not None else None
            if label is not None:
                return label
        raise refused(f"'{name}' no longer has the option {number}.")

    def chosen(self, entity: str, name: str, value: Any) -> tuple[AccountField, Any]:
        """The field with what is chosen in it; options that are missing are made.

        A write that was decided before an option was renamed calls it by its old label, and means the new one.
        """
        with self._lock:
            labels = [str(one).strip() for one in (value if isinstance(value, list) else [value])]
            labels = [self._called_now(entity, name, one) for one in labels]
            return self.choice(entity, name, labels), labels if isinstance(value, list) else labels[0]

    def _called_now(self, entity: str, name: str, label: str) -> str:
        new, at = self._renamed.get((entity, name, label), (label, self._clock()))
        return new if self._clock() - at < DECIDED else label

    def choice(self, entity: str, name: str, labels: Iterable[str]) -> AccountField:
        """The enum field of that name with these options in it; makes the field and the options that are missing."""
        labels = tuple(labels)
        wanted = CustomField(name, "enum", options=labels)
        with self._lock:
            known = self.known(entity)
            if _lacking(known, wanted):
                known = self._make(entity, [wanted])
            field = known.find(name)
        if field is None or field.type not in CHOICES:
            raise misconfigured(f"The custom field '{name}' of {entity} is no list of options. Choose another name.")
        return field

    def rename_option(self, entity: str, field: AccountField, option: str, label: str) -> AccountField:
        """Gives an option another label. Raises Stopped; GONE if it is no longer there."""
        if field.label(option) is None:
            raise Stopped(Failed(Failure.GONE, f"'{field.name}' no longer has the option {option}."), 404)
        with self._lock:
            body = [{"id": int(option), "label": label}]
            self._client.send(f"{entity}.options_update", place={"field_code": field.code}, body=body)
            options = tuple((id_, label if id_ == option else known) for id_, known in field.options)
            renamed = replace(field, options=options)
            self._keep(self.known(entity).having(renamed))
            self._renamed[entity, field.name, str(field.label(option))] = (label, self._clock())
            return renamed

    def _make(self, entity: str, wanted: Sequence[CustomField]) -> Known:
        """Makes what is missing, alone among all processes and after a fresh look.

        Where the answer is lost nobody makes any before Pipedrive has had the time to carry out what it was asked for.
        """
        self._lease(entity)
        settled: timedelta | None = None
        try:
            known = self.reread(entity)
            for one in wanted:
                if _lacking(known, one):
                    known = self._keep(known.having(self._make_one(known, one), self._clock()))
            return known
        except Stopped as stopped:
            self.forget(entity)
            told = _for_the_write(stopped, entity)
            if stopped.failed.failure is Failure.UNKNOWN:
                settled = told.failed.again_after
            raise told from stopped
        finally:
            self._release(entity, settled)

    def _make_one(self, known: Known, wanted: CustomField) -> AccountField:
        there = known.find(wanted.name)
        if there is not None:
            labels = [{"label": label} for label in _missing_options(there, wanted)]
            place = {"field_code": there.code}
            answer = self._client.send(f"{known.entity}.options_create", place=place, body=labels)
            added = tuple((str(one["id"]), str(one["label"])) for one in answer.data)
            new = tuple(pair for pair in added if pair not in there.options)
            return replace(there, options=(*there.options, *new))
        body: dict[str, Any] = {"field_name": wanted.name, "field_type": pipedrive_type(wanted)}
        if body["field_type"] in CHOICES:
            body["options"] = [{"label": label} for label in dict.fromkeys(wanted.options)]
        answer = self._client.send(f"{known.entity}.field_create", body=body)
        return _account_field(answer.data)

    def _lease(self, entity: str) -> None:
        now = self._clock()

        def take(held: Any) -> Any:
            if held and held["owner"] != self._me and datetime.fromisoformat(held["until"]) > now:
                return held
            return {"owner": self._me, "until": (now + MAKING).isoformat()}

        lease = self._state.change(_lease_key(entity), take, MAKING)
        if not lease or lease["owner"] != self._me:
            raise not_sent(f"Custom fields of {entity} are being made just now.", timedelta(seconds=5))

    def _release(self, entity: str, settled: timedelta | None) -> None:
        """Give the making back, to whoever wants it (after so long)."""
        kept = {"owner": "", "until": (self._clock() + settled).isoformat()} if settled else None
        mine: Callable[[Any], bool] = lambda held: bool(held) and held["owner"] == self._me  # noqa: E731
        self._state.change(_lease_key(entity), lambda held: kept if mine(held) else held, MAKING)

    def _keep(self, known: Known) -> Known:
        """Keep it, unless another process kept a younger list meanwhile, which then is the one."""
        fields = [{**asdict(one), "options": [list(pair) for pair in one.options]} for one in known.fields]
        ours = {"read_at": known.read_at.isoformat(), "fields": fields}

        def younger(held: Any) -> Any:
            return held if held and datetime.fromisoformat(held["read_at"]) > known.read_at else ours

        kept = self._state.change(_key(known.entity), younger, KEPT_FOR)
        if kept and kept["read_at"] != ours["read_at"]:
            return self._stored(known.entity) or known
        self._memory[known.entity] = known
        self._remember(known)
        return known


def pipedrive_type(wanted: CustomField) -> str:
    """The type of a field that is made for a mapping. There is no type for boolean and for a moment: text holds it."""
    match wanted.type:
        case "number":
            return "monetary" if wanted.money else "double"
        case "enum":
            return "set" if wanted.many else "enum"
        case "date":
            return "date"
        case "address":
            return "address"
        case "boolean" | "datetime" | "id" if not wanted.many:
            return "varchar"
    short = wanted.length is not None and wanted.length <= SHORT_TEXT and not wanted.many
    return "varchar" if short else "text"


def _lacking(known: Known, wanted: CustomField) -> bool:
    """Whether something must be made. An enum without known options waits for its first; an optional one for nobody."""
    there = known.find(wanted.name)
    if there is None:
        return not wanted.optional and (wanted.type != "enum" or bool(wanted.options))
    return bool(_missing_options(there, wanted))


def _missing_options(there: AccountField, wanted: CustomField) -> list[str]:
    if there.type not in CHOICES:
        return []
    return [label for label in dict.fromkeys(wanted.options) if there.option(label) is None]


def _for_the_write(stopped: Stopped, entity: str) -> Stopped:
    """What a failure to make a field means for the record that needs it: the record itself was not sent."""
    failed = stopped.failed
    if failed.failure is Failure.UNKNOWN:
        return Stopped(Failed(Failure.RETRY, failed.message, failed.code, again_after=failed.again_after or SETTLES))
    if failed.failure in (Failure.REFUSED, Failure.GONE):
        return misconfigured(f"A custom field of {entity} could not be made. {failed.message}", failed.code)
    return stopped


def _account_field(raw: Mapping[str, Any]) -> AccountField:
    options = tuple((str(one["id"]), str(one["label"])) for one in raw.get("options") or ())
    return AccountField(str(raw["field_code"]), str(raw["field_name"]).strip(), str(raw["field_type"]), options)


def _pairs(stored: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((one[0], one[1]) for one in stored)


def _alike(text: str) -> str:
    return " ".join(text.split()).casefold()


def _key(entity: str) -> str:
    return f"fields:{entity}"


def _names_key(entity: str) -> str:
    return f"field-names:{entity}"


def _lease_key(entity: str) -> str:
    return f"making:{entity}"
