"""Counts the checks against ../shared/reference, and says before pytest's closing line how many ran and were skipped.

With REFERENCE_CHECKS=required a skipped one is a failure: .ci/run sets it where the reference data is there.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.postgres", "tests.connectors.pipedrive.judged"]
# How long an example takes hangs on who else uses the machine. `.ci/run` takes hypothesis' own profile "ci" instead.
settings.register_profile("unhurried", deadline=None, print_blob=True)
settings.load_profile("unhurried")
REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if item.get_closest_marker("reference") is None:
        return report
    report.user_properties.append(("reference", "skipped" if report.skipped else call.when))
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("REFERENCE_CHECKS") == "required":
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: a reference check was skipped where all are required: {why}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # The reports of every outcome, also those that xdist's workers sent.
    seen = [
        dict(report.user_properties)["reference"]
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and "reference" in dict(report.user_properties)
    ]
    skipped = seen.count("skipped")
    ran = seen.count("call")
    where = "" if REFERENCE.is_dir() else " (../shared/reference is not there)"
    terminalreporter.write_line(f"reference checks: {ran} ran, {skipped} skipped{where}")
