"""Judges the way back: what people made of a deal stands once in its invoices' memos, beside all other words.

A deal that nobody touched is not told of; a voided invoice keeps what it had.
"""

from __future__ import annotations

import re

from connectors.demo.checks.scene import Record, Scene, is_voided

OUR_LINE = re.compile(r"\[Pipedrive:[^\[\]]*\]")


def memos(scene: Scene) -> list[str]:
    """One sentence for each memo that says something else than the deal, or not what people wrote."""
    problems = []
    for key, invoice in scene.invoices.items():
        name, memo = f"invoice {invoice.get('RefNumber') or key}", str(invoice.get("Memo") or "")
        words, wrote = plain(OUR_LINE.sub(" ", memo)), plain(scene.diary.words.get(key, ""))
        if words != wrote:
            problems.append(f"the memo of {name} should have the words {wrote!r}, has {words!r}")
        if is_voided(invoice):
            continue
        due = [told(scene, deal) for deal in scene.invoice_claims.get(key, ()) if deal in scene.diary.told]
        if (held := OUR_LINE.findall(memo)) != due:
            problems.append(f"the memo of {name} should tell {due}, tells {held}")
    return problems


def told(scene: Scene, deal: int) -> str:
    """The line that an invoice's memo has when it tells what became of a deal."""
    record = scene.deals[deal]
    stage: Record = scene.account.record("stage", record["stage_id"])
    pipeline = scene.account.record("pipeline", stage["pipeline_id"])
    return f"[Pipedrive: {record['status'].title()}, {pipeline['name']} / {stage['name']}]"


def plain(memo: str) -> str:
    """The words, without what QuickBooks puts before them when an invoice is voided."""
    return " ".join(memo.removeprefix("VOID:").split())
