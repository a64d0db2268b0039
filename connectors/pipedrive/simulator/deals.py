"""The rules of a deal: status with its times, stage with its pipeline, lines with the value they add up to.

Pure: records in, the keys to change out. Storing them is the account's job.
"""

from decimal import Decimal
from typing import Any

from .numbers import Number, rounded
from .refusals import Invalid

Record = dict[str, Any]

CLOSING = ("won_time", "lost_time", "close_time", "lost_reason")
ALLOWED = {"won": ("won_time", "close_time"), "lost": ("lost_time", "close_time", "lost_reason")}
NEW_DEAL: Record = {
    "person_id": None,
    "org_id": None,
    "value": 0,
    "is_archived": False,
    "archive_time": None,
    "status": "open",
    "probability": None,
    "lost_reason": None,
    "close_time": None,
    "won_time": None,
    "lost_time": None,
    "first_won_time": None,
    "expected_close_date": None,
    "label_ids": [],
    "origin": "API",
    "origin_id": None,
    "channel": None,
    "channel_id": None,
    "source_lead_id": None,
    "arr": None,
    "mrr": None,
    "acv": None,
}


def status_changes(before: Record, body: Record, now: str) -> Record:
    """Status and closing times after `body`; raises Invalid where they contradict each other.

    lost_reason and lost_time only with lost, won_time only with won, close_time with either [OpenAPI v2].
    Reopening clears them; first_won_time stays [facts: 5].
    """
    status: str = body["status"] if "status" in body else before["status"]
    wrong = [key for key in CLOSING if body.get(key) is not None and key not in ALLOWED.get(status, ())]
    if wrong:
        raise Invalid(*(f"{key}: cannot be set while the deal is {status}" for key in wrong))
    given = {key: body[key] for key in CLOSING if key in body}
    if status == before["status"]:
        after = given
    else:
        after = dict.fromkeys(CLOSING) | {"status": status}
        if status != "open":
            own = f"{status}_time"
            at = given.get(own) or given.get("close_time") or now
            after |= {own: at, "close_time": at} | given
    if status == "won" and not before["first_won_time"]:
        after["first_won_time"] = after.get("won_time") or before["won_time"]
    return after


def stage_changes(before: Record, body: Record, stages: dict[int, Record], pipelines: list[Record]) -> Record:
    """Stage and pipeline after `body`.

    A stage decides the pipeline; a pipeline alone means its first stage; of both, the stage counts
    [facts: 5, S12]. Neither on a new deal: the first stage of the first pipeline [assumed].
    """
    stage_id = body.get("stage_id")
    if stage_id is None:
        pipeline_id = body.get("pipeline_id", before.get("pipeline_id"))
        if pipeline_id is not None and pipeline_id == before.get("pipeline_id"):
            return {}
        if pipeline_id is None:
            pipeline_id = pipelines[0]["id"]
        own = [row for row in stages.values() if row["pipeline_id"] == pipeline_id and not row["is_deleted"]]
        if not own:
            raise Invalid("pipeline_id: the pipeline has no stages")
        stage_id = min(own, key=lambda row: (row["order_nr"], row["id"]))["id"]
    if stage_id == before.get("stage_id"):
        return {}
    return {"stage_id": stage_id, "pipeline_id": stages[stage_id]["pipeline_id"]}


def local_days(deal: Record) -> Record:
    """The derived days of v2's answers; the company's zone is UTC here [assumed]."""
    return {
        "local_won_date": (deal["won_time"] or "")[:10] or None,
        "local_lost_date": (deal["lost_time"] or "")[:10] or None,
        "local_close_date": (deal["close_time"] or "")[:10] or None,
    }


def line_sum(line: Record, places: int) -> Number:
    """What a line adds up to, rounded half up to the currency's decimals.

    A percentage or an amount off the whole line; exclusive tax comes on top, inclusive is in the price
    already, none adds nothing [OpenAPI v2 addDealProduct; that `sum` holds exclusive tax is assumed].
    """
    total = Decimal(line["quantity"]) * Decimal(line["item_price"])
    off = Decimal(line["discount"])
    total -= total * off / 100 if line["discount_type"] == "percentage" else off
    if line["tax_method"] == "exclusive":
        total += total * Decimal(line["tax"]) / 100
    return rounded(total, places)


def value_of(lines: list[Record], places: int) -> Number:
    """A deal's value from its enabled lines; 0 once the last is gone [facts: 5 "recalculated"; 0 assumed]."""
    return rounded(sum((Decimal(line["sum"]) for line in lines if line["is_enabled"]), Decimal(0)), places)
