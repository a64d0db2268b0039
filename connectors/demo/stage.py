"""Sets the stage: one world in both simulators, and the diary begun with what stood in Pipedrive before."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.demo.checks.scene import Scene
from connectors.demo.clock import Clock
from connectors.demo.diary import Diary
from connectors.demo.generator import World
from connectors.demo.load_account import load_account
from connectors.demo.load_company import Ids, load_company
from connectors.pipedrive.simulator.state import Account
from connectors.quickbooks_desktop.simulator.company import Company

BY_HAND = ("name", "address", "label_ids", "owner_id")
CUSTOM_BY_HAND = ("Email", "Tier")


@dataclass(slots=True)
class Stage:
    """Both systems, and what the demo knows of them."""

    world: World
    clock: Clock
    company: Company
    ids: Ids
    account: Account
    diary: Diary

    @classmethod
    def set(cls, seed: int = 1, scale: float = 1) -> Stage:
        """A fresh stage; everything on it happened in the past."""
        world, clock = World(seed, scale), Clock()
        company, ids = load_company(world, clock)
        account, organizations = load_account(world, clock)
        expected = {ids.customers[ref]: expected for ref, expected in world.key.items()}
        diary = Diary(expected, organizations, frozenset(one["id"] for one in account.records("organization")))
        stage = cls(world, clock, company, ids, account, diary)
        stage._remember_what_stands()
        diary.words |= {one["TxnID"]: one["Memo"] for one in company.records("Invoice") if one.get("Memo")}
        return stage

    def scene(self) -> Scene:
        """The state of both systems now."""
        return Scene(self.company, self.account, self.diary)

    def _remember_what_stands(self) -> None:
        """Linking must leave alone whatever salespeople had filled in."""
        why = "it stood there before"
        for record in self.account.records("organization"):
            for name in BY_HAND:
                if value := record[name]:
                    self.diary.note(
                        "organization", record["id"], name, value["value"] if name == "address" else value, why
                    )
            custom = self.account.custom("organization", record)
            for name in CUSTOM_BY_HAND:
                if custom.get(name):
                    self.diary.note("organization", record["id"], f"custom.{name}", custom[name], why)
