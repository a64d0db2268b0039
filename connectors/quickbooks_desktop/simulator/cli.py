"""The command `engine simulate quickbooks`: a small company of its own whose Web Connector visits a server."""

import time
from pathlib import Path

import click

from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.faults import Faults, parse_fault
from connectors.quickbooks_desktop.simulator.sample_company import sample_company
from connectors.quickbooks_desktop.simulator.versions import VERSIONS
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector


@click.command("quickbooks")
@click.option("--url", required=True, help="The SOAP address, as in the .qwc file.")
@click.option("--user", required=True, help="The user name of the .qwc file.")
@click.option("--password", envvar="QBWC_PASSWORD", required=True, help="Its password; or set QBWC_PASSWORD.")
@click.option("--every", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds between visits.")
@click.option("--visits", type=click.IntRange(min=1), default=None, help="Stop after so many; for ever if left out.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another company.")
@click.option("--customers", type=click.IntRange(min=1), default=20, show_default=True, help="Its size.")
@click.option(
    "--file",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Keep the company in this file between runs.",
)
@click.option("--fault", "specs", multiple=True, metavar="SPEC", help="Fail so, e.g. 'cut-after@receiveResponseXML#2'.")
@click.option("--read-only", is_flag=True, help="QuickBooks lets the application read only (status 3263).")
@click.option("--qbxml", default="13.0", show_default=True, type=click.Choice(VERSIONS), help="Newest version there.")
def simulator(
    url: str,
    user: str,
    password: str,
    every: float,
    visits: int | None,
    seed: int,
    customers: int,
    file: Path | None,
    specs: tuple[str, ...],
    read_only: bool,
    qbxml: str,
) -> None:
    """Play QuickBooks and its Web Connector against a running server.

    \b
    Examples:
      engine simulate quickbooks --url http://localhost:8800/acme/quickbooks_desktop --user acme --visits 3
      engine simulate quickbooks --url ... --user acme --fault modal-dialog --fault 'cut-before%0.05'

    A fault is KIND[=VALUE][@WHERE][#NTH][*TIMES][%CHANCE]: cannot-open, closed-file, modal-dialog, other-company,
    process-raises (VALUE an HRESULT), slow (VALUE seconds), truncated, cut-before, cut-after, abandon-after,
    timeout, unknown-ticket, early-send, receive-twice, close-twice. WHERE is a method's name or the number of a call
    in its visit; of a request for process-raises, slow, truncated and receive-twice.

    Exits with 1 if the last visit did not end well.
    """
    try:
        faults = Faults(*map(parse_fault, specs), seed=seed)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--fault") from None
    company = Company.load(file) if file is not None and file.exists() else sample_company(seed, customers)
    counts = ", ".join(f"{number} {entity}" for entity, number in company.counts().items())
    click.echo(f"Company file: {counts}")
    company.facts.offer(qbxml)
    company.facts.read_only = read_only
    connector = WebConnector(url, user, password, company, faults=faults, told=lambda line: click.echo(f"  {line}"))
    done = 0
    while True:
        done += 1
        click.echo(f"Visit {done}")
        report = connector.visit()
        click.echo(report.summary())
        if file is not None:
            company.dump(file)
        if done == visits:
            break
        time.sleep(report.postponed_seconds or max(every, report.minimum_seconds or 0))
    if not report.ok:
        raise SystemExit(1)
