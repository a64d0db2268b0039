"""The harness's side of the boundaries: the wires between the server and both systems, where calls are cut and answers
spoilt, and QuickBooks itself. Each counts what passes and strikes once.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from functools import cache
from http.client import HTTPMessage
from typing import Any, ClassVar

from connectors.pipedrive.operations import operations
from connectors.pipedrive.simulator import deliveries
from connectors.pipedrive.simulator.disorder import Disorder
from connectors.pipedrive.simulator.faults import Fault, Faults
from connectors.quickbooks_desktop.simulator.errors import HResult
from connectors.quickbooks_desktop.simulator.soap_client import SoapClient
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector, _Visit
from tests.faults.clock import Clock
from tests.faults.strikes import SLOW_FOR, Plan, _written

CRASH = 0x80040402


class Watch:
    """Counts the passings of the planned point on this side, and says when it is the turn."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan, self._clock = plan, clock
        self._lock = threading.Lock()
        self._passed = 0
        self.seen: Counter[str] = Counter()

    def reach(self, point: str) -> str:
        """The fault that strikes this passing, or nothing."""
        with self._lock:
            self.seen[point] += 1
            if point != self._plan.point:
                return ""
            self._passed += 1
            if self._passed != self._plan.nth or self._clock.struck:
                return ""
            self._clock.strike()
            return self._plan.fault


class PipedriveWire(Faults):
    """The simulator's faults, picked by the operation that a request is."""

    KINDS: ClassVar = {
        ("before", "cut"): "cut-before", ("before", "429"): "429", ("before", "500"): "500", ("before", "502"): "502",
        ("before", "slow"): "slow", ("after", "cut"): "cut-after", ("after", "500"): "500-after",
        ("after", "502"): "502-after", ("after", "slow"): "slow-after", ("after", "truncated"): "truncated",
        ("after", "null"): "null",
    }  # fmt: skip

    def __init__(self, watch: Watch, lost: set[str]) -> None:
        """The first answer to each operation in `lost` does not arrive, whatever else happens."""
        super().__init__()
        self._watch, self._lost = watch, lost

    def pick(self, method: str, path: str) -> Fault | None:
        name = next(name for name, of, shape in _shapes() if of == method and shape.fullmatch(path))
        for moment in ("before", "after"):
            fault = self._watch.reach(f"pipedrive {name} {moment}")
            if fault:
                return Fault(self.KINDS[moment, fault], seconds=SLOW_FOR)
        if name in self._lost:
            self._lost.remove(name)
            return Fault("cut-after")
        return None


@cache
def _shapes() -> list[tuple[str, str, re.Pattern[str]]]:
    """Fixed paths first: /users/me is no id."""
    found = [
        (name, one.method, re.compile(re.sub(r"\{\w+\}", "[^/]+", one.path))) for name, one in operations().items()
    ]
    return sorted(found, key=lambda one: "[" in one[2].pattern)


class SoapWire(SoapClient):
    """The Web Connector's client on a wire that may fail."""

    def __init__(self, url: str, timeout: float, watch: Watch) -> None:
        super().__init__(url, timeout=timeout)
        self._watch = watch

    def _post(self, method: str, body: bytes) -> tuple[int, HTTPMessage, bytes]:
        written = _written(body.decode()) if method == "receiveResponseXML" else ""
        points = [f"soap {method}", *([f"soap {method} of {written}"] if written else [])]
        before = next(filter(None, [self._watch.reach(f"{one} before") for one in points]), "")
        if before == "cut":
            raise ConnectionResetError("cut before it was sent")
        if before == "502":
            return 502, HTTPMessage(), b"<html>Bad gateway</html>"
        status, headers, answer = super()._post(method, body)
        if method == "sendRequestXML" and (written := _written(answer.decode())):
            points.append(f"soap {method} of {written}")
        after = next(filter(None, [self._watch.reach(f"{one} after") for one in points]), "")
        if after == "cut":
            raise ConnectionResetError("cut before the answer came")
        if after == "500":
            return 500, HTTPMessage(), b"<html>Internal server error</html>"
        if after == "truncated":
            return status, headers, answer[: len(answer) // 2]
        return status, headers, answer


class Visit(_Visit):
    """A visit over such a wire, to a QuickBooks that may fail as well."""

    def __init__(self, connector: WebConnector, watch: Watch, kill: Callable[[], None]) -> None:
        super().__init__(connector)
        self._soap = SoapWire(connector.url, connector._timeout, watch)
        self._watch, self._kill = watch, kill

    def _process(self, request: str) -> tuple[str, str, str]:
        what = _written(request) or "query"
        before = self._watch.reach(f"quickbooks {what} before")
        if before == "kill":
            self._kill()
        elif before == "crash":
            return "", HResult(CRASH, "").hex, "An unexpected error has occurred."
        response, hresult, message = super()._process(request)
        after = self._watch.reach(f"quickbooks {what} after")
        if after == "kill":
            self._kill()
        elif after == "crash":
            return "", HResult(CRASH, "").hex, "An unexpected error has occurred."
        elif after == "truncated":
            response = response[: len(response) // 2]
        return response, hresult, message


class WebhookDisorder(Disorder):
    """Repeats, holds back or loses the planned event."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(seconds=30.0)
        self._watch = watch

    def sendings(self) -> list[tuple[float, int]]:
        fault = self._watch.reach("webhook on its way")
        return {
            "repeated": [(0.0, 1), (0.0, 1)], "late repeat": [(0.0, 1), (self.seconds, 2)],
            "reordered": [(self.seconds, 1)], "lost": [],
        }.get(fault, [(0.0, 1)])  # fmt: skip


class WebhookWire:
    """Stands in for the deliveries' sending while a run goes on; a context manager."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def __enter__(self) -> WebhookWire:
        self._post = deliveries._post
        deliveries._post = self
        return self

    def __exit__(self, *_: object) -> None:
        deliveries._post = self._post

    def __call__(self, hook: dict[str, Any], body: bytes, timeout: float) -> int:
        before = self._watch.reach("webhook before")
        if before == "cut":
            return 0
        if before == "502":
            return 502
        status = self._post(hook, body, timeout)
        after = self._watch.reach("webhook after")
        if after == "cut":
            return 0
        return 500 if after == "500" else status
