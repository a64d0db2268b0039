"""What this process counts and measures, for Prometheus; the only module that knows its library.

What the store knows (the queue, tokens, visits) is not counted here but asked for when it is scraped, so that every
process says the same: `Gauges` takes it as plain rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

COUNTED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "engine_records_total": (
        "Steps that records have come to, by the word of a record's way and its outcome.",
        ("connection", "step", "outcome"),
    ),
    "engine_visits_total": (
        "Visits of a system that calls us, and drains of one that we call which did something.",
        ("connection", "system"),
    ),
    "engine_requests_total": (
        "Requests of the engine that came back: readings (`read`) and writes (`write`), by how they ended.",
        ("connection", "system", "kind", "outcome"),
    ),
    "engine_call_seconds": (
        "How long calls took: a system's of us (SOAP operations) and ours of a system (operations of its API).",
        ("system", "call", "outcome"),
    ),
}
"""What this process counts by itself: name -> (help, labels)."""

GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "engine_queue_rows": ("Rows of the queue by state.", ("connection", "state")),
    "engine_parked_rows": ("Records that wait for a person, by the code of their cause.", ("connection", "cause")),
    "engine_tokens_spent": ("Tokens that were spent of the day's.", ("connection", "system")),
    "engine_tokens_limit": ("Tokens that this server may spend in a day.", ("connection", "system")),
    "engine_last_visit_timestamp_seconds": (
        "When a system last visited, or was last drained of something, since 1970.",
        ("connection", "system"),
    ),
    "engine_alerts": ("Alerts that stand, by kind.", ("connection", "kind")),
}
"""What the store knows: name -> (help, labels)."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody looks at
_REGISTRY = CollectorRegistry()


def _counter(name: str) -> Counter:
    return Counter(name, *COUNTED[name], registry=_REGISTRY)


RECORDS = _counter("engine_records_total")
VISITS = _counter("engine_visits_total")
REQUESTS = _counter("engine_requests_total")
CALL_SECONDS = Histogram("engine_call_seconds", *COUNTED["engine_call_seconds"], buckets=SECONDS, registry=_REGISTRY)


@dataclass(frozen=True, slots=True)
class Gauge:
    """One value of a gauge of GAUGES, with its labels' values in their order."""

    name: str
    labels: tuple[str, ...]
    value: float


def timed(system: str) -> Callable[[str, float, str], None]:
    """What a connector of that name tells the duration of its calls to (`protocol.Site.timed`)."""
    return lambda call, seconds, outcome: CALL_SECONDS.labels(system, call, outcome).observe(seconds)


def render(gauges: Iterable[Gauge]) -> bytes:
    """Everything in Prometheus' text format."""
    asked = CollectorRegistry()
    asked.register(_Asked(tuple(gauges)))
    return generate_latest(_REGISTRY) + generate_latest(asked)


class _Asked(Collector):
    """The gauges of one scrape."""

    def __init__(self, gauges: tuple[Gauge, ...]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        """One family for each name, also where it has no value now."""
        for name, (about, labels) in GAUGES.items():
            family = GaugeMetricFamily(name, about, labels=labels)
            for one in self._gauges:
                if one.name == name:
                    family.add_metric(one.labels, one.value)
            yield family
