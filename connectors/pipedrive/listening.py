"""The engine's work with two ears: what a poll finds is compared with what was told, and a merge is told on.

Pipedrive shows a merged record as deleted; into which one it went only the delivery said [facts: Pipedrive 6].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.protocol import Found, Gone, Page, Query, Request, Result, Work

from .webhook_subscriptions import Subscriptions
from .webhooks import Webhooks


class Listening:
    """Stands between the sender and `engine.protocol.Work`; everything but `give` passes through."""

    def __init__(self, work: Work, webhooks: Webhooks, subscriptions: Subscriptions) -> None:
        self._work = work
        self._webhooks = webhooks
        self._subscriptions = subscriptions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)

    def give(self, request: Request, result: Result) -> None:
        """As Work.give."""
        if isinstance(request, Query) and isinstance(result, Page):
            self._subscriptions.found(request, result.found)
            if request.kind == "keys":
                result = self._without_merged(request, result)
        self._work.give(request, result)

    def _without_merged(self, query: Query, page: Page) -> Page:
        """Gives those of the deleted or missing records that went into another as gone into it; the rest."""
        deleted = [one.key for one in page.found if one.record.get("is_deleted")]
        suspects: Sequence[str] = (*deleted, *page.missing)
        into = {key: to for key in suspects if (to := self._webhooks.merged_into(query.entity, key)) is not None}
        if not into:
            return page
        found: list[Found] = [one for one in page.found if one.key not in into]
        missing = tuple(key for key in page.missing if key not in into)
        self._work.give(
            query, Page(gone=[Gone(key, "merged", into=to) for key, to in into.items()], read_at=page.read_at)
        )
        return replace(page, found=found, missing=missing)
