from __future__ import annotations

from datetime import timedelta

from engine.store import Cursor, Store
from tests.engine.store.conftest import NOW


def test_a_cursor_is_empty_until_it_is_put_and_then_kept_per_kind(store: Store) -> None:
    changed = Cursor("2026-03-08T01:30:00", NOW, NOW + timedelta(minutes=2))
    with store.transaction() as tx:
        assert tx.cursors.get("acme", "quickbooks_desktop", "Invoice") == Cursor(None, None, None)
        tx.cursors.put("acme", "quickbooks_desktop", "Invoice", "changed", Cursor("before"))
        tx.cursors.put("acme", "quickbooks_desktop", "Invoice", "changed", changed)
        tx.cursors.put("acme", "quickbooks_desktop", "Invoice", "gone", Cursor("g"))
        tx.cursors.put("other", "quickbooks_desktop", "Invoice", "changed", Cursor("not ours"))
        assert tx.cursors.get("acme", "quickbooks_desktop", "Invoice") == changed
        assert tx.cursors.all("acme", "quickbooks_desktop") == {
            ("Invoice", "changed"): changed,
            ("Invoice", "gone"): Cursor("g"),
        }
