"""Reads the values of a write message's aggregate, refusing what is too long or of the wrong form."""

from typing import Any

from lxml import etree

from connectors.quickbooks_desktop.simulator.answers import GROUPED
from connectors.quickbooks_desktop.simulator.errors import StatusError
from connectors.quickbooks_desktop.simulator.requests import AGGREGATES, LENGTHS
from connectors.quickbooks_desktop.simulator.values import read

_REPEATED = {"ShipToAddress", "AdditionalContactRef"}
_NOT_SIMULATED = {
    "Contacts", "ContactsMod", "AdditionalNotes", "AdditionalNotesMod", "OpenBalance", "OpenBalanceDate", "SetCredit",
    "LinkToTxnID", "LinkToTxn", "PriceLevelRef", "OptionForPriceRuleConflict", "InventorySiteRef",
    "InventorySiteLocationRef", "SerialNumber", "LotNumber", "OverrideItemAccountRef", "OverrideUOMSetRef", "DataExt",
    "MarkupRate", "MarkupRatePercent", "CreateChangeOrder", "TemplateRef", "CustomerMsgRef",
}  # fmt: skip
_LINES = {f"{kind}Line{form}{act}" for kind in GROUPED for form in ("", "Group") for act in ("Add", "Mod")}


def fields_of(element: etree._Element) -> dict[str, Any]:
    """The values of a write's aggregate: leaves read (None for an empty one, which clears), aggregates nested, lines
    under `Lines` in their order. StatusError 3000-3085."""
    fields: dict[str, Any] = {}
    for child in element:
        name = str(child.tag)
        if name in _NOT_SIMULATED:
            raise StatusError(1030, f"The simulator does not carry out {element.tag}/{name}.")
        if name in _LINES:
            fields.setdefault("Lines", []).append(_line(child))
        elif name in _REPEATED:
            fields.setdefault(name, []).append(fields_of(child))
        elif name in AGGREGATES or name.endswith("Ref"):
            fields[name] = fields_of(child)
        else:
            fields[name] = _leaf(str(element.tag), name, child.text or "")
    return fields


def _line(element: etree._Element) -> dict[str, Any]:
    line = fields_of(element)
    if "Lines" in line:  # the members of a group
        line["InvoiceLineRet"] = line.pop("Lines")
    return line


def _leaf(parent: str, name: str, text: str) -> Any:
    longest = LENGTHS.get(f"{parent}/{name}", LENGTHS.get(name))
    if longest is not None and len(text) > longest and not parent.endswith("Ref"):
        raise StatusError(
            3070, f'The string "{text[:40]}..." in the field "{name}" is too long. Its maximum length is {longest}.'
        )
    return read(name, text)
