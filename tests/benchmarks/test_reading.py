"""What reading costs: the memory of a very large company, and the speed of the parser. Run by `make bench`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from connectors.demo.server import Server, free_port, password_hash
from connectors.quickbooks_desktop import queries
from connectors.quickbooks_desktop.entities import sources
from connectors.quickbooks_desktop.qbxml import document as as_bytes, read_answers
from connectors.quickbooks_desktop.simulator.soap_client import SoapClient
from engine.protocol import Query
from tests.benchmarks import by_hand, pages

PASSWORD = "correct horse"
ENGINE_YAML = """
store: sqlite:///engine.db
server: {{url: "http://localhost:{port}", port: {port}}}
connections:
  acme:
    mappings: preset:default
    zone: America/New_York
    quickbooks_desktop: {{user: acme, password_hash: "${{QBWC_PASSWORD_HASH}}", currency: USD}}
    pipedrive: {{company: acme, api_token: none, url: "http://127.0.0.1:1"}}
"""
"""Nobody is at Pipedrive's address, so what is read flows on nowhere."""
COUNT = int(os.environ.get("READING_RECORDS", "300000"))
MOST_ADDED = 64
"""MiB."""
LEAST_SHARE = 0.8
"""Of the speed of the loop by hand."""
MIB = 1024 * 1024


def resident(process: int) -> float:
    """The memory of a process, in MiB. [proc(5): statm]"""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB


def test_a_very_large_company_adds_little_to_the_servers_memory(
    benchmark: BenchmarkFixture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, port = tmp_path / "engine.yaml", free_port()
    config.write_text(ENGINE_YAML.format(port=port))
    server = Server(config, port, {"QBWC_PASSWORD_HASH": password_hash(PASSWORD)})
    server.start()
    try:
        assert server._process is not None
        process = server._process.pid
        soap = f"{server.url}/acme/quickbooks_desktop/"
        visit(soap, pages.VeryLarge(100), lambda: None)
        before, most = resident(process), [0.0]

        def look() -> None:
            most[0] = max(most[0], resident(process))

        company = pages.VeryLarge(COUNT)
        benchmark.pedantic(visit, args=(soap, company, look), rounds=1)
        assert company.given == COUNT
    finally:
        server.stop()
    added = most[0] - before
    benchmark.extra_info.update(records=COUNT, before_mib=round(before, 1), added_mib=round(added, 1))
    with capsys.disabled():
        print(f"\n{COUNT:,} customers through the SOAP endpoint: {before:.0f} MiB before, {added:+.1f} MiB at the most")
    assert added < MOST_ADDED


def visit(soap: str, company: pages.VeryLarge, after_each: Callable[[], None]) -> None:
    """One visit, from the login to the end."""
    client = SoapClient(soap)
    ticket, word, *_ = client.call("authenticate", ("strUserName", "acme"), ("strPassword", PASSWORD)).strings
    assert word == "", word
    greeting, percent = pages.GREETING, 0
    while percent < 100:
        request = client.call(
            "sendRequestXML", ("ticket", ticket), ("strHCPResponse", greeting), ("strCompanyFileName", "large.qbw"),
            ("qbXMLCountry", "US"), ("qbXMLMajorVers", "13"), ("qbXMLMinorVers", "0"),
        ).text  # fmt: skip
        greeting = ""
        if not request:
            break
        answer = company.process(request)
        given = (("ticket", ticket), ("response", answer), ("hresult", ""), ("message", ""))
        percent = int(client.call("receiveResponseXML", *given).text)
        assert percent >= 0, client.call("getLastError", ("ticket", ticket)).text
        after_each()
    client.call("closeConnection", ("ticket", ticket))
    client.close()


def test_the_parser_keeps_up_with_a_loop_written_by_hand(
    benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    source, query = sources()["Customer"], Query("Customer")
    expected = {"1": queries.expected(source, source.reads[0], query)}
    text = pages.document(pages.customers(0, 1000))
    records = [record for _, record in read_answers(text, expected)[0].records]
    assert records == by_hand.customers(as_bytes(text))
    by_us, by_them = [], []
    for _ in range(15):  # in turns, so that both meet the same weather
        by_us.append(seconds(lambda: read_answers(text, expected)))
        by_them.append(seconds(lambda: by_hand.customers(as_bytes(text))))
    share = min(by_them) / min(by_us)
    benchmark.pedantic(read_answers, args=(text, expected), rounds=5)
    benchmark.extra_info.update(share_of_hand_written=round(share, 3))
    with capsys.disabled():
        print(f"\nparsing 1,000 customers: {share:.2f} of the speed of a loop written by hand")
    assert share >= LEAST_SHARE


def seconds(function: Callable[[], object]) -> float:
    """The processor time of one call."""
    began = time.process_time()
    function()
    return time.process_time() - began
