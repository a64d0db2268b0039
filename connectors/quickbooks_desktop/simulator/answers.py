"""The order of elements in every answer, and the writing of a nested dict as qbXML in that order.

Orders are those of qbXML 13.0 for the US edition. [OPS; XSD]
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from connectors.quickbooks_desktop.simulator.values import write

_LIST = "ListID TimeCreated TimeModified EditSequence"
_TXN = "TxnID TimeCreated TimeModified EditSequence TxnNumber"
_TREE = f"{_LIST} Name FullName IsActive ParentRef Sublevel"
_ITEM = f"{_LIST} Name FullName BarCodeValue IsActive ClassRef ParentRef Sublevel"
_FLAT_ITEM = f"{_LIST} Name BarCodeValue IsActive"
_PERSON = "Salutation FirstName MiddleName LastName"
_ADDRESSES = "BillAddress BillAddressBlock ShipAddress ShipAddressBlock"
_SALE_TAX = "Subtotal ItemSalesTaxRef SalesTaxPercentage SalesTaxTotal"
_MONEY = "CurrencyRef ExchangeRate"
_TAIL = "CustomerSalesTaxCodeRef Other ExternalGUID LinkedTxn"
_ADDRESS = "Addr1 Addr2 Addr3 Addr4 Addr5 City State PostalCode Country Note"
_LINE = "TxnLineID ItemRef Desc Quantity UnitOfMeasure OverrideUOMSetRef Rate RatePercent ClassRef Amount"
_GROUP = "TxnLineID ItemGroupRef Desc Quantity UnitOfMeasure OverrideUOMSetRef IsPrintItemsInGroup TotalAmount"

ORDER: dict[str, tuple[str, ...]] = {
    name: tuple(order.split())
    for name, order in {
        "Customer": (
            f"{_LIST} Name FullName IsActive ClassRef ParentRef Sublevel CompanyName {_PERSON} JobTitle {_ADDRESSES} "
            "ShipToAddress Phone AltPhone Fax Email Cc Contact AltContact AdditionalContactRef ContactsRet "
            "CustomerTypeRef TermsRef SalesRepRef Balance TotalBalance SalesTaxCodeRef ItemSalesTaxRef ResaleNumber "
            "AccountNumber CreditLimit PreferredPaymentMethodRef CreditCardInfo JobStatus JobStartDate "
            "JobProjectedEndDate JobEndDate JobDesc JobTypeRef Notes AdditionalNotesRet PreferredDeliveryMethod "
            "PriceLevelRef ExternalGUID CurrencyRef DataExtRet"
        ),
        "Vendor": (
            f"{_LIST} Name IsActive ClassRef CompanyName {_PERSON} JobTitle VendorAddress "
            "VendorAddressBlock ShipAddress "
            "Phone AltPhone Fax Email Cc Contact AltContact AdditionalContactRef ContactsRet "
            "NameOnCheck AccountNumber "
            "Notes AdditionalNotesRet VendorTypeRef TermsRef CreditLimit VendorTaxIdent "
            "IsVendorEligibleFor1099 Balance "
            "BillingRateRef ExternalGUID PrefillAccountRef CurrencyRef DataExtRet"
        ),
        "Employee": (
            f"{_LIST} Name IsActive {_PERSON} JobTitle SupervisorRef Department EmployeeAddress PrintAs Phone Mobile "
            "Pager PagerPIN AltPhone Fax SSN Email AdditionalContactRef EmployeeType Gender HiredDate ReleasedDate "
            "AccountNumber Notes AdditionalNotesRet BillingRateRef ExternalGUID DataExtRet"
        ),
        "OtherName": (
            f"{_LIST} Name IsActive CompanyName {_PERSON} OtherNameAddress OtherNameAddressBlock Phone "
            "AltPhone Fax Email "
            "Contact AltContact AccountNumber Notes ExternalGUID DataExtRet"
        ),
        "Account": (
            f"{_TREE} AccountType SpecialAccountType AccountNumber BankNumber Desc Balance TotalBalance "
            "CashFlowClassification CurrencyRef DataExtRet"
        ),
        "Class": _TREE,
        "CustomerType": _TREE,
        "JobType": _TREE,
        "ShipMethod": f"{_LIST} Name IsActive",
        "SalesRep": f"{_LIST} Initial IsActive SalesRepEntityRef",
        "SalesTaxCode": f"{_LIST} Name IsActive IsTaxable Desc",
        "StandardTerms": f"{_LIST} Name IsActive StdDueDays StdDiscountDays DiscountPct",
        "DateDrivenTerms": f"{_LIST} Name IsActive DayOfMonthDue DueNextMonthDays DiscountDayOfMonth DiscountPct",
        "PaymentMethod": f"{_LIST} Name IsActive PaymentMethodType",
        "Currency": (
            f"{_LIST} Name IsActive CurrencyCode CurrencyFormat IsUserDefinedCurrency ExchangeRate AsOfDate"
        ),
        "ItemService": (
            f"{_ITEM} UnitOfMeasureSetRef SalesTaxCodeRef SalesOrPurchase SalesAndPurchase ExternalGUID DataExtRet"
        ),
        "ItemNonInventory": (
            f"{_ITEM} ManufacturerPartNumber UnitOfMeasureSetRef SalesTaxCodeRef SalesOrPurchase SalesAndPurchase "
            "ExternalGUID DataExtRet"
        ),
        "ItemOtherCharge": (
            f"{_ITEM} SalesTaxCodeRef SalesOrPurchase SalesAndPurchase SpecialItemType ExternalGUID DataExtRet"
        ),
        "ItemInventory": (
            f"{_ITEM} ManufacturerPartNumber UnitOfMeasureSetRef SalesTaxCodeRef SalesDesc SalesPrice "
            "IncomeAccountRef "
            "PurchaseDesc PurchaseCost COGSAccountRef PrefVendorRef AssetAccountRef ReorderPoint Max QuantityOnHand "
            "AverageCost QuantityOnOrder QuantityOnSalesOrder ExternalGUID DataExtRet"
        ),
        "ItemInventoryAssembly": (
            f"{_ITEM} ManufacturerPartNumber UnitOfMeasureSetRef SalesTaxCodeRef SalesDesc SalesPrice "
            "IncomeAccountRef PurchaseDesc PurchaseCost COGSAccountRef PrefVendorRef AssetAccountRef BuildPoint Max "
            "QuantityOnHand AverageCost QuantityOnOrder QuantityOnSalesOrder ExternalGUID ItemInventoryAssemblyLine "
            "DataExtRet"
        ),
        "ItemFixedAsset": (
            f"{_FLAT_ITEM} ClassRef AcquiredAs PurchaseDesc PurchaseDate PurchaseCost VendorOrPayeeName "
            "AssetAccountRef FixedAssetSalesInfo AssetDesc Location PONumber SerialNumber WarrantyExpDate Notes "
            "AssetNumber CostBasis YearEndAccumulatedDepreciation YearEndBookValue ExternalGUID DataExtRet"
        ),
        "ItemDiscount": (
            f"{_ITEM} ItemDesc SalesTaxCodeRef DiscountRate DiscountRatePercent AccountRef ExternalGUID DataExtRet"
        ),
        "ItemSubtotal": f"{_FLAT_ITEM} ItemDesc SpecialItemType ExternalGUID DataExtRet",
        "ItemPayment": (
            f"{_FLAT_ITEM} ClassRef ItemDesc DepositToAccountRef PaymentMethodRef ExternalGUID DataExtRet"
        ),
        "ItemSalesTax": f"{_FLAT_ITEM} ClassRef ItemDesc TaxRate TaxVendorRef ExternalGUID DataExtRet",
        "ItemSalesTaxGroup": f"{_FLAT_ITEM} ItemDesc ExternalGUID ItemSalesTaxRef DataExtRet",
        "ItemGroup": (
            f"{_FLAT_ITEM} ItemDesc UnitOfMeasureSetRef IsPrintItemsInGroup SpecialItemType "
            "ExternalGUID ItemGroupLine "
            "DataExtRet"
        ),
        "Invoice": (
            f"{_TXN} CustomerRef ClassRef ARAccountRef TemplateRef TxnDate RefNumber {_ADDRESSES} IsPending "
            f"IsFinanceCharge PONumber TermsRef DueDate SalesRepRef FOB ShipDate ShipMethodRef "
            f"{_SALE_TAX} AppliedAmount "
            f"BalanceRemaining {_MONEY} BalanceRemainingInHomeCurrency Memo IsPaid CustomerMsgRef IsToBePrinted "
            "IsToBeEmailed CustomerSalesTaxCodeRef SuggestedDiscountAmount SuggestedDiscountDate Other ExternalGUID "
            "LinkedTxn Lines DataExtRet"
        ),
        "ReceivePayment": (
            f"{_TXN} CustomerRef ARAccountRef TxnDate RefNumber TotalAmount {_MONEY} TotalAmountInHomeCurrency "
            "PaymentMethodRef Memo DepositToAccountRef UnusedPayment UnusedCredits ExternalGUID "
            "AppliedToTxnRet DataExtRet"
        ),
        "Estimate": (
            f"{_TXN} CustomerRef ClassRef TemplateRef TxnDate RefNumber {_ADDRESSES} IsActive PONumber "
            "TermsRef DueDate "
            f"SalesRepRef FOB {_SALE_TAX} TotalAmount {_MONEY} TotalAmountInHomeCurrency Memo CustomerMsgRef "
            f"IsToBeEmailed {_TAIL} EstimateLineRet Lines DataExtRet"
        ),
        "SalesOrder": (
            f"{_TXN} CustomerRef ClassRef TemplateRef TxnDate RefNumber {_ADDRESSES} PONumber TermsRef DueDate "
            f"SalesRepRef FOB ShipDate ShipMethodRef {_SALE_TAX} TotalAmount {_MONEY} TotalAmountInHomeCurrency "
            f"IsManuallyClosed IsFullyInvoiced Memo CustomerMsgRef IsToBePrinted IsToBeEmailed {_TAIL} "
            "SalesOrderLineRet Lines DataExtRet"
        ),
        "SalesReceipt": (
            f"{_TXN} CustomerRef ClassRef TemplateRef TxnDate RefNumber {_ADDRESSES} IsPending CheckNumber "
            f"PaymentMethodRef DueDate SalesRepRef ShipDate ShipMethodRef FOB {_SALE_TAX} TotalAmount {_MONEY} "
            "TotalAmountInHomeCurrency Memo CustomerMsgRef IsToBePrinted IsToBeEmailed CustomerSalesTaxCodeRef "
            "DepositToAccountRef Other ExternalGUID SalesReceiptLineRet DataExtRet"
        ),
        "CreditMemo": (
            f"{_TXN} CustomerRef ClassRef ARAccountRef TemplateRef TxnDate RefNumber {_ADDRESSES} IsPending PONumber "
            f"TermsRef DueDate SalesRepRef FOB ShipDate ShipMethodRef {_SALE_TAX} TotalAmount "
            f"CreditRemaining {_MONEY} "
            f"CreditRemainingInHomeCurrency Memo CustomerMsgRef IsToBePrinted IsToBeEmailed {_TAIL} "
            "CreditMemoLineRet "
            "DataExtRet"
        ),
        "Bill": (
            f"{_TXN} VendorRef VendorAddress APAccountRef TxnDate DueDate AmountDue {_MONEY} AmountDueInHomeCurrency "
            "RefNumber TermsRef Memo SalesTaxCodeRef IsPaid ExternalGUID LinkedTxn ExpenseLineRet "
            "ItemLineRet OpenAmount "
            "DataExtRet"
        ),
        "PurchaseOrder": (
            f"{_TXN} VendorRef ClassRef InventorySiteRef ShipToEntityRef TemplateRef TxnDate RefNumber VendorAddress "
            "VendorAddressBlock ShipAddress ShipAddressBlock TermsRef DueDate ExpectedDate "
            "ShipMethodRef FOB TotalAmount "
            f"{_MONEY} TotalAmountInHomeCurrency IsManuallyClosed IsFullyReceived Memo VendorMsg IsToBePrinted "
            "IsToBeEmailed SalesTaxCodeRef Other1 Other2 ExternalGUID LinkedTxn PurchaseOrderLineRet DataExtRet"
        ),
        "BillPaymentCheck": (
            f"{_TXN} PayeeEntityRef APAccountRef TxnDate BankAccountRef Amount {_MONEY} AmountInHomeCurrency RefNumber "
            "Memo Address AddressBlock IsToBePrinted ExternalGUID AppliedToTxnRet DataExtRet"
        ),
        "JournalEntry": (
            f"{_TXN} TxnDate RefNumber Memo IsAdjustment IsHomeCurrencyAdjustment {_MONEY} ExternalGUID "
            "JournalDebitLine JournalCreditLine DataExtRet"
        ),
        "BillAddress": _ADDRESS, "ShipAddress": _ADDRESS, "VendorAddress": _ADDRESS, "OtherNameAddress": _ADDRESS,
        "EmployeeAddress": "Addr1 Addr2 City State PostalCode",
        "Address": _ADDRESS, "LegalAddress": _ADDRESS, "ShipToAddress": f"Name {_ADDRESS} DefaultShipTo",
        "AdditionalContactRef": "ContactName ContactValue",
        "ContactsRet": f"{_LIST} Contact {_PERSON} JobTitle AdditionalContactRef",
        "AdditionalNotesRet": "NoteID Date Note",
        "CreditCardInfo": (
            "CreditCardNumber ExpirationMonth ExpirationYear NameOnCard CreditCardAddress CreditCardPostalCode"
        ),
        "LinkedTxn": "TxnID TxnType TxnDate RefNumber LinkType Amount",
        "InvoiceLineRet": f"{_LINE} InventorySiteRef ServiceDate SalesTaxCodeRef Other1 Other2 DataExtRet",
        "InvoiceLineGroupRet": f"{_GROUP} InvoiceLineRet DataExtRet",
        "EstimateLineGroupRet": f"{_GROUP} EstimateLineRet DataExtRet",
        "SalesOrderLineGroupRet": f"{_GROUP} SalesOrderLineRet DataExtRet",
        "EstimateLineRet": f"{_LINE} SalesTaxCodeRef MarkupRate MarkupRatePercent Other1 Other2",
        "SalesOrderLineRet": f"{_LINE} SalesTaxCodeRef Invoiced IsManuallyClosed Other1 Other2",
        "SalesReceiptLineRet": f"{_LINE} ServiceDate SalesTaxCodeRef Other1 Other2",
        "CreditMemoLineRet": f"{_LINE} ServiceDate SalesTaxCodeRef Other1 Other2",
        "ItemLineRet": "TxnLineID ItemRef Desc Quantity UnitOfMeasure Cost Amount CustomerRef ClassRef BillableStatus",
        "ExpenseLineRet": "TxnLineID AccountRef Amount Memo CustomerRef ClassRef BillableStatus",
        "PurchaseOrderLineRet": (
            "TxnLineID ItemRef ManufacturerPartNumber Desc Quantity UnitOfMeasure Rate ClassRef Amount CustomerRef "
            "ServiceDate ReceivedQuantity UnbilledQuantity IsBilled IsManuallyClosed Other1 Other2"
        ),
        "JournalDebitLine": "TxnLineID AccountRef Amount Memo EntityRef ClassRef BillableStatus",
        "JournalCreditLine": "TxnLineID AccountRef Amount Memo EntityRef ClassRef BillableStatus",
        "AppliedToTxnRet": "TxnID TxnType TxnDate RefNumber BalanceRemaining Amount DiscountAmount DiscountAccountRef",
        "SalesOrPurchase": "Desc Price PricePercent AccountRef",
        "SalesAndPurchase": (
            "SalesDesc SalesPrice IncomeAccountRef PurchaseDesc PurchaseCost ExpenseAccountRef PrefVendorRef"
        ),
        "ItemGroupLine": "ItemRef Quantity UnitOfMeasure",
        "ItemInventoryAssemblyLine": "ItemInventoryRef Quantity",
        "FixedAssetSalesInfo": "SalesDesc SalesDate SalesPrice SalesExpense",
        "CurrencyFormat": "ThousandSeparator ThousandSeparatorGrouping DecimalPlaces DecimalSeparator",
        "DataExtRet": "OwnerID DataExtName DataExtType DataExtValue",
    }.items()
}  # fmt: skip
"""Entity, aggregate or line -> its elements in order. `Lines` stands for (XLineRet|XLineGroupRet)*, X the entity."""

GROUPED = ("Invoice", "Estimate", "SalesOrder")
"""The transactions whose lines are `Lines`."""

_REFERENCE = ("ListID", "FullName")


def order_of(name: str) -> tuple[str, ...] | None:
    """The order of an entity or aggregate; None where the dict's own order is kept (Host, Company, Preferences)."""
    order = ORDER.get(name)
    if order is None and name.endswith("Ref"):
        return _REFERENCE
    return order


def in_order(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` as a dict in schema order, all the way down. Raises KeyError for a name the schema has not."""
    order = order_of(name) or tuple(fields)
    if unknown := [key for key in fields if key not in order]:
        raise KeyError(f"{name} has no {', '.join(unknown)}")
    return {key: _nested(key, fields[key], name) for key in order if key in fields and fields[key] is not None}


def _nested(name: str, value: Any, owner: str) -> Any:
    if isinstance(value, Mapping):
        return in_order(name, value)
    if isinstance(value, list):
        return [_nested(line_name(owner, item) if name == "Lines" else name, item, owner) for item in value]
    return value


def line_name(entity: str, line: Mapping[str, Any]) -> str:
    """`InvoiceLineRet`, or `InvoiceLineGroupRet` for a line with an ItemGroupRef; likewise of estimates and orders."""
    return f"{entity}LineGroupRet" if "ItemGroupRef" in line else f"{entity}LineRet"


def xml(tag: str, fields: Mapping[str, Any], only: Collection[str] = ()) -> str:
    """`<tag>...</tag>` for a dict already in schema order; `only` keeps these top-level elements."""
    parts: list[str] = [f"<{tag}>"]
    for name, value in fields.items():
        if only and not _asked_for(name, only):
            continue
        _write(parts, name, value, tag.removesuffix("Ret"))
    parts.append(f"</{tag}>")
    return "".join(parts)


def _asked_for(name: str, only: Collection[str]) -> bool:
    if name == "Lines":
        return any(asked.endswith(("LineRet", "LineGroupRet")) for asked in only)
    return name in only


def _write(parts: list[str], name: str, value: Any, entity: str = "") -> None:
    if isinstance(value, Mapping):
        parts.append(f"<{name}>")
        for key, inner in value.items():
            _write(parts, key, inner)
        parts.append(f"</{name}>")
    elif isinstance(value, list):
        for item in value:
            _write(parts, line_name(entity, item) if name == "Lines" else name, item)
    elif value is not None and value != "":
        # QuickBooks leaves out what is empty [facts: qbwc-gem-CustomerAddRs-ok.xml has no empty element]
        parts.append(f"<{name}>{escape(write(name, value))}</{name}>")


def attributes(pairs: Sequence[tuple[str, str | int | None]]) -> str:
    """Attributes as text with a leading blank each; None ones are left out."""
    return "".join(f" {name}={quoteattr(str(value))}" for name, value in pairs if value is not None)
