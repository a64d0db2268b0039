"""Decides who a visitor of the dashboard is, and whether he may look or act.

There is no login yet: whoever comes from this very machine is its operator, everybody else is nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

from engine.web.addresses import on_loopback

Role = Literal["reader", "operator"]


@dataclass(frozen=True, slots=True)
class User:
    """Who is signed in. The name goes into the journal with what he does."""

    name: str
    role: Role

    @property
    def may_act(self) -> bool:
        """Whether he may change anything."""
        return self.role == "operator"


LOCAL = User("local", "operator")
"""Somebody at this very machine, while no users are set up."""


class Access:
    """Who may see the dashboard."""

    def user(self, request: Request) -> User | None:
        """The visitor, or None for somebody who may not even look."""
        client = request.client.host if request.client else ""
        return LOCAL if on_loopback(client, request.headers) else None
