"""What old history will cost and when it will be through: rows that wait times the price that was measured."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from engine.protocol import State

from .budget import DAY, Budget
from .operations import operations

_KEY, _SPREAD = "history_prices", "history_spread"
_LOOKS = "looks"
LINES = 3
"""Lines of a deal that are reckoned with before any was measured [facts: Pipedrive 8b]."""
MARGIN = 1.25
"""What is reckoned beforehand may come to that much more."""
WEIGHT = 20
"""For how many measured writes the price reckoned beforehand counts."""


class History:
    """Prices by kind of write (`deal`, `deal.products`), measured in this connection, and the forecast made of them."""

    def __init__(self, state: State, budget: Budget) -> None:
        self._state = state
        self._budget = budget
        self._lock = threading.Lock()
        self._new: dict[str, list[int]] = {}

    def paid(self, kind: str, tokens: int, writes: int = 1) -> None:
        """A write of old history was carried for so many tokens; with no `writes` a look that several needed."""
        with self._lock:
            of = self._new.setdefault(kind, [0, 0])
            of[0], of[1] = of[0] + tokens, of[1] + writes

    def looked(self, tokens: int) -> None:
        """A look at the account that old history needed."""
        self.paid(_LOOKS, tokens, 0)

    def keep(self) -> None:
        """Stores what was measured, for the next process as well."""
        with self._lock:
            new, self._new = self._new, {}
        if not new:
            return

        def add(held: Any) -> Any:
            found = {kind: list(one) for kind, one in (held or {}).items()}
            for kind, (tokens, writes) in new.items():
                old = found.get(kind, [0, 0])
                found[kind] = [old[0] + tokens, old[1] + writes]
            return found

        self._state.change(_KEY, add)

    def dearest(self) -> int:
        """Half more than what the dearest kind of write cost until now; nought while nothing was measured."""
        with self._lock:
            prices = [tokens / writes for tokens, writes in self._new.values() if writes]
        measured = self._state.get(_KEY) or {}
        prices += [one[0] / one[1] for one in measured.values() if one[1]]
        return round(1.5 * max(prices, default=0))

    def tokens(self, backlog: Mapping[str, int]) -> int:
        """What so many records of these kinds will cost, looks included."""
        measured = self._state.get(_KEY) or {}
        writes = sum(one[1] for kind, one in measured.items())
        looks = measured.get(_LOOKS, [0])[0] / (writes + WEIGHT)
        price: float = sum(count * (_price(kind, measured) + looks) for kind, count in backlog.items())
        return round(price)

    def fits(self, backlog: Mapping[str, int]) -> bool:
        """Whether all of it may go at once: today's tokens are enough. What was begun in portions goes on so."""
        return not self._state.get(_SPREAD) and self.tokens(backlog) * MARGIN <= self._budget.today()

    def spread(self) -> None:
        """It does not fit into today: it goes in hourly portions, until none was needed for a day."""
        self._state.put(_SPREAD, True, DAY)

    def facts(self, backlog: Mapping[str, int]) -> dict[str, Any]:
        """`backlog` (records), `backlog_tokens`, `backlog_days`, `forecast` (a sentence); empty if none is left."""
        rows = sum(count for kind, count in backlog.items() if "." not in kind)
        if not rows:
            return {}
        tokens = self.tokens(backlog)
        days = 0.0 if self.fits(backlog) else self._budget.history_days(tokens)
        wait = f"{rows:,} old records wait" if rows > 1 else "1 old record waits"
        forecast = f"{wait}, for about {tokens:,} tokens: through in {_words(days)}."
        return {"backlog": rows, "backlog_tokens": tokens, "backlog_days": round(days, 2), "forecast": forecast}


def _price(kind: str, measured: Mapping[str, Any]) -> float:
    """Tokens of one write of that kind."""
    tokens, writes = measured.get(kind, (0, 0))
    return float((_reckoned(kind) * WEIGHT + tokens) / (WEIGHT + writes))


def _reckoned(kind: str) -> int:
    if kind.endswith(".products"):
        return LINES * operations()["deal.line_create"].tokens
    created = operations().get(f"{kind}.create")
    return created.tokens if created is not None else 5


def _words(days: float) -> str:
    """A time as people say it."""
    if not days:
        return "less than an hour"
    if days < 1:
        hours = max(1, round(days * 24))
        return f"about {hours} hour{'s' * (hours > 1)}"
    return f"about {days:.1f} days" if days < 3 else f"about {days:.0f} days"
