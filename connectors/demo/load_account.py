"""Puts the generator's organizations, people and users into a simulated Pipedrive account, stamped in the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.demo.clock import Clock
from connectors.demo.crm import LABELS, TIERS
from connectors.demo.generator import World
from connectors.pipedrive.simulator.state import Account

COMPANY = "hudsonvale"
STAGES = ("Sent", "Reminded", "Promised", "Settled")
SINCE = datetime(2025, 3, 3, 15, 0, tzinfo=UTC)
"""When the salespeople began with Pipedrive."""


def load_account(world: World, clock: Clock) -> tuple[Account, dict[str, int]]:
    """The account, and the ids of the organizations by ref."""
    with clock.at(SINCE):
        account = Account(company=COMPANY, plan="ultimate", seats=1, seed=world.seed, clock=clock)
        account.add_pipeline("Invoices", STAGES)
        account.add_field("organization", "Email", "varchar")
        account.add_field("organization", "Tier", "enum", TIERS)
        labels = {label: account.add_label("organization", label) for label in LABELS}
        owners = {
            rep.user_name: int(account.add_user(rep.user_name, rep.user_email or "")["id"])
            for rep in world.reps
            if rep.user_name
        }
        for name in world.products:
            account.add_product(name)
    ids: dict[str, int] = {}
    for number, one in enumerate(world.organizations):
        with clock.at(SINCE + timedelta(hours=5 * number)):
            custom = {name: value for name, value in (("Email", one.email), ("Tier", one.tier)) if value}
            more = {"address": {"value": one.address}} if one.address else {}
            by = owners[one.owner] if one.owner else 1
            chosen = [labels[one.label]] if one.label else []
            record = account.add_organization(one.name, by=by, label_ids=chosen, custom=custom, **more)
            ids[one.ref] = int(record["id"])
            if one.deleted:
                account.remove("organization", ids[one.ref])
    with clock.at(SINCE + timedelta(days=90)):
        for contact in world.contacts:
            where = {"org_id": ids[contact.organization]} if contact.organization else {}
            account.add_person(contact.name, contact.email, **where)
    return account, ids
