"""The two ways in which QuickBooks says no: an HRESULT for a whole document, a status code for one message."""


class HResult(Exception):
    """ProcessRequest threw: nothing of the document was processed.

    `code` is the 32-bit number, `text` what QuickBooks shows. The Web Connector hands both to
    `receiveResponseXML` as `hresult` and `message`. [facts 1.4, 1.7]
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"0x{code:08X} {text}")
        self.code = code
        self.text = text

    @property
    def hex(self) -> str:
        """The code as the Web Connector writes it: `0x80040400`."""
        return f"0x{self.code:08X}"


def unparsable(reason: str) -> HResult:
    """The error for every violation of the grammar.

    QuickBooks gives no detail ("QuickBooks found an error when parsing the provided XML text stream"), which is
    what makes it so hard to debug; the reason is added here in brackets for the one who reads the simulator's
    report. [facts 1.7, 4.1]
    """
    text = "QuickBooks found an error when parsing the provided XML text stream."
    return HResult(0x80040400, f"{text} [simulator: {reason}]")


class StatusError(Exception):
    """One message of the document failed with a status code, such as 3200; the others may go on.

    Raised for the person at the keyboard as well, when a rule of the company file forbids the act. [facts 2.10]
    """

    def __init__(self, code: int, message: str, severity: str = "Error") -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.severity = severity


def not_found(ident: str) -> StatusError:
    """3120 with the text seen in public logs. [samples/responses/qbwc-gem-CustomerQueryRs-3120-error.xml]"""
    return StatusError(
        3120,
        f'Object "{ident}" specified in the request cannot be found.  QuickBooks error message: '
        "Invalid argument.  The specified record does not exist in the list.",
    )


def invalid_reference(kind: str, name: str, parent: str) -> StatusError:
    """3140 with the text seen in public logs. [samples: made-batch-stopOnError-3140-then-3231.xml]"""
    return StatusError(
        3140,
        f'There is an invalid reference to QuickBooks {kind} "{name}" in the {parent}.  QuickBooks error message: '
        "Invalid argument.  The specified record does not exist in the list.",
    )
