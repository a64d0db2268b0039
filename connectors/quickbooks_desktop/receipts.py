"""What QuickBooks said to a write, or to the question what became of one: read from the answer. Pure. [facts 2.6]"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.quickbooks_desktop.qbxml import Unreadable, parse_root

NOTHING_KEPT = 600
"""messageSetStatusCode: QuickBooks knows no message set of this id, so it never got it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to one write. `code` is None where the message set holds no answer."""

    set_code: int | None
    code: int | None = None
    text: str = ""
    key: str | None = None


def read_receipt(text: str) -> Receipt:
    """The receipt in a response document; Unreadable for what is none."""
    root = parse_root(text)
    messages = root.find("QBXMLMsgsRs") if root.tag == "QBXML" else None
    if messages is None:
        raise Unreadable("QuickBooks' answer is not a qbXML document.")
    set_code = _number(messages.get("messageSetStatusCode"))
    if not len(messages):
        return Receipt(set_code)
    answer = messages[0]
    code = _number(answer.get("statusCode"))
    if code is None:
        raise Unreadable("QuickBooks' answer has no status.")
    # the record itself, or the ErrorRecovery that stands for it [facts 2.6]
    keys = [key for one in answer for name in ("TxnID", "ListID") if (key := one.findtext(name))]
    return Receipt(set_code, code, (answer.get("statusMessage") or "").strip(), keys[0] if keys else None)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.lstrip("-").isdecimal() else None
