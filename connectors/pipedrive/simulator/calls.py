"""One authenticated call and its reply, as the endpoint functions of `v1.py` and `v2.py` see them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .events import Actor
from .queries import Query
from .refusals import Missing
from .state import Account


@dataclass(frozen=True)
class Call:
    """What is asked of the account; `path` holds the values of the path's variables as text."""

    account: Account
    actor: Actor
    path: dict[str, str]
    query: Query
    body: Any

    def number(self, name: str = "id") -> int:
        """A path variable as a record's number; what is no number is no record [assumed: 404]."""
        text = self.path[name]
        if not text.isascii() or not text.isdigit():
            raise Missing("Resource not found")
        return int(text)


@dataclass(frozen=True)
class Reply:
    """Status, JSON value or raw text, and headers beyond the usual ones."""

    status: int
    payload: Any
    headers: tuple[tuple[str, str], ...] = ()
    html: bool = False


Endpoint = Callable[[Call], Reply]


def good(data: Any, status: int = 200, **additional: Any) -> Reply:
    """The envelope of success; lists add `next_cursor` [facts: 4]."""
    payload = {"success": True, "data": data}
    return Reply(status, payload | {"additional_data": additional} if additional else payload)
