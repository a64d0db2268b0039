"""`engine ping`: what a look at the real account tells about the settings, in sentences with the next step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from engine.protocol import Check, Site

from . import scopes
from .access import GrantedAccess
from .account import Account
from .budget import DAY
from .client import Answer
from .settings import PLANS
from .status import Stopped

CLOCK_TOLERANCE = timedelta(minutes=1)
"""Half of what a cursor reaches back: beyond it changes could be missed."""


def ping(account: Account) -> Sequence[Check]:
    """Everything that one call to users/me tells (2 tokens)."""
    asked_at = account.clock()
    try:
        answer = account.client.send("user.me")
    except Stopped as stopped:
        return [Check("account", False, stopped.failed.message)]
    user = answer.data
    return [
        Check("account", True, f"Pipedrive answers to {user.get('name')} ({user.get('email')})."),
        _company(account, user),
        *_plan(account, answer),
        *_clock(asked_at, account.clock(), answer),
        _rights(user),
        _tokens(account),
        *(Check("fields", True, sentence) for sentence in account.fields.renamed()),
    ]


def access(granted: GrantedAccess, site: Site, hooks: bool) -> Iterator[Check]:
    """Until when an access by OAuth2 lasts, and whether its scopes are enough for the mappings."""
    try:
        grant = granted.stored()
    except Stopped:
        return  # the first check has said so
    ends = granted.ends_at()
    yield Check("access", True, f"The access is renewed by itself, and ends on {ends:%Y-%m-%d} only if nobody uses it.")
    lacking = scopes.missing(grant.scopes, (*site.follows, *site.mirrors), site.writes, hooks)
    if lacking:
        what = f"The app lacks {', '.join(lacking)}."
        hint = "Add them to its scopes in Pipedrive's Developer Hub, then run `engine connect` again."
        yield Check("scopes", False, f"{what} {hint}")
    else:
        yield Check("scopes", True, "The app's scopes are enough for the mappings.")


def _company(account: Account, user: Mapping[str, Any]) -> Check:
    ours, theirs = account.settings.company, user.get("company_domain")
    if theirs is None or theirs == ours:
        return Check("company", True, f"The company is {user.get('company_name') or ours}.")
    return Check("company", False, f"The token belongs to '{theirs}', the settings say '{ours}'. Correct 'company'.")


def _plan(account: Account, answer: Answer) -> Iterator[Check]:
    """The plan cannot be read; the size of the burst window gives it away [facts: Pipedrive 3]."""
    said = answer.headers.get("x-ratelimit-limit", "")
    if not said.isdigit():
        return
    plan, burst = account.settings.plan, account.settings.burst
    if int(said) == burst:
        yield Check("plan", True, f"The plan is {plan}: {burst} requests in two seconds.")
        return
    likely = next((name for name in PLANS if account.settings.burst_of(name) == int(said)), None)
    hint = f"That is {likely}: correct 'plan'." if likely else "Correct 'plan'."
    yield Check("plan", False, f"Pipedrive allows {said} requests in two seconds, {plan} has {burst}. {hint}")


def _clock(asked_at: Any, answered_at: Any, answer: Answer) -> Iterator[Check]:
    if answer.server_time is None:
        return
    middle = asked_at + (answered_at - asked_at) / 2
    difference = abs(middle - answer.server_time)
    seconds = round(difference.total_seconds())
    if difference <= CLOCK_TOLERANCE:
        yield Check("clock", True, f"The clocks differ by {seconds} s.")
    else:
        yield Check("clock", False, f"This computer's clock is {seconds} s off Pipedrive's. Set it by NTP.")


def _rights(user: Mapping[str, Any]) -> Check:
    """A user who sees only some records makes duplicates of the others [facts: Pipedrive 4, visibility]."""
    if any(one.get("admin") for one in user.get("access") or ()):
        return Check("rights", True, "The token's user is an admin and sees every record.")
    return Check(
        "rights",
        False,
        "The token's user is no admin: records it cannot see would be made twice. Use an admin's token.",
    )


def _tokens(account: Account) -> Check:
    budget = account.client.budget
    free, limit = budget.free(), budget.limit
    message = f"{free:,} of our {limit:,} tokens are free (the last {DAY.total_seconds() / 3600:.0f} hours)."
    return Check("tokens", free > 0, message)
