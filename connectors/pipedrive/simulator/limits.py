"""Burst windows and the daily token budget of one account; counting what was sent is the ledger's job.

Numbers and headers: [facts: 3]. What happens on the edge after a 429 is documented only as "HTML 403";
how soon and for how long is assumed and adjustable.
"""

import math
import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

WINDOW = 2.0
"""Seconds of the rolling burst window [facts: 3]."""
SEARCH_LIMIT = 10
"""Search requests per window on every plan [facts: 3]."""
DAILY_TOKENS = 30_000
"""Per seat, before the plan's multiplier [facts: 1]."""


class Plan(NamedTuple):
    """Multiplier of the daily budget, and requests per window with an API token and by OAuth."""

    multiplier: int
    burst: int
    oauth_burst: int


PLANS = {
    "lite": Plan(1, 20, 80), "growth": Plan(2, 40, 160), "premium": Plan(5, 100, 400), "ultimate": Plan(7, 120, 480),
}  # fmt: skip
RECURRING_PLANS = frozenset({"growth", "premium", "ultimate"})
"""Plans with billing frequencies other than one-time [OpenAPI v2 addDealProduct]."""


class Admission(NamedTuple):
    """Whether a request may go on, and what the rate headers say."""

    verdict: Literal["ok", "burst", "budget", "edge"]
    limit: int
    remaining: int
    reset: int
    """Whole seconds until the window has room again."""


@dataclass
class _Caller:
    recent: deque[float] = field(default_factory=deque)
    searches: deque[float] = field(default_factory=deque)
    refused: deque[float] = field(default_factory=deque)
    blocked_until: float = 0.0


class Limits:
    """Admits requests by caller (its token) and spends the company-wide budget."""

    def __init__(self, plan: str = "growth", seats: int = 1, seed: int = 0, top_up: int = 0) -> None:
        """Raises ValueError for a plan that is not sold (lite, growth, premium, ultimate)."""
        if plan not in PLANS:
            raise ValueError(f"unknown plan {plan!r}: one of {', '.join(PLANS)}")
        self.plan = plan
        self.seats = seats
        self.top_up = top_up
        self.reset_hour = random.Random(f"reset {seed}").randrange(24)
        """UTC hour of the daily reset: "midnight of a server time zone that is never named" [facts: 1]."""
        self.burst: int | None = PLANS[plan].burst
        """Requests per window; None lifts the limit (for tests that are about something else)."""
        self.patience = 10
        """Refusals within ten seconds before the edge answers instead [assumed]."""
        self.edge_seconds = 30.0
        """How long the edge then answers [assumed]."""
        self.spent = 0
        self._day: int | None = None
        self._callers: dict[str, _Caller] = {}

    @property
    def budget(self) -> int:
        """Tokens a day for the whole company."""
        return DAILY_TOKENS * PLANS[self.plan].multiplier * self.seats + self.top_up

    def remaining(self, now: datetime) -> int:
        """Tokens left until the reset."""
        self._turn(now)
        return max(0, self.budget - self.spent)

    def spend(self, tokens: int, now: datetime) -> None:
        """Takes tokens from the pool: an admitted request, or another program of the company."""
        self._turn(now)
        self.spent += tokens

    def dump(self) -> dict[str, Any]:
        """What is spent today; burst windows are over before a restart is."""
        return {"spent": self.spent, "day": self._day, "top_up": self.top_up}

    def load(self, data: dict[str, Any]) -> None:
        self.spent, self._day, self.top_up = data["spent"], data["day"], data["top_up"]

    def _turn(self, now: datetime) -> None:
        day = int((now.astimezone(UTC).timestamp() - self.reset_hour * 3600) // 86_400)
        if self._day is not None and day != self._day:
            self.spent = 0
        self._day = day

    def admit(self, caller: str, tokens: int, search: bool, now: datetime, oauth: bool = False) -> Admission:
        """Decides on one request and, if it may go on, counts it and spends its tokens.

        Refused requests cost nothing and fill no window [assumed].
        """
        at = now.timestamp()
        state = self._callers.setdefault(caller, _Caller())
        for stamps, age in ((state.recent, WINDOW), (state.searches, WINDOW), (state.refused, 10.0)):
            while stamps and stamps[0] <= at - age:
                stamps.popleft()
        burst = PLANS[self.plan].oauth_burst if oauth and self.burst is not None else self.burst
        window, limit = (state.searches, SEARCH_LIMIT) if search else (state.recent, burst)
        crowded = state.recent if burst is not None and len(state.recent) >= burst else window
        reset = max(1, math.ceil(crowded[0] + WINDOW - at)) if crowded else int(WINDOW)
        limit = limit if burst is not None and limit is not None else 1_000_000
        full = len(window) >= limit or (burst is not None and len(state.recent) >= burst)
        left = 0 if full else limit - len(window)
        if at < state.blocked_until:
            return Admission("edge", limit, 0, reset)
        if full or self.remaining(now) < tokens:
            state.refused.append(at)
            if len(state.refused) > self.patience:
                state.blocked_until = at + self.edge_seconds
                state.refused.clear()
                return Admission("edge", limit, 0, reset)
            return Admission("burst" if full else "budget", limit, left, reset)
        self.spend(tokens, now)
        state.recent.append(at)
        if search:
            state.searches.append(at)
        return Admission("ok", limit, left - 1, reset)
