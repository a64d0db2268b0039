"""The address at which Pipedrive's deliveries arrive: proved, kept as hints, answered at once. Nothing is asked here.

Any answer but 2xx counts towards a ban in which events are lost [facts: Pipedrive 6], so only what is not authentic is
refused; an authentic delivery that says nothing (to us) is taken and left.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.protocol import Hint, HttpRequest, HttpResponse, Site

from . import webhook_delivery
from .account import Account
from .webhook_delivery import GONE, Delivery, Malformed
from .webhook_proof import Proof

logger = logging.getLogger(__name__)

PATH = "/webhook"
OURS = "api"
MERGE_KEPT = timedelta(days=30)
"""How long it is remembered what was merged into what: as long as Pipedrive keeps what was deleted [facts: 4]."""
ADDED_UP = frozenset({"value", "weighted_value", "products_count", "update_time"})
"""What Pipedrive changes in a deal when its lines are written; their answers told us."""
NOTED = timedelta(minutes=1)
"""How seldom it is written down that deliveries come, or are refused."""
_HEARD, _REFUSED = "webhooks heard", "webhooks refused"
_GREETING = "This address is for Pipedrive's webhooks. There is nothing to see here, and all is well.\n"


class Webhooks:
    """What is served at PATH. Any thread, any process."""

    def __init__(self, site: Site, proof: Proof, account: Account) -> None:
        self._site = site
        self._proof = proof
        self._account = account
        self._lock = threading.Lock()
        self._noted: dict[str, datetime] = {}

    def answer(self, request: HttpRequest) -> HttpResponse:
        """204 for what is authentic, 401 for what is not, 404 while no proof is configured."""
        if request.path.rstrip("/") != PATH or not self._proof.configured:
            return _text(404, "not found\n")
        method = request.method.upper()
        if method in ("GET", "HEAD"):  # a person, or whoever looks whether the address answers
            return _text(200, _GREETING if method == "GET" else "")
        if method != "POST":
            return HttpResponse(405, b"", {"allow": "GET, HEAD, POST"})
        now = self._site.clock()
        objections = self._proof.objections(request.headers, request.body, now)
        if objections:
            return self._refuse(request, objections, now)
        try:
            delivery = webhook_delivery.read(request.body, request.headers.get("content-type", ""))
        except Malformed as malformed:
            logger.warning("delivery.senseless", extra={"connection": self._site.connection, "why": str(malformed)})
        else:
            self._hear(delivery, now)
        return HttpResponse(204)

    def heard(self) -> Mapping[str, datetime]:
        """When each entity was last told of, to the minute."""
        kept: Mapping[str, str] = self._site.state.get(_HEARD) or {}
        return {entity: datetime.fromisoformat(at) for entity, at in kept.items()}

    def refused(self) -> tuple[datetime, str] | None:
        """When a delivery was last refused, and why; None: within a day none was."""
        kept: Mapping[str, str] | None = self._site.state.get(_REFUSED)
        return (datetime.fromisoformat(kept["at"]), kept["why"]) if kept else None

    def merged_into(self, entity: str, key: str) -> str | None:
        """The key of the record into which that one went, as a delivery said."""
        into: str | None = self._site.state.get(_merge(entity, key))
        return into

    def _hear(self, delivery: Delivery, now: datetime) -> None:
        went = delivery.action == GONE or bool(delivery.others)
        if delivery.entity in self._site.follows or (went and delivery.entity in self._site.mirrors):
            if delivery.merged_into is not None:
                self._site.state.put(_merge(delivery.entity, delivery.key), delivery.merged_into, MERGE_KEPT)
            kept = self._site.work.hint(self._hints(delivery))
            told = {"entity": delivery.entity, "record": delivery.key, "action": delivery.action, "to_read": kept}
            logger.debug("delivery.heard", extra={"connection": self._site.connection, **told})
        if self._is_time(delivery.entity, now):
            told = {delivery.entity: now.isoformat()}
            self._site.state.change(_HEARD, lambda kept: {**(kept or {}), **told})

    def _hints(self, delivery: Delivery) -> Sequence[Hint]:
        """An echo is told by the user and the source together; what is written, the re-read says."""
        ours = delivery.source == OURS and delivery.user != "" and delivery.user == self._account.my_id()
        if ours and delivery.changed and delivery.changed <= ADDED_UP:
            return []
        first = Hint(delivery.entity, delivery.key, delivery.event, delivery.stamp, ours and not delivery.others)
        return [first, *(Hint(delivery.entity, key, delivery.event) for key in delivery.others if key != delivery.key)]

    def _refuse(self, request: HttpRequest, objections: Sequence[str], now: datetime) -> HttpResponse:
        why = " and ".join(objections)
        if self._is_time(_REFUSED, now):
            told = {"connection": self._site.connection, "client": request.client, "why": why}
            logger.warning("delivery.refused", extra=told)
            self._site.state.put(_REFUSED, {"at": now.isoformat(), "why": why}, timedelta(days=1))
        headers = {"www-authenticate": 'Basic realm="webhook"'} if self._proof.user is not None else {}
        return _text(401, "not authentic\n", headers)

    def _is_time(self, what: str, now: datetime) -> bool:
        """At most once in NOTED for each thing, so that a flood of deliveries is no flood of rows."""
        with self._lock:
            last = self._noted.get(what)
            if last is not None and now - last < NOTED:
                return False
            if last is None and len(self._noted) > 100:  # invented entities of whoever knows the password
                return False
            self._noted[what] = now
            return True


def _merge(entity: str, key: str) -> str:
    return f"merged/{entity}/{key}"


def _text(status: int, text: str, headers: Mapping[str, Any] | None = None) -> HttpResponse:
    return HttpResponse(status, text.encode(), {"content-type": "text/plain; charset=utf-8", **(headers or {})})
