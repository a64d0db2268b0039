"""What a qbXML 13.0 request may look like: the content model, leaf types and lengths of every message understood here.

Content models are written like a DTD's: `,` in this order, `|` one of, `?` `*` `+` how often. Taken from the public
OPS description of 13.0 for the US edition; elements of other editions (PrintAs, Mobile, IsTaxIncluded ...) are left
out, so that they are refused as QuickBooks refuses them. [facts 2.2, 5.1; OPS]
"""

_IDS = "ListID+|FullName+"
_NAMES = "(NameFilter|NameRangeFilter)?"
_LIST = f"MaxReturned?,ActiveStatus?,FromModifiedDate?,ToModifiedDate?,{_NAMES}"
_TXN_IDS = "TxnID+|RefNumber+|RefNumberCaseSensitive+"
_DATES = "(ModifiedDateRangeFilter|TxnDateRangeFilter)?"
_REFS = "(RefNumberFilter|RefNumberRangeFilter)?"
_TXN = f"MaxReturned?,{_DATES},EntityFilter?,AccountFilter?,{_REFS},CurrencyFilter?"

PLAIN_LIST = f"({_IDS}|{_LIST})?,IncludeRetElement*"
LIST_WITH_OWNER = f"{PLAIN_LIST},OwnerID*"
ITEM_KIND = f"({_IDS}|{_LIST},ClassFilter?)?,IncludeRetElement*,OwnerID*"
NAME_LIST = f"({_IDS}|{_LIST},TotalBalanceFilter?,CurrencyFilter?,ClassFilter?)?,IncludeRetElement*,OwnerID*"
_TAIL = "IncludeLineItems?,IncludeLinkedTxns?,IncludeRetElement*,OwnerID*"
LINKED_TXN = f"({_TXN_IDS}|{_TXN})?,{_TAIL}"
PAYABLE_TXN = f"({_TXN_IDS}|{_TXN},PaidStatus?)?,{_TAIL}"
UNLINKED_TXN = f"({_TXN_IDS}|{_TXN})?,IncludeLineItems?,IncludeRetElement*,OwnerID*"
_DELETED = "DeletedDateRangeFilter?,IncludeRetElement*"

QUERIES: dict[str, str] = {
    "HostQueryRq": "IncludeListMetaData?,IncludeRetElement*",
    "CompanyQueryRq": "IncludeRetElement*,OwnerID*",
    "PreferencesQueryRq": "IncludeRetElement*",
    "DataExtDefQueryRq": "(OwnerID*|AssignToObject*)?,IncludeRetElement*",
    "TxnDeletedQueryRq": f"TxnDelType+,{_DELETED}",
    "ListDeletedQueryRq": f"ListDelType+,{_DELETED}",
    "CustomerQueryRq": NAME_LIST,
    "VendorQueryRq": NAME_LIST,
    "EmployeeQueryRq": LIST_WITH_OWNER,
    "OtherNameQueryRq": LIST_WITH_OWNER,
    "AccountQueryRq": f"({_IDS}|{_LIST},AccountType*,CurrencyFilter?)?,IncludeRetElement*,OwnerID*",
    "ClassQueryRq": PLAIN_LIST,
    "CurrencyQueryRq": PLAIN_LIST,
    "CustomerTypeQueryRq": PLAIN_LIST,
    "JobTypeQueryRq": PLAIN_LIST,
    "ShipMethodQueryRq": PLAIN_LIST,
    "SalesRepQueryRq": PLAIN_LIST,
    "SalesTaxCodeQueryRq": PLAIN_LIST,
    "TermsQueryRq": PLAIN_LIST,
    "StandardTermsQueryRq": PLAIN_LIST,
    "DateDrivenTermsQueryRq": PLAIN_LIST,
    "PaymentMethodQueryRq": f"({_IDS}|{_LIST},PaymentMethodType*)?,IncludeRetElement*",
    "ItemQueryRq": LIST_WITH_OWNER,
    "ItemServiceQueryRq": ITEM_KIND,
    "ItemInventoryQueryRq": ITEM_KIND,
    "ItemInventoryAssemblyQueryRq": ITEM_KIND,
    "ItemFixedAssetQueryRq": ITEM_KIND,
    "ItemNonInventoryQueryRq": ITEM_KIND,
    "ItemOtherChargeQueryRq": ITEM_KIND,
    "ItemDiscountQueryRq": ITEM_KIND,
    "ItemSubtotalQueryRq": LIST_WITH_OWNER,
    "ItemGroupQueryRq": LIST_WITH_OWNER,
    "ItemSalesTaxGroupQueryRq": LIST_WITH_OWNER,
    "ItemPaymentQueryRq": ITEM_KIND,
    "ItemSalesTaxQueryRq": ITEM_KIND,
    "InvoiceQueryRq": PAYABLE_TXN,
    "ReceivePaymentQueryRq": UNLINKED_TXN,
    "EstimateQueryRq": LINKED_TXN,
    "SalesOrderQueryRq": LINKED_TXN.replace("AccountFilter?,", ""),
    "SalesReceiptQueryRq": UNLINKED_TXN,
    "CreditMemoQueryRq": LINKED_TXN,
    "BillQueryRq": PAYABLE_TXN,
    "PurchaseOrderQueryRq": LINKED_TXN,
    "BillPaymentCheckQueryRq": UNLINKED_TXN,
    "JournalEntryQueryRq": UNLINKED_TXN,
}
"""Query message -> content model."""

_ITERABLE = (
    "Customer Vendor Item ItemService ItemInventory ItemNonInventory ItemOtherCharge ItemDiscount ItemSubtotal "
    "ItemGroup ItemPayment ItemSalesTax ItemSalesTaxGroup ItemInventoryAssembly ItemFixedAsset BillPaymentCheck "
    "Invoice ReceivePayment Estimate SalesOrder SalesReceipt CreditMemo Bill "
    "PurchaseOrder JournalEntry"
)
ITERABLE = frozenset(f"{kind}QueryRq" for kind in _ITERABLE.split())
"""The queries of ours that know the attributes iterator and iteratorID; elsewhere they are unparsable. [facts 2.3]"""

WITHOUT_METADATA = frozenset({"HostQueryRq", "CompanyQueryRq", "PreferencesQueryRq"})
"""Queries without the attribute metaData. [OPS]"""

_ADDRESS = "Addr1?,Addr2?,Addr3?,Addr4?,Addr5?,City?,State?,PostalCode?,Country?,Note?"
_PERSON = "Salutation?,FirstName?,MiddleName?,LastName?,JobTitle?"
_CUSTOMER_A = (
    f"CompanyName?,{_PERSON},BillAddress?,ShipAddress?,ShipToAddress*,"
    "Phone?,AltPhone?,Fax?,Email?,Cc?,Contact?,AltContact?"
)
_CUSTOMER_B = (
    "SalesTaxCodeRef?,ItemSalesTaxRef?,ResaleNumber?,AccountNumber?,CreditLimit?,PreferredPaymentMethodRef?,"
    "CreditCardInfo?,JobStatus?,JobStartDate?,JobProjectedEndDate?,JobEndDate?,JobDesc?,JobTypeRef?,Notes?"
)
_INVOICE_A = "ClassRef?,ARAccountRef?,TemplateRef?,TxnDate?,RefNumber?,BillAddress?,ShipAddress?,IsPending?"
_INVOICE_B = (
    "PONumber?,TermsRef?,DueDate?,SalesRepRef?,FOB?,ShipDate?,ShipMethodRef?,ItemSalesTaxRef?,Memo?,CustomerMsgRef?,"
    "IsToBePrinted?,IsToBeEmailed?,CustomerSalesTaxCodeRef?,Other?,ExchangeRate?"
)
_LINE = "ItemRef?,Desc?,Quantity?,UnitOfMeasure?"
_PRICE = "(Rate|RatePercent|PriceLevelRef)?,ClassRef?,Amount?"
_SITE = "InventorySiteRef?,InventorySiteLocationRef?,(SerialNumber?|LotNumber?)?"
_DATE_TAX = "ServiceDate?,SalesTaxCodeRef?,OverrideItemAccountRef?,Other1?,Other2?"

_HELD_BY = "(ListDataExtType,ListObjRef|TxnDataExtType,TxnID,TxnLineID?|OtherDataExtType)"
_ESTIMATE = (
    "BillAddress?,ShipAddress?,IsActive?,{change}PONumber?,TermsRef?,DueDate?,SalesRepRef?,FOB?,ItemSalesTaxRef?,Memo?,"
    "CustomerMsgRef?,IsToBeEmailed?,CustomerSalesTaxCodeRef?,Other?,ExchangeRate?"
)
_SALES_ORDER = (
    "BillAddress?,ShipAddress?,PONumber?,TermsRef?,DueDate?,SalesRepRef?,FOB?,ShipDate?,ShipMethodRef?,"
    "ItemSalesTaxRef?,IsManuallyClosed?,Memo?,CustomerMsgRef?,IsToBePrinted?,IsToBeEmailed?,CustomerSalesTaxCodeRef?,"
    "Other?,ExchangeRate?"
)
_ORDER_A = "ClassRef?,TemplateRef?,TxnDate?,RefNumber?"
_RATE = "(Rate|RatePercent)?,ClassRef?,Amount?,OptionForPriceRuleConflict?,InventorySiteRef?,InventorySiteLocationRef?"
_MARKUP = "SalesTaxCodeRef?,(MarkupRate|MarkupRatePercent|PriceLevelRef)?"
_ORDERED = f"{_PRICE},OptionForPriceRuleConflict?,{_SITE},SalesTaxCodeRef?,IsManuallyClosed?,Other1?,Other2?"
_GROUP_ADD = "ItemGroupRef,Quantity?,UnitOfMeasure?,InventorySiteRef?,InventorySiteLocationRef?,DataExt*"
_GROUP_MOD = "TxnLineID,ItemGroupRef?,Quantity?,UnitOfMeasure?,OverrideUOMSetRef?"

WRITES: dict[str, str] = {
    f"{kind}{act}Rq": f"{kind}{act},IncludeRetElement*"
    for kind in ("Customer", "Invoice", "Estimate", "SalesOrder")
    for act in ("Add", "Mod")
} | {
    "DataExtAddRq": "DataExtAdd",
    "DataExtModRq": "DataExtMod",
    "DataExtDelRq": "DataExtDel",
    "TxnVoidRq": "TxnVoidType,TxnID",
    "TxnDelRq": "TxnDelType,TxnID",
    "ListDelRq": "ListDelType,ListID",
}
"""Write message -> content model of the message element."""

AGGREGATES: dict[str, str] = {
    "CustomerAdd": (
        f"Name,IsActive?,ClassRef?,ParentRef?,{_CUSTOMER_A},AdditionalContactRef*,Contacts*,CustomerTypeRef?,TermsRef?,"
        f"SalesRepRef?,OpenBalance?,OpenBalanceDate?,{_CUSTOMER_B},AdditionalNotes*,PreferredDeliveryMethod?,"
        "PriceLevelRef?,ExternalGUID?,CurrencyRef?"
    ),
    "CustomerMod": (
        f"ListID,EditSequence,Name?,IsActive?,ClassRef?,ParentRef?,{_CUSTOMER_A},AdditionalContactRef*,ContactsMod*,"
        f"CustomerTypeRef?,TermsRef?,SalesRepRef?,{_CUSTOMER_B},AdditionalNotesMod*,PreferredDeliveryMethod?,"
        "PriceLevelRef?,CurrencyRef?"
    ),
    "InvoiceAdd": (
        f"CustomerRef,{_INVOICE_A},IsFinanceCharge?,{_INVOICE_B},ExternalGUID?,LinkToTxnID*,SetCredit*,"
        "(InvoiceLineAdd|InvoiceLineGroupAdd)*"
    ),
    "InvoiceMod": (
        f"TxnID,EditSequence,CustomerRef?,{_INVOICE_A},{_INVOICE_B},SetCredit*,(InvoiceLineMod|InvoiceLineGroupMod)*"
    ),
    "InvoiceLineAdd": f"{_LINE},{_PRICE},OptionForPriceRuleConflict?,{_SITE},{_DATE_TAX},LinkToTxn?,DataExt*",
    "InvoiceLineMod": (
        f"TxnLineID,{_LINE},OverrideUOMSetRef?,{_PRICE},OptionForPriceRuleConflict?,{_SITE},{_DATE_TAX}"
    ),
    "InvoiceLineGroupAdd": _GROUP_ADD,
    "InvoiceLineGroupMod": f"{_GROUP_MOD},InvoiceLineMod*",
    "EstimateAdd": (
        f"CustomerRef,{_ORDER_A},{_ESTIMATE.format(change='')},ExternalGUID?,(EstimateLineAdd|EstimateLineGroupAdd)+"
    ),
    "EstimateMod": (
        f"TxnID,EditSequence,CustomerRef?,{_ORDER_A},{_ESTIMATE.format(change='CreateChangeOrder?,')},"
        "(EstimateLineMod|EstimateLineGroupMod)*"
    ),
    "EstimateLineAdd": f"{_LINE},{_RATE},{_MARKUP},OverrideItemAccountRef?,Other1?,Other2?,DataExt*",
    "EstimateLineMod": f"TxnLineID,{_LINE},OverrideUOMSetRef?,{_RATE},{_MARKUP},Other1?,Other2?",
    "EstimateLineGroupAdd": _GROUP_ADD,
    "EstimateLineGroupMod": f"{_GROUP_MOD},EstimateLineMod*",
    "SalesOrderAdd": (
        f"CustomerRef,{_ORDER_A},{_SALES_ORDER},ExternalGUID?,(SalesOrderLineAdd|SalesOrderLineGroupAdd)+"
    ),
    "SalesOrderMod": (
        f"TxnID,EditSequence,CustomerRef?,{_ORDER_A},{_SALES_ORDER},(SalesOrderLineMod|SalesOrderLineGroupMod)*"
    ),
    "SalesOrderLineAdd": f"{_LINE},{_ORDERED},DataExt*",
    "SalesOrderLineMod": f"TxnLineID,{_LINE},OverrideUOMSetRef?,{_ORDERED}",
    "SalesOrderLineGroupAdd": _GROUP_ADD,
    "SalesOrderLineGroupMod": f"{_GROUP_MOD},SalesOrderLineMod*",
    "DataExtAdd": f"OwnerID,DataExtName,{_HELD_BY},DataExtValue",
    "DataExtMod": f"OwnerID,DataExtName,{_HELD_BY},DataExtValue",
    "DataExtDel": f"OwnerID,DataExtName,{_HELD_BY}",
    "DataExt": "OwnerID,DataExtName,DataExtValue",
    "BillAddress": _ADDRESS,
    "ShipAddress": _ADDRESS,
    "ShipToAddress": f"Name,{_ADDRESS},DefaultShipTo?",
    "AdditionalContactRef": "ContactName,ContactValue",
    "Contacts": "Salutation?,FirstName,MiddleName?,LastName?,JobTitle?,AdditionalContactRef*",
    "ContactsMod": "ListID,EditSequence,Salutation?,FirstName,MiddleName?,LastName?,JobTitle?,AdditionalContactRef*",
    "CreditCardInfo": (
        "CreditCardNumber?,ExpirationMonth?,ExpirationYear?,NameOnCard?,CreditCardAddress?,CreditCardPostalCode?"
    ),
    "AdditionalNotes": "Note",
    "AdditionalNotesMod": "NoteID,Note",
    "SetCredit": "CreditTxnID,AppliedAmount,Override?",
    "LinkToTxn": "TxnID,TxnLineID",
    "NameFilter": "MatchCriterion,Name",
    "NameRangeFilter": "FromName?,ToName?",
    "RefNumberFilter": "MatchCriterion,RefNumber",
    "RefNumberRangeFilter": "FromRefNumber?,ToRefNumber?",
    "TotalBalanceFilter": "Operator,Amount",
    "CurrencyFilter": "(ListID+|FullName+)",
    "ClassFilter": "(ListID+|FullName+|ListIDWithChildren|FullNameWithChildren)",
    "EntityFilter": "(ListID+|FullName+|ListIDWithChildren|FullNameWithChildren)",
    "AccountFilter": "(ListID+|FullName+|ListIDWithChildren|FullNameWithChildren)",
    "ModifiedDateRangeFilter": "FromModifiedDate?,ToModifiedDate?",
    "TxnDateRangeFilter": "(FromTxnDate?,ToTxnDate?|DateMacro)",
    "DeletedDateRangeFilter": "FromDeletedDate?,ToDeletedDate?",
    "IncludeListMetaData": "IncludeMaxCapacity",
}
"""Aggregate -> content model; any other name ending in `Ref` is `ListID?,FullName?`, everything else is a leaf."""

REFERENCE = "ListID?,FullName?"

ENUMS: dict[str, frozenset[str]] = {
    name: frozenset(values.split())
    for name, values in {
        "ActiveStatus": "ActiveOnly InactiveOnly All",
        "PaidStatus": "All PaidOnly NotPaidOnly",
        "MatchCriterion": "StartsWith Contains EndsWith",
        "Operator": "LessThan LessThanEqual Equal GreaterThan GreaterThanEqual",
        "JobStatus": "Awarded Closed InProgress None NotAwarded Pending",
        "PreferredDeliveryMethod": "None Email Fax",
        "OptionForPriceRuleConflict": "Zero BasePrice",
        "ListDataExtType": "Account Customer Employee Item OtherName Vendor",
        "OtherDataExtType": "Company",
        "TxnDataExtType": (
            "ARRefundCreditCard Bill BillPaymentCheck BillPaymentCreditCard BuildAssembly Charge Check "
            "CreditCardCharge "
            "CreditCardCredit CreditMemo Deposit Estimate InventoryAdjustment Invoice ItemReceipt JournalEntry "
            "PurchaseOrder ReceivePayment SalesOrder SalesReceipt SalesTaxPaymentCheck VendorCredit"
        ),
        "TxnVoidType": (
            "ARRefundCreditCard Bill BillPaymentCheck BillPaymentCreditCard Charge Check CreditCardCharge "
            "CreditCardCredit CreditMemo Deposit InventoryAdjustment Invoice ItemReceipt JournalEntry SalesReceipt "
            "VendorCredit"
        ),
        "TxnDelType": (
            "ARRefundCreditCard Bill BillPaymentCheck BillPaymentCreditCard BuildAssembly Charge Check "
            "CreditCardCharge "
            "CreditCardCredit CreditMemo Deposit Estimate InventoryAdjustment Invoice ItemReceipt JournalEntry "
            "PurchaseOrder ReceivePayment SalesOrder SalesReceipt SalesTaxPaymentCheck TimeTracking "
            "TransferInventory "
            "VehicleMileage VendorCredit"
        ),
        "ListDelType": (
            "Account BillingRate Class Currency Customer CustomerMsg CustomerType DateDrivenTerms "
            "Employee InventorySite "
            "ItemDiscount ItemFixedAsset ItemGroup ItemInventory ItemInventoryAssembly "
            "ItemNonInventory ItemOtherCharge "
            "ItemPayment ItemSalesTax ItemSalesTaxGroup ItemService ItemSubtotal JobType OtherName PaymentMethod "
            "PayrollItemNonWage PayrollItemWage PriceLevel SalesRep SalesTaxCode ShipMethod StandardTerms ToDo "
            "UnitOfMeasureSet Vehicle Vendor VendorType WorkersCompCode"
        ),
        "PaymentMethodType": (
            "AmericanExpress Cash Check DebitCard Discover ECheck GiftCard MasterCard Other OtherCreditCard Visa"
        ),
        "DateMacro": (
            "All Today ThisWeek ThisWeekToDate ThisMonth ThisMonthToDate ThisCalendarQuarter "
            "ThisCalendarQuarterToDate ThisFiscalQuarter ThisFiscalQuarterToDate ThisCalendarYear "
            "ThisCalendarYearToDate ThisFiscalYear ThisFiscalYearToDate Yesterday LastWeek LastWeekToDate LastMonth "
            "LastMonthToDate LastCalendarQuarter LastCalendarQuarterToDate LastFiscalQuarter LastFiscalQuarterToDate "
            "LastCalendarYear LastCalendarYearToDate LastFiscalYear LastFiscalYearToDate NextWeek NextFourWeeks "
            "NextMonth NextCalendarQuarter NextCalendarYear NextFiscalQuarter NextFiscalYear"
        ),
    }.items()
}
"""Leaf -> the values it may have. A value outside is unparsable, as the parser checks it. [OPS; assumed]"""

LENGTHS: dict[str, int] = {
    "Name": 41, "CompanyName": 41, "Salutation": 15, "FirstName": 25, "MiddleName": 5, "LastName": 25, "JobTitle": 41,
    "Addr1": 41, "Addr2": 41, "Addr3": 41, "Addr4": 41, "Addr5": 41, "City": 31, "State": 21, "PostalCode": 13,
    "Country": 31, "Phone": 21, "AltPhone": 21, "Fax": 21, "Email": 1023, "Cc": 1023, "Contact": 41, "AltContact": 41,
    "ContactName": 40, "ContactValue": 255, "ResaleNumber": 15, "AccountNumber": 99, "JobDesc": 99, "Notes": 4095,
    "AdditionalNotes/Note": 4095, "AdditionalNotesMod/Note": 4095, "Note": 41, "RefNumber": 11, "PONumber": 25,
    "FOB": 13, "Memo": 4095, "Other": 29, "Desc": 4095, "UnitOfMeasure": 31, "Other1": 29, "Other2": 29,
    "SerialNumber": 4095, "LotNumber": 40, "DataExtName": 31, "EditSequence": 16, "CreditCardNumber": 25,
    "NameOnCard": 41, "CreditCardAddress": 41, "CreditCardPostalCode": 41,
}  # fmt: skip
"""Leaf, or parent/leaf, of a WRITE -> longest text (US edition); longer is status 3070. [facts 2.5; OPS]"""
