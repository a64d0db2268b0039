"""What the company file says about itself and its QuickBooks: the answers of Host-, Company- and PreferencesQuery."""

from dataclasses import dataclass
from typing import Any

from connectors.quickbooks_desktop.simulator.versions import VERSIONS


@dataclass
class FileFacts:
    """Name, place and preferences of a company file; shapes after samples/responses/qbwc-gem-strHCPResponse.xml."""

    name: str
    path: str
    multicurrency: bool = False
    country: str = "US"
    product: str = "QuickBooks Enterprise Solutions 24.0"
    major: str = "34"
    minor: str = "0"
    versions: tuple[str, ...] = VERSIONS
    multi_user: bool = False
    closing_date: str | None = None
    read_only: bool = False  # the application was given read access only: writes answer 3263 [facts 2.10 (mem)]
    writes_allowed: bool = True  # Integrated Applications forbids this one to change anything: 3261 [facts 2.10]

    @property
    def max_version(self) -> tuple[int, int]:
        """The newest qbXML version on offer, as the Web Connector tells it in sendRequestXML."""
        major, minor = self.versions[-1].split(".")
        return int(major), int(minor)

    def offer(self, newest: str) -> None:
        """Makes this a QuickBooks whose newest qbXML version is `newest`; ValueError for one that never was."""
        if newest not in VERSIONS:
            raise ValueError(f"no QuickBooks has qbXML {newest}: {', '.join(VERSIONS)}")
        self.versions = VERSIONS[: VERSIONS.index(newest) + 1]

    def host(self) -> dict[str, Any]:
        """HostRet."""
        return {
            "ProductName": self.product,
            "MajorVersion": self.major,
            "MinorVersion": self.minor,
            "Country": self.country,
            "SupportedQBXMLVersion": list(self.versions),
            "IsAutomaticLogin": False,
            "QBFileMode": "MultiUser" if self.multi_user else "SingleUser",
        }

    def company(self, data: list[dict[str, Any]]) -> dict[str, Any]:
        """CompanyRet; `data` are the DataExtRet that the query's OwnerIDs ask for."""
        return {
            "IsSampleCompany": False,
            "CompanyName": self.name[:59],
            "LegalCompanyName": self.name[:59],
            "Address": {"Addr1": "1 Main Street", "City": "Springfield", "Country": self.country},
            "Phone": "555-0100",
            "Email": "office@example.com",
            "FirstMonthFiscalYear": "January",
            "FirstMonthIncomeTaxYear": "January",
            "CompanyType": "WholesaleDistributionandSales",
            "TaxForm": "OtherOrNone",
            "DataExtRet": data,
        }

    def preferences(self, home_currency: dict[str, Any] | None) -> dict[str, Any]:
        """PreferencesRet; HomeCurrencyRef only where several currencies are in use. [facts 3]"""
        currency: dict[str, Any] = {"IsMultiCurrencyOn": self.multicurrency}
        if home_currency is not None:
            currency["HomeCurrencyRef"] = home_currency
        return {
            "AccountingPreferences": {
                "IsUsingAccountNumbers": False,
                "IsRequiringAccounts": True,
                "IsUsingClassTracking": False,
                "IsUsingAuditTrail": True,
                "IsAssigningJournalEntryNumbers": True,
                "ClosingDate": self.closing_date,
            },
            "FinanceChargePreferences": {
                "AnnualInterestRate": "0.00",
                "MinFinanceCharge": "0.00",
                "GracePeriod": 0,
                "IsAssessingForOverdueCharges": False,
                "CalculateChargesFrom": "DueDate",
                "IsMarkedToBePrinted": False,
            },
            "JobsAndEstimatesPreferences": {
                "IsUsingEstimates": True,
                "IsUsingProgressInvoicing": False,
                "IsPrintingItemsWithZeroAmounts": False,
            },
            "MultiCurrencyPreferences": currency,
            "PurchasesAndVendorsPreferences": {
                "IsUsingInventory": True,
                "DaysBillsAreDue": 10,
                "IsAutomaticallyUsingDiscounts": False,
            },
            "ReportsPreferences": {"AgingReportBasis": "AgeFromDueDate", "SummaryReportBasis": "Accrual"},
            "SalesAndCustomersPreferences": {
                "IsTrackingReimbursedExpensesAsIncome": False,
                "IsAutoApplyingPayments": True,
            },
            "TimeTrackingPreferences": {"FirstDayOfWeek": "Monday"},
            "CurrentAppAccessRights": {"IsAutomaticLoginAllowed": False, "IsPersonalDataAccessAllowed": False},
        }
