"""What goes wrong, and what the engine is told: one class each, and never the token."""

import logging
import time
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime

import httpx
import pytest

from connectors.pipedrive.connector import Pipedrive
from connectors.pipedrive.settings import Settings
from connectors.pipedrive.status import LATE
from engine.errors import InvalidSettings
from engine.protocol import Connector, CustomField, Failure, HttpRequest, Query
from tests.connectors.pipedrive.conftest import TOKEN, Bench, Bencher, change, new


@pytest.mark.parametrize("fault", ["cut-after", "500-after", "null", "500", "502"])
@pytest.mark.parametrize("action", ["create", "update"])
def test_a_write_whose_outcome_is_not_known_is_unknown(bench_of: Bencher, fault: str, action: str) -> None:
    bench = bench_of()
    key = str(bench.account.add_organization("A")["id"])
    bench.running.faults.add(f"{fault}@{'POST' if action == 'create' else 'PATCH'} *")
    write = new("organization", name="B") if action == "create" else change("organization", key, name="B")
    assert bench.carry(write).failure is Failure.UNKNOWN
    done = any(one["name"] == "B" for one in bench.account.records("organization"))
    assert done is (fault in ("cut-after", "500-after", "null"))


@pytest.mark.parametrize("fault", ["cut-before", "500", "null", "503"])
def test_a_reading_that_fails_is_tried_again(bench_of: Bencher, fault: str) -> None:
    bench = bench_of()
    bench.running.faults.add(f"{fault}@GET /organizations")
    failed = bench.carry(Query("organization"))
    assert failed.failure is Failure.RETRY
    assert bench.carry(Query("organization", id="again")).done


def test_nobody_listening_is_a_retry_since_nothing_was_sent(bench: Bench) -> None:
    org = bench.carry(new("organization", name="A"))
    bench.running.stop()
    failed = bench.carry(new("note", content="x", org_id=org.key))
    assert failed.failure is Failure.RETRY and "127.0.0.1" in failed.message


def test_work_is_not_taken_while_pipedrive_cannot_be_asked(bench: Bench) -> None:
    bench.running.stop()
    write = new("organization", name="A")
    bench.work.add(write)
    bench.endpoint.drain()
    assert bench.work.due == [write] and bench.work.results == []
    assert "127.0.0.1" in bench.work.visits[-1]["message"]
    bench.endpoint.drain()
    assert len(bench.work.visits) == 1, "told once"


def test_a_slow_answer_to_a_write_is_unknown(bench: Bench) -> None:
    bench.carry(new("organization", name="A"))
    bench.endpoint._client._http.timeout = 0.2
    bench.running.faults.add("slow=0.5@POST /organizations")
    failed = bench.carry(new("organization", name="B"))
    assert (failed.failure, failed.again_after) == (Failure.UNKNOWN, LATE), "it may still be carried out"


def test_a_token_that_expired_is_for_a_person_and_stops_the_rest(bench_of: Bencher) -> None:
    bench = bench_of(parallel=1)
    bench.carry(new("organization", name="A"))
    bench.account.tokens.clear()
    writes = [new("organization", name=str(number)) for number in range(4)]
    bench.work.add(*writes)
    bench.endpoint.drain()
    assert [bench.work.failed(one).failure for one in writes] == [Failure.CONFIGURATION] + [Failure.UNSENT] * 3


def test_a_wrong_token_at_the_first_start_is_told_of_the_work_that_waits(bench_of: Bencher) -> None:
    bench = bench_of(api_token="wrong")
    failed = bench.carry(new("organization", name="A"))
    assert failed.failure is Failure.CONFIGURATION and "engine.yaml" in failed.message


def test_a_record_that_is_not_there_any_more_is_gone(bench: Bench) -> None:
    assert bench.carry(change("organization", "4711", name="B")).failure is Failure.GONE


def test_refused_data_names_the_field(bench: Bench) -> None:
    failed = bench.carry(new("organization", name="A", owner_id="99"))
    assert failed.failure is Failure.REFUSED and failed.field == "owner_id"


def test_refused_custom_data_names_the_custom_field_and_not_its_key(bench_of: Bencher) -> None:
    bench = bench_of(custom_fields={"organization": (CustomField("Short", "text", length=10),)})
    failed = bench.carry(new("organization", name="A", custom={"Short": "x" * 300}))
    assert failed.failure is Failure.REFUSED and failed.field == "custom.Short" and "'Short'" in failed.message


def test_text_for_a_number_is_refused_before_it_is_sent(bench_of: Bencher) -> None:
    bench = bench_of(custom_fields={"organization": (CustomField("Rating", "number"),)})
    failed = bench.carry(new("organization", name="A", custom={"Rating": "good"}))
    assert failed.failure is Failure.REFUSED and failed.field == "custom.Rating"


def test_a_plan_limit_stops_that_record_and_not_the_others(bench: Bench) -> None:
    bench.account.switches.open_deals_limit = 0
    org = bench.carry(new("organization", name="A"))
    deal, note = new("deal", title="x", org_id=org.key), new("note", content="y", org_id=org.key)
    bench.work.add(deal, note)
    bench.endpoint.drain()
    assert bench.work.failed(deal).failure is Failure.REFUSED and bench.work.failed(deal).code
    assert bench.work.written(note)


def test_an_account_that_takes_no_more_custom_fields_is_for_a_person(bench: Bench) -> None:
    bench.account.switches.custom_fields_limit = 0
    failed = bench.carry(new("organization", "cf/Customer/1", name="A"))
    assert failed.failure is Failure.CONFIGURATION and "custom field" in failed.message


def test_a_field_whose_creation_got_no_answer_is_not_made_twice(bench: Bench) -> None:
    bench.running.faults.add("cut-after@POST /organizationFields")
    write = new("organization", "cf/Customer/1", name="A")
    assert bench.carry(write).failure is Failure.RETRY
    bench.carry(write)
    assert [one["field_name"] for one in bench.account.fields.all("organization")].count("QuickBooks ID") == 1


def test_a_field_that_may_still_be_made_late_is_made_by_nobody_before_it_is_there(bench: Bench) -> None:
    bench.read("organization")
    bench.endpoint._client._http.timeout = 0.2
    bench.running.faults.add("slow=1@POST /organizationFields")
    first = bench.carry(new("organization", "cf/Customer/1", name="A"))
    assert (first.failure, first.again_after) == (Failure.RETRY, LATE)
    second = new("organization", "cf/Customer/2", name="B")
    waits = bench.carry(second)
    assert waits is None or waits.failure is Failure.UNSENT
    fields = lambda: [one["field_name"] for one in bench.account.fields.all("organization")]  # noqa: E731
    assert fields().count("QuickBooks ID") == 0
    deadline = time.monotonic() + 20
    while "QuickBooks ID" not in fields():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    bench.endpoint._client._http.timeout = 20
    bench.clock.move(seconds=61)
    assert bench.carry(second).key
    assert fields().count("QuickBooks ID") == 1


def test_one_faulty_record_does_not_end_the_drain(bench: Bench) -> None:
    writes = [new("organization", name=str(number)) for number in range(6)]
    bench.running.faults.add("500@POST /organizations#3")
    bench.work.add(*writes)
    bench.endpoint.drain()
    assert len(bench.account.records("organization")) == 5


def test_a_defect_of_ours_is_unknown_and_logged_and_loses_no_write(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    failed = bench.carry(new("organization", name="A", address={"lines": 7}))
    assert failed.failure is Failure.UNKNOWN and "Traceback" in caplog.text


def test_the_token_is_nowhere_to_be_read(bench_of: Bencher, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        bench = bench_of(parallel=1)
        for fault in ("500@*", "cut-before@*"):
            bench.running.faults.add(fault.replace("@*", "@GET /users/me"))
            bench.work.add(Query("organization", id=fault))
            bench.endpoint.drain()
            bench.clock.move(minutes=1)
        bench.account.tokens.clear()
        bench.carry(Query("organization", id="401"))
    said = [str(result) for _, result in bench.work.results] + [
        str(bench.work.visits),
        caplog.text,
        *(str(vars(one)) for one in caplog.records),
    ]
    said += [repr(one) for one in (bench.endpoint, bench.endpoint._client, bench.endpoint._settings)]
    said += [str(check) for check in bench.endpoint.ping()]
    assert not [one for one in said if TOKEN in one]
    assert all(one.query.find("api_token") < 0 for one in bench.account.ledger.entries)


def test_settings_that_lack_something_say_what() -> None:
    with pytest.raises(InvalidSettings, match="api_token"):
        Settings.of({"company": "acme"})
    with pytest.raises(InvalidSettings, match="gold"):
        Settings.of({"company": "acme", "api_token": "t", "plan": "gold"})
    assert Settings.of({"company": "acme", "api_token": "t"}).url == "https://acme.pipedrive.com"
    assert Settings.of({"company": "a", "api_token": "t", "plan": "growth", "seats": 5}).daily_tokens == 300_000


def test_ping_says_what_is_well_and_what_is_not(bench_of: Bencher) -> None:
    bench = bench_of(burst=40)

    def dated(response: httpx.Response) -> None:  # the service's clock, which stays right
        response.headers["date"] = format_datetime(datetime.now(UTC), usegmt=True)

    bench.endpoint._client._http.event_hooks["response"] = [dated]
    assert {one.name: one.ok for one in bench.endpoint.ping()} == {
        "account": True, "company": True, "plan": True, "clock": True, "rights": True, "tokens": True,
    }  # fmt: skip
    bench.account.limits.burst = 20
    bench.clock.move(minutes=10)
    wrong = {one.name: one.message for one in bench.endpoint.ping() if not one.ok}
    assert set(wrong) == {"plan", "clock"} and "lite" in wrong["plan"]


def test_ping_says_that_a_user_who_is_no_admin_sees_too_little(bench_of: Bencher) -> None:
    bench = bench_of(burst=40)
    user = bench.account.add_user("Bob", "bob@acme.example")
    bench.account.tokens[TOKEN] = user["id"]
    assert [one.name for one in bench.endpoint.ping() if not one.ok] == ["rights"]


def test_ping_of_another_company_says_which(bench_of: Bencher) -> None:
    bench = bench_of(company="acne", burst=40)
    assert [one.name for one in bench.endpoint.ping() if not one.ok] == ["company"]


def test_nothing_is_served_yet(bench: Bench) -> None:
    assert bench.endpoint.answer(HttpRequest("POST", "/webhook", {}, b"{}")).status == 404


def test_the_connector_keeps_the_contract() -> None:
    assert isinstance(Pipedrive, Connector)
    assert Pipedrive.derive("product", {"prices": []}, None)["price"] is None
    assert (
        Pipedrive.derive("product", {"prices": [{"price": Decimal(1), "currency": "EUR"}]}, None)["currency"] == "EUR"
    )
