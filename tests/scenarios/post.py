"""An account's webhooks on their way to an endpoint in the same process: kept back, repeated, overtaken or lost.

What becomes of each, a draw decides; they arrive only when it is said.
"""

from __future__ import annotations

import base64
import random
from dataclasses import dataclass, field

from connectors.pipedrive.simulator.delivery_bodies import body_v2, matches
from connectors.pipedrive.simulator.events import Event
from connectors.pipedrive.simulator.numbers import encode
from connectors.pipedrive.simulator.state import Account
from engine.protocol import Endpoint, HttpRequest

PATH = "/webhook"


@dataclass
class Post:
    """Deliveries that have not arrived yet."""

    account: Account
    under_way: list[tuple[int, Event]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.account.subscribe(self._happened)

    def _happened(self, event: Event) -> None:
        hooks = [hook["id"] for hook in self.account.tables["webhook"].values() if matches(hook, event)]
        self.under_way += [(hook, event) for hook in hooks]

    def deliver(self, endpoint: Endpoint, draw: random.Random) -> str:
        """Some of what is under way arrives, in any order; some of it comes again later, some never. What happened."""
        draw.shuffle(self.under_way)
        kept, told, lost = [], 0, 0
        for hook, event in self.under_way:
            fate = draw.choice(("arrives", "arrives", "arrives", "twice", "again", "later", "lost"))
            if fate in ("arrives", "twice", "again"):
                for _ in range(2 if fate == "twice" else 1):
                    self._hand_over(endpoint, hook, event)
                    told += 1
            if fate in ("again", "later"):
                kept.append((hook, event))
            lost += fate == "lost"
        self.under_way = kept
        return f"post: {told} told, {len(kept)} under way, {lost} lost" if told or lost else ""

    def _hand_over(self, endpoint: Endpoint, key: int, event: Event) -> None:
        hook = self.account.tables["webhook"].get(key)
        if hook is None:
            return
        body = encode(body_v2(self.account, hook, event, 1))
        pair = base64.b64encode(f"{hook['http_auth_user']}:{hook['http_auth_password']}".encode()).decode()
        headers = {"content-type": "application/json", "authorization": f"Basic {pair}"}
        response = endpoint.answer(HttpRequest("POST", PATH, headers, body, client="127.0.0.1"))
        assert response.status == 204, response
