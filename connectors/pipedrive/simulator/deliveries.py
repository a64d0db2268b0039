"""Delivers what happens in an account to its stored webhooks, with retries and bans; storing is `webhooks.py`'s.

Rules [facts: 6]: any 2xx within 10 seconds is success; else again after 3, 30 and 150 seconds; ten first tries
that fail ban a webhook for 30 minutes, in which events are lost; three days without a success delete it. Nothing
is signed: HTTP Basic, where the webhook has it, is the only proof. `pace` shortens the waits for tests. Bans and the
three days go by the account's clock. That a banned webhook shows as inactive meanwhile is assumed.
"""

import base64
import heapq
import itertools
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from .delivery_bodies import body_v1, body_v2, matches
from .disorder import Disorder
from .events import Event
from .numbers import encode
from .state import Account

RETRY_AFTER = (3.0, 30.0, 150.0)
TIMEOUT = 10.0
BAN_AFTER, BAN_SECONDS = 10, 1800.0
DELETED_AFTER_SECONDS = 3 * 86_400.0
BANNED = "Banned for 30 minutes: ten deliveries failed at the first try"


@dataclass
class _Health:
    """How a webhook's receiver has done; moments are seconds of the account's clock."""

    last_success: float
    failed_first_tries: int = 0
    banned_until: float = 0.0


class Deliveries:
    """A thread that sends; a context manager, so that it ends with its user."""

    def __init__(
        self, account: Account, *, pace: float = 1.0, timeout: float = TIMEOUT, disorder: Disorder | None = None
    ) -> None:
        """`pace` multiplies every wait: 0.01 makes the retries come after 0.03, 0.3 and 1.5 seconds; `timeout` is in
        seconds as they are."""
        self.account = account
        self.pace = pace
        self.timeout = timeout
        self.disorder = disorder or Disorder()
        self.lost = 0
        """Events that met a ban."""
        self._order = itertools.count()
        self._due: list[tuple[float, int, int, int, Event]] = []  # when, order, webhook, attempt, event
        self._health: dict[int, _Health] = {}
        self._wake = threading.Condition()
        self._sending = False
        self._stopped = False
        account.subscribe(self._happened)
        self._thread = threading.Thread(target=self._run, name="pipedrive webhooks", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Deliveries":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Sends nothing more; what waits is dropped."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        self._thread.join(timeout=self.timeout + 1)

    def settle(self, timeout: float = 10.0) -> bool:
        """Waits until nothing waits or is being sent; False when that took too long."""
        with self._wake:
            return self._wake.wait_for(lambda: not self._due and not self._sending, timeout)

    def _happened(self, event: Event) -> None:
        with self.account.changing():
            hooks = [hook["id"] for hook in self.account.tables["webhook"].values() if matches(hook, event)]
        now = time.monotonic()
        banned = {key for key in hooks if self._banned(key)}
        with self._wake:
            if self._stopped:
                return
            self.lost += len(banned)
            for key in hooks:
                if key in banned:
                    continue
                for wait, attempt in self.disorder.sendings():
                    heapq.heappush(self._due, (now + wait * self.pace, next(self._order), key, attempt, event))
            self._wake.notify_all()

    def _now(self) -> float:
        return self.account.clock().timestamp()

    def _banned(self, key: int) -> bool:
        """Whether it is; a ban that is over is forgotten."""
        health = self._health.setdefault(key, _Health(self._now()))
        if self._now() < health.banned_until:
            return True
        if health.banned_until:
            health.banned_until = 0.0
            self._show(key, is_active=1, remove_reason=None)
        return False

    def _show(self, key: int, **facts: Any) -> None:
        with self.account.changing():
            stored = self.account.tables["webhook"].get(key)
            if stored is not None:
                stored |= facts

    def _run(self) -> None:
        while True:
            with self._wake:
                self._sending = False
                self._wake.notify_all()
                while not self._stopped and (not self._due or self._due[0][0] > time.monotonic()):
                    self._wake.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._stopped:
                    return
                _, _, key, attempt, event = heapq.heappop(self._due)
                self._sending = True
            self._deliver(key, attempt, event)

    def _deliver(self, key: int, attempt: int, event: Event) -> None:
        with self.account.changing():
            hook = dict(self.account.tables["webhook"].get(key, {}))
            if not hook:
                return  # deleted meanwhile
            body = encode((body_v1 if hook["version"] == "1.0" else body_v2)(self.account, hook, event, attempt))
        status = _post(hook, body, self.timeout)
        health, now = self._health[key], self._now()
        self._show(key, last_delivery_time=self.account.now, last_http_status=status or None)
        if 200 <= status < 300:
            health.last_success = now
            return
        self._failed(key, attempt, event, health, now)

    def _failed(self, key: int, attempt: int, event: Event, health: _Health, now: float) -> None:
        if now - health.last_success > DELETED_AFTER_SECONDS * self.pace:
            with self.account.changing():
                if key in self.account.tables["webhook"]:
                    self.account.tables.remove("webhook", key)
            return
        if attempt == 1:
            health.failed_first_tries += 1
            if health.failed_first_tries >= BAN_AFTER:
                health.banned_until = now + BAN_SECONDS * self.pace
                health.failed_first_tries = 0
                self._show(key, is_active=0, remove_reason=BANNED)
        if attempt <= len(RETRY_AFTER):
            with self._wake:
                when = time.monotonic() + RETRY_AFTER[attempt - 1] * self.pace
                heapq.heappush(self._due, (when, next(self._order), key, attempt + 1, event))


class _Straight(urllib.request.HTTPRedirectHandler):
    """A webhook's URL must not redirect [facts: 5]."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Straight, urllib.request.ProxyHandler({}))


def _post(hook: dict[str, Any], body: bytes, timeout: float) -> int:
    """The receiver's status, 0 when there was none."""
    headers = {"content-type": "application/json", "user-agent": "Pipedrive Webhooks"}
    if hook["http_auth_user"] or hook["http_auth_password"]:
        pair = f"{hook['http_auth_user'] or ''}:{hook['http_auth_password'] or ''}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    # The scheme was checked when the webhook was stored.
    request = urllib.request.Request(hook["subscription_url"], body, headers, method="POST")  # noqa: S310
    try:
        with _opener.open(request, timeout=timeout) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)
    except (OSError, ValueError):
        return 0
