"""Shows a demo: progress while it runs, a table at the end, or the counts as plain data for a program."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from connectors.demo.run import Outcome

COUNTS = ("created", "linked", "updated", "unchanged")


class Silent(AbstractContextManager["Silent"]):
    """Watches without a word."""

    def say(self, text: str) -> None:
        """Nothing."""

    def busy(self, left: int, requests: int) -> None:
        """Nothing."""

    def __exit__(self, *_: object) -> None:
        return None


class Watched(AbstractContextManager["Watched"]):
    """Tells a person on the terminal, with a line at the bottom that moves."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=self.console, transient=True)
        self._task = self._progress.add_task("The stage is set", total=None)

    def __enter__(self) -> Watched:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """A line that stays."""
        system, _, rest = text.partition(": ")
        known = system in ("QuickBooks", "Pipedrive")
        line = Text.assemble("  ", (system, "dim"), " ", rest) if known else Text(text, "bold")
        self._progress.console.print(line, highlight=False)

    def busy(self, left: int, requests: int) -> None:
        """The line that moves."""
        self._progress.update(self._task, description=f"{left:,} records to go, {requests:,} calls to Pipedrive")


def counts(mapping: dict[str, Any]) -> dict[str, Any]:
    """One mapping's part of the report, from what the server's status says of it."""
    outcomes = mapping.get("outcomes", {})
    known = {name: outcomes.get(name, 0) for name in COUNTS}
    return (
        known
        | {"waiting": mapping.get("waiting", {}), "parked": mapping.get("parked", {})}
        | {"skipped": mapping.get("skipped", {})}
    )


def as_data(outcome: Outcome) -> dict[str, Any]:
    """The whole report; money is Decimal, times are seconds."""
    verdict = outcome.verdict
    first = outcome.first_deal_seconds
    return {
        "mappings": {name: counts(mapping) for name, mapping in outcome.mappings.items()},
        "tokens_spent": outcome.tokens_spent,
        "visits": outcome.visits,
        "duplicates": verdict.duplicates,
        "wrong_links": verdict.wrong_links,
        "last_visit_writes": outcome.last_visit_writes,
        "money": {
            currency: {
                "deals": one.deals, "without_deal": one.without_deal, "invoices": one.invoices,
                "difference": one.difference,
            }
            for currency, one in sorted(verdict.money.sums.items())
        },
        "checks": [check.as_data() for check in verdict.checks],
        "state": outcome.state,
        "seconds": round(outcome.seconds, 1),
        "first_deal_seconds": None if first is None else round(first, 1),
    }  # fmt: skip


def show(outcome: Outcome, console: Console | None = None) -> None:
    """The tables for a person."""
    console = console or Console()
    table = Table(title="What happened", box=box.SIMPLE, padding=(0, 0, 0, 1))
    for name in ("mapping", *COUNTS, "waiting", "parked", "skipped"):
        table.add_column(name, justify="left" if name == "mapping" else "right", no_wrap=True)
    for name, mapping in outcome.mappings.items():
        one = counts(mapping)
        sums = [sum(one[kind].values()) for kind in ("waiting", "parked", "skipped")]
        table.add_row(name, *(f"{count:,}" for count in [*(one[kind] for kind in COUNTS), *sums]))
    console.print(table)
    money = Table(title="Money", box=box.SIMPLE)
    for name in ("currency", "deals", "invoices without a deal", "invoices in QuickBooks", "difference"):
        money.add_column(name, justify="left" if name == "currency" else "right")
    for currency, one_sum in sorted(outcome.verdict.money.sums.items()):
        amounts = (one_sum.deals, one_sum.without_deal, one_sum.invoices, one_sum.difference)
        money.add_row(currency, *(f"{amount:,.2f}" for amount in amounts))
    console.print(money)
    for check in outcome.verdict.checks:
        console.print(f"[green]✓[/green] {check.name}" if check.holds else f"[red]✗[/red] {check.name}")
        for problem in check.problems[:20]:
            console.print(f"    {problem}", style="red", markup=False, highlight=False)
    console.print(
        f"{outcome.visits} visits, {outcome.tokens_spent:,} tokens of Pipedrive's, {outcome.seconds:.0f} seconds, "
        f"the first deal after {outcome.first_deal_seconds or 0:.0f}",
        highlight=False,
    )


def show_around(url: str, connection: str, outcome: Outcome, console: Console | None = None) -> None:
    """Five things worth trying while the page is up. `url` ends with a slash."""
    console = console or Console()
    story = f"records?q={outcome.most_told}" if outcome.most_told else "records"
    tries = (
        ("What flowed, what waits and why, and today's tokens", ""),
        ("Decide for a customer who could be two: link it, and watch its invoices follow", "parked"),
        ("Why is this deal as it is? A won invoice, from its reading to the memo that came back", story),
        ("Change a mapping and see at once what becomes of a record", f"mappings/{connection}/customers/playground"),
        ("Close a month: both sides compared, with sums that add up", "reconciliation"),
    )
    console.print("\nFive things worth trying (the Web Connector comes every few seconds; Ctrl-C ends):", style="bold")
    for number, (what, path) in enumerate(tries, 1):
        console.print(f"  {number}. {what}\n     {url}{path}", highlight=False, markup=False, soft_wrap=True)
