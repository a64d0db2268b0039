"""Since which qbXML version a message or an element is there, so that older QuickBooks refuse and leave out the newer.

Elements without an entry are as old as their message. [OPS: the remarks vX.Y, US edition]
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from lxml import etree

from connectors.quickbooks_desktop.simulator.errors import unparsable

VERSIONS = (
    "1.0", "1.1", "2.0", "2.1", "3.0", "4.0", "4.1", "5.0", "6.0", "7.0", "8.0", "9.0", "10.0", "11.0", "12.0", "13.0",
)  # fmt: skip
"""What a QuickBooks of 2014 or later lists as SupportedQBXMLVersion. [samples/responses/qbwc-gem-strHCPResponse.xml]"""

_MESSAGES = {
    "1.1": "PreferencesQueryRq ReceivePaymentQueryRq ListDelRq TxnDelRq TxnVoidRq",
    "2.0": (
        "ItemInventoryAssemblyQueryRq BillPaymentCheckQueryRq ListDeletedQueryRq TxnDeletedQueryRq DataExtDefQueryRq "
        "DataExtAddRq DataExtModRq DataExtDelRq"
    ),
    "2.1": "InvoiceModRq SalesOrderAddRq SalesOrderQueryRq",
    "3.0": "ItemFixedAssetQueryRq EstimateModRq SalesOrderModRq",
    "8.0": "CurrencyQueryRq",
}
_ELEMENTS = {
    "2.0": "BankNumber IsPaid CreditRemaining DataExtRet",
    "2.1": "CashFlowClassification IsFullyReceived Mobile Pager PagerPIN SpecialAccountType TaxForm",
    "3.0": (
        "CreditCardInfo IsAdjustment IsAutomaticLogin IsSampleCompany LinkType PreferredPaymentMethodRef QBFileMode "
        "CustomerMod/CustomerTypeRef CustomerMod/TermsRef CustomerMod/SalesRepRef CustomerMod/ParentRef "
        "CustomerMod/IsActive CustomerMod/SalesTaxCodeRef CustomerMod/ItemSalesTaxRef CustomerMod/CreditLimit "
        "CustomerMod/ResaleNumber CustomerMod/JobStatus CustomerMod/JobStartDate CustomerMod/JobProjectedEndDate "
        "CustomerMod/JobEndDate CustomerMod/JobDesc CustomerMod/JobTypeRef CustomerMod/Notes CustomerAdd/Notes "
        "EstimateAdd/IsActive"
    ),
    "4.0": "IncludeRetElement RefNumberCaseSensitive PriceLevelRef",
    "5.0": "DataExt",
    "6.0": (
        "AddressBlock BillAddressBlock ShipAddressBlock VendorAddressBlock OtherNameAddressBlock BillingRateRef "
        "IncludeListMetaData IsToBeEmailed LinkToTxn LinkToTxnID Other Other1 Other2 SpecialItemType Addr5 Note"
    ),
    "7.0": (
        "OverrideUOMSetRef PaymentMethodType UnitOfMeasure UnitOfMeasureSetRef ManufacturerPartNumber "
        "EstimateLineAdd/PriceLevelRef EstimateLineMod/PriceLevelRef EstimateAdd/ShipAddress "
        "EstimateMod/ShipAddress Estimate/ShipAddress Estimate/ShipAddressBlock"
    ),
    "8.0": (
        "AmountDueInHomeCurrency AmountInHomeCurrency BalanceRemainingInHomeCurrency CreditRemainingInHomeCurrency "
        "CurrencyFilter CurrencyRef ExchangeRate IsHomeCurrencyAdjustment MultiCurrencyPreferences PrefillAccountRef "
        "TotalAmountInHomeCurrency ExternalGUID InvoiceAdd/IsFinanceCharge"
    ),
    "9.0": (
        "Invoice/ExternalGUID InvoiceAdd/ExternalGUID Estimate/ExternalGUID EstimateAdd/ExternalGUID "
        "SalesOrder/ExternalGUID SalesOrderAdd/ExternalGUID ReceivePayment/ExternalGUID"
    ),
    "10.0": "InventorySiteRef MultiLocationInventoryPreferences Override SetCredit AppliedToTxnRet/LinkedTxn",
    "11.0": (
        "DataExtFormatString DataExtID DataExtListRequire DataExtTxnRequire DiscountClassRef IsBilled UnbilledQuantity "
        "Vendor/ShipAddress"
    ),
    "12.0": (
        "AdditionalContactRef AdditionalNotes AdditionalNotesMod AdditionalNotesRet BarCodeValue Cc ClassFilter "
        "Contacts ContactsMod ContactsRet InventorySiteLocationRef JobTitle PreferredDeliveryMethod ShipToAddress "
        "CustomerAdd/ClassRef CustomerMod/ClassRef Customer/ClassRef Vendor/ClassRef ItemService/ClassRef "
        "ItemInventory/ClassRef ItemNonInventory/ClassRef ItemOtherCharge/ClassRef ItemDiscount/ClassRef"
    ),
    "13.0": "Department Max OptionForPriceRuleConflict SupervisorRef Bill/VendorAddress",
}
_OLD = {"Currency/ExchangeRate", "AdditionalNotes/Note", "AdditionalNotesMod/Note", "AdditionalNotesRet/Note"}
"""As old as what they stand in, though others of the name are not."""


def _by_name(table: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    return {name: number(version) for version, names in table.items() for name in names.split()}


def number(version: str) -> tuple[int, ...]:
    """`13.0` as (13, 0), to be compared."""
    return tuple(int(part) for part in version.split("."))


NEWEST = number(VERSIONS[-1])
_SINCE = _by_name(_ELEMENTS)
_MESSAGE_SINCE = _by_name(_MESSAGES)
_FIRST = (1, 0)


@cache
def since(parent: str, name: str) -> tuple[int, ...]:
    """The first version that has element `name` in `parent` (an entity without Ret, an aggregate or a message)."""
    if f"{parent}/{name}" in _OLD:
        return _FIRST
    return _SINCE.get(f"{parent}/{name}") or _SINCE.get(name) or _FIRST


def check(message: etree._Element, version: str) -> None:
    """0x80040400 if the message, or anything in it, is newer than the version that its document names. [facts 1.7]"""
    asked = number(version)
    if asked >= NEWEST:
        return
    if _MESSAGE_SINCE.get(str(message.tag), _FIRST) > asked:
        raise unparsable(f"{message.tag} is not in qbXML {version}")
    for element in message.iter():
        for child in element:
            if isinstance(child.tag, str) and since(str(element.tag), child.tag) > asked:
                raise unparsable(f"{element.tag}/{child.tag} is not in qbXML {version}")


def shown(parent: str, fields: dict[str, Any], version: str) -> dict[str, Any]:
    """An answer's fields without what its version does not know. [assumed: an answer has its request's version]"""
    asked = number(version)
    if asked >= NEWEST:
        return fields
    return {name: _shown(name, value, version) for name, value in fields.items() if since(parent, name) <= asked}


def _shown(name: str, value: Any, version: str) -> Any:
    if isinstance(value, dict):
        return shown(name, value, version)
    if isinstance(value, list):
        return [_shown(name, item, version) for item in value]
    return value
