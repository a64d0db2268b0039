"""Leads, activities, tasks, pipelines and stages over real HTTP: what each of them needs besides its fields."""

from decimal import Decimal

from engine.protocol import CustomField, Failure, Option
from tests.connectors.pipedrive.conftest import Bench, Bencher, change, new

LEAD_FIELDS = (
    CustomField("Estimate", "text", length=255),
    CustomField("Kind", "enum", options=("Private", "Business")),
    CustomField("Wishes", "enum", many=True, options=("Fast", "Cheap")),
    CustomField("Deposit", "number", money=True),
    CustomField("Valid until", "date"),
)
WISHES = {
    "Estimate": "E-4",
    "Kind": "Business",
    "Wishes": ["Cheap", "Fast"],
    "Deposit": Decimal("99.90"),
    "Valid until": "2026-12-31",
}


def organization(bench: Bench) -> str:
    return str(bench.carry(new("organization", name="Acme")).key)


def test_a_lead_carries_its_identity_and_the_deals_custom_fields(bench_of: Bencher) -> None:
    bench = bench_of(custom_fields={"lead": LEAD_FIELDS})
    org = organization(bench)
    line = "cf/Estimate/1"
    written = bench.carry(
        new(
            "lead",
            line,
            title="Estimate 4",
            organization_id=org,
            amount=Decimal("1200.50"),
            currency="EUR",
            custom=WISHES,
        )
    )
    assert written.identity == (line,)
    assert (written.record["amount"], written.record["currency"]) == (Decimal("1200.50"), "EUR")
    assert written.record["custom"] == WISHES
    assert "QuickBooks ID" in {one["field_name"] for one in bench.account.fields.all("deal")}
    read = bench.read("lead", kind="keys", keys=(written.key,))[written.key]
    assert (read.record, read.identity) == (written.record, written.identity)
    assert list(bench.read("lead")) == [written.key]


def test_the_amount_of_a_lead_changes_and_its_currency_stays(bench: Bench) -> None:
    org = organization(bench)
    lead = bench.carry(new("lead", title="L", organization_id=org, amount=Decimal("10"), currency="EUR"))
    changed = bench.carry(change("lead", lead.key, amount=Decimal("12.50")))
    assert changed.record["value"] == {"amount": Decimal("12.50"), "currency": "EUR"}
    assert bench.carry(change("lead", lead.key, amount=None)).record["value"] is None


def test_all_pages_of_leads_are_read_in_both_ways_of_telling_them(bench: Bench) -> None:
    org = int(organization(bench))
    for number in range(501):
        bench.account.add("lead", title=f"L{number}", organization_id=org)
    assert len(bench.read("lead")) == 501
    bench.account.switches.nested_lead_pages = True
    assert len(bench.read("lead", fields=("title",))) == 501


def test_an_option_of_a_deals_field_is_written_to_a_lead_as_v1_takes_it(bench_of: Bencher) -> None:
    bench = bench_of(custom_fields={"lead": LEAD_FIELDS[1:2]})
    option = bench.carry(new("deal_option", field="Kind", label="Public"))
    lead = bench.carry(
        new("lead", title="L", organization_id=organization(bench), custom={"Kind": Option("deal_option", option.key)})
    )
    assert lead.record["custom"]["Kind"] == "Public"


def test_a_field_that_a_person_deleted_is_made_again_for_a_lead_too(bench_of: Bencher) -> None:
    bench = bench_of(custom_fields={"lead": LEAD_FIELDS[:1]})
    org = organization(bench)
    bench.carry(new("lead", title="A", organization_id=org, custom={"Estimate": "E-1"}))
    bench.account.delete_field("deal", bench.account.fields.named("deal", "Estimate")["field_code"])
    made = bench.carry(new("lead", title="B", organization_id=org, custom={"Estimate": "E-2"}))
    assert made.record["custom"] == {"Estimate": "E-2"}


def test_the_person_of_an_activity_is_sent_as_its_primary_participant_and_the_others_stay(bench: Bench) -> None:
    ann, bob = (bench.carry(new("person", name=name)).key for name in ("Ann", "Bob"))
    made = bench.carry(new("activity", "cf/Bill/1", subject="Pay", person_id=ann, due_date="2026-12-01", done=False))
    assert (made.record["person_id"], made.identity) == (ann, ("cf/Bill/1",))
    key = int(made.key)
    both = [{"person_id": int(ann), "primary": True}, {"person_id": int(bob), "primary": False}]
    bench.account.edit("activity", key, participants=both)
    cho = bench.carry(new("person", name="Cho")).key
    changed = bench.carry(change("activity", made.key, person_id=cho))
    assert changed.record["participants"] == [
        {"person_id": cho, "primary": True},
        {"person_id": bob, "primary": False},
    ]


def test_an_activitys_note_keeps_its_identity_whatever_is_written(bench: Bench) -> None:
    made = bench.carry(new("activity", "cf/Bill/1", subject="Pay", note="<p>By <b>wire</b></p>"))
    assert made.identity == ("cf/Bill/1",) and "QuickBooks ID" not in made.record["note"]
    assert bench.carry(change("activity", made.key, note="<p>By check</p>")).identity == ("cf/Bill/1",)
    done = bench.carry(change("activity", made.key, "cf/Bill/1", "cf/Bill/2", done=True))
    assert done.identity == ("cf/Bill/1", "cf/Bill/2")
    assert (done.record["done"], done.record["note"]) == (True, "<p>By check</p>")


def test_a_task_is_written_in_the_words_of_requests_and_read_in_those_of_answers(bench: Bench) -> None:
    project = str(bench.account.add("project", title="Kitchen")["id"])
    made = bench.carry(
        new("task", "cf/PurchaseOrder/1", title="Order", project_id=project, is_done=True, assignee_ids=["1"],
            description="12 tiles", due_date="2026-12-01")
    )  # fmt: skip
    assert (made.record["is_done"], made.record["assignee_ids"], made.identity) == (
        True,
        ["1"],
        ("cf/PurchaseOrder/1",),
    )
    assert made.record["description"] == "12 tiles"
    assert bench.account.record("task", int(made.key))["description"] == "12 tiles\nQuickBooks ID: cf/PurchaseOrder/1"
    cleared = bench.carry(change("task", made.key, due_date=None, description=None))
    assert (cleared.record["due_date"], cleared.record["description"]) == (None, None)
    assert cleared.identity == ("cf/PurchaseOrder/1",)


def test_a_pipeline_and_a_stage_that_are_there_are_taken_and_not_made_twice(bench: Bench) -> None:
    first = bench.carry(new("pipeline", name="Orders"))
    assert bench.carry(new("pipeline", name=" orders ")).key == first.key
    stage = bench.carry(new("stage", name="New", pipeline_id=first.key, deal_probability=Decimal(40)))
    assert bench.carry(new("stage", name="New", pipeline_id=first.key)).key == stage.key
    other = bench.carry(new("pipeline", name="Service"))
    assert bench.carry(new("stage", name="New", pipeline_id=other.key)).key != stage.key
    assert bench.carry(change("stage", stage.key, name="Fresh")).record["name"] == "Fresh"


def test_what_is_only_read_is_refused_by_name(bench: Bench) -> None:
    for write in (new("user", name="Sam"), new("filter", name="Mine"), new("project", title="Kitchen")):
        failed = bench.carry(write)
        assert (failed.failure, failed.message) == (Failure.REFUSED, f"Pipedrive's {write.entity} is read only here.")


def test_filters_and_projects_can_be_read(bench: Bench) -> None:
    bench.account.add_filter("Open deals", "deals")
    bench.account.add("project", title="Kitchen")
    assert [one.record["type"] for one in bench.read("filter").values()] == ["deals"]
    assert [one.record["status"] for one in bench.read("project").values()] == ["open"]
