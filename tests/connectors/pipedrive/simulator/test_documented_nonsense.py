"""What Pipedrive's documents allow, and a little beside it, made up by schemathesis: the simulator never breaks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.pipedrive.simulator import Account, serve
from connectors.pipedrive.simulator.routes import OPERATIONS
from tests.connectors.pipedrive.openapi import load_judge, plain_document

pytestmark = [pytest.mark.reference, pytest.mark.unjudged("only failures of the simulator's own are looked for")]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_nothing_that_schemathesis_makes_up_breaks_it(version: str, tmp_path: Path) -> None:
    load_judge()
    account = Account(token="token-of-schemathesis", plan="ultimate", seats=100)
    account.limits.burst = None
    account.add_organization("Acme")
    account.add_person("Ann")
    account.add_deal("D", org_id=1)
    account.add_product("Hammer")
    account.add("project", title="Kitchen")
    account.add("lead", title="Estimate", organization_id=1)
    account.add_filter("Open deals", "deals")
    document = tmp_path / "document.json"
    document.write_text(json.dumps({key: one for key, one in plain_document(version).items() if key != "servers"}))
    with serve(account) as running:
        command = [
            str(Path(sys.executable).with_name("schemathesis")), "run", str(document),
            "--url", f"{running.url}/api/{version}", "-H", f"x-api-token: {account.token}", "--seed", "7",
            "--phases", "examples,fuzzing", "-n", "5", "--checks", "not_a_server_error", "--max-failures", "1",
        ]  # fmt: skip
        for path in sorted({one.template for one in OPERATIONS if one.version == version}):
            command += ["--include-path", path]
        made = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert made.returncode == 0, made.stdout[-4000:] + made.stderr[-2000:]
    served = {entry.operation for entry in account.ledger.entries}
    assert {one.name for one in OPERATIONS if one.version == version} <= served
