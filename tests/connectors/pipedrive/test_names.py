"""What the account calls things is told to people who write mappings."""

from __future__ import annotations

import pytest

from engine.errors import SystemUnavailable
from engine.protocol import Field
from tests.connectors.pipedrive.conftest import Bencher


def test_custom_fields_stages_and_users_are_told(bench_of: Bencher) -> None:
    bench = bench_of()
    bench.account.add_field("organization", "Region", "enum", ["East", "West"])
    bench.account.add_field("deal", "Due date", "date")
    names = bench.endpoint.names()
    assert Field("Region", "enum", options=("East", "West")) in names.custom["organization"]
    assert Field("Due date", "date") in names.custom["deal"]
    stages = names.values["deal"]["stage"]
    assert stages and all(" / " in one for one in stages)
    assert names.values["user"]["name"] and all("@" in one for one in names.values["user"]["email"])


def test_an_account_that_does_not_let_us_in_is_said_to_be_away(bench_of: Bencher) -> None:
    bench = bench_of(api_token="wrong-token")
    with pytest.raises(SystemUnavailable):
        bench.endpoint.names()
