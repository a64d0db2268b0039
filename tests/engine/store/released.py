"""A store as an earlier version left it: its schema by the migrations of then, and a row in each of its tables.

The rows stand here in the database's own values, as that version wrote them, and are never changed: a migration that
cannot carry them loses somebody's store. Whoever adds a migration adds the rows that only its version can have.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from engine.store import Store, upgrades

REVISIONS = [one.revision for one in ScriptDirectory.from_config(upgrades.config()).walk_revisions()]
"""The newest first."""
AT = 1_772_000_000_000_000
ACME = {"connection": "acme"}

ROWS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "0001": [
        ("snapshots", {**ACME, "system": "quickbooks_desktop", "entity": "Customer", "key": "80000001-1",
                       "record": '{"ListID":"80000001-1","Name":"Åsa & Co","Balance":1.10}', "hash": "h1",
                       "read_at": AT, "changed_at": AT, "gone": None, "identity": "[]", "seen_at": None,
                       "stamp": None}),
        ("snapshots", {**ACME, "system": "pipedrive", "entity": "organization", "key": "7", "record": '{"id":"7"}',
                       "hash": "h2", "read_at": AT, "changed_at": AT, "gone": "deleted", "stamp": AT, "seen_at": AT,
                       "identity": '["acme/Customer/80000001-1"]'}),
        ("identities", {**ACME, "system": "pipedrive", "entity": "organization", "line": "acme/Customer/80000001-1",
                        "key": "7"}),
        ("links", {**ACME, "source_system": "quickbooks_desktop", "source_entity": "Customer",
                   "source_key": "80000001-1", "target_system": "pipedrive", "target_entity": "organization",
                   "target_key": "7", "group": None, "role": "own", "created_at": AT, "gone": None,
                   "record_key": "80000001-1"}),
        ("bases", {**ACME, "source_system": "quickbooks_desktop", "source_entity": "Customer",
                   "target_system": "pipedrive", "target_entity": "organization", "target_key": "7",
                   "sent": '{"name":"Åsa & Co"}', "seen": '{"name":"Åsa & Co"}', "children": "{}"}),
        ("cursors", {**ACME, "system": "quickbooks_desktop", "entity": "Customer", "kind": "changed",
                     "value": "2026-02-25T08:00:00", "started_at": AT, "completed_at": AT}),
        ("intents", {"id": "i1", **ACME, "system": "pipedrive", "mapping": "customers", "source_keys": '["80000001-1"]',
                     "ordinal": 0, "request": '{"id":"i1"}', "context": '{"owner":"host:1:a/1"}', "state": "open",
                     "created_at": AT, "finished_at": None, "result": None}),
        ("journal", {"id": 1, **ACME, "at": AT, "mapping": "customers", "source_key": "80000001-1", "step": "link",
                     "outcome": "created", "reason": "nothing matches", "detail": '{"fields":{"name":"Åsa & Co"}}'}),
        ("journal_records", {**ACME, "entity": "Customer", "key": "80000001-1", "id": 1}),
        ("matches", {**ACME, "mapping": "customers", "position": 0, "side": "source", "value": "a@x.example",
                     "key": "80000001-1", "holder": "80000001-1"}),
        ("spending", {"scope": "shared/pipedrive:acme", "name": "tokens", "bucket": AT, "amount": 5, "expires_at": AT}),
        ("state", {"scope": "acme/pipedrive", "key": "me", "value": '{"id":1}', "expires_at": None}),
        ("visits", {**ACME, "system": "quickbooks_desktop", "ticket": "t1", "first_at": AT, "last_at": AT,
                    "facts": '{"requests":3}'}),
        ("waits", {**ACME, "mapping": "invoices", "source_key": "I-1", "ref_mapping": "customers", "ref_key": "C-2"}),
        ("wanted", {**ACME, "system": "quickbooks_desktop", "entity": "Invoice", "key": "I-9", "reason": "needed",
                    "added_at": AT, "asked_at": None, "tries": 0, "open": True, "event": None, "settled_by": None,
                    "not_before": None}),
        ("work", {**ACME, "mapping": "customers", "source_key": "80000001-1", "group": "r:customers/80000001-1",
                  "next_group": None, "state": "due", "priority": 0, "reason": None, "code": None, "decided": "h1",
                  "version": "v", "outcome": "created", "attempts": 0, "due_at": AT, "need_since": None,
                  "lease_until": None, "lease_owner": None, "touched": 0, "detail": "{}"}),
    ],
    "0003": [
        ("reconciliations", {**ACME, "id": "r1", "month": "2026-02", "state": "done", "begun_at": AT, "done_at": AT,
                             "progress": "{}", "result": "{}"}),
        ("findings", {"run": "r1", "number": 1, "mapping": "invoices", "kind": "differs", "said": "{}"}),
        ("sightings", {"run": "r1", "system": "pipedrive", "entity": "deal", "key": "7", "record": "{}",
                       "identity": "[]", "read_at": AT, "gone": None}),
        ("sighted_lines", {"run": "r1", "system": "pipedrive", "entity": "deal", "line": "acme/Invoice/I-1",
                           "key": "7", "claimed": False}),
    ],
    "0004": [
        ("holds", {**ACME, "since": AT}),
        ("approvals", {**ACME, "mapping": "customers", "source_key": "80000001-1", "plan": "p1", "requests": "[]",
                       "state": "open", "why": None}),
    ],
    "0005": [
        ("tallies", {**ACME, "hour": 0, "mapping": "customers", "outcome": "created", "count": 1}),
    ],
}  # fmt: skip
"""By revision: what a store of that version may hold besides what older ones did, parents first."""


def leave(url: str, revision: str) -> dict[str, list[dict[str, Any]]]:
    """Make the store of that version; the rows that are in it, by table."""
    store = Store(url)
    with store.connect() as db:
        command.upgrade(upgrades.config(db), revision)
        for version in (one for one in sorted(ROWS) if one <= revision):
            for table, row in ROWS[version]:
                db.execute(sa.insert(sa.table(table, *map(sa.column, row))).values(row))
    rows = held(store)
    store.close()
    return rows


def as_then(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What is there now of the tables and columns that were there before."""
    return {
        table: [{name: row[name] for name in rows[0]} for row in after[table]] if rows else []
        for table, rows in before.items()
    }


def held(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as the database has it."""
    with store.connect(only_reading=True) as db:
        names = sorted(set(sa.inspect(db).get_table_names()) - {"alembic_version"})
        return {name: [dict(row._mapping) for row in db.execute(sa.text(f"SELECT * FROM {name}"))] for name in names}
