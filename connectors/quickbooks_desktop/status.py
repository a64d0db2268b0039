"""What QuickBooks' numbers mean: status codes of answers and HRESULTs of calls, as a failure class and a sentence.

Judged by the number alone; QuickBooks' own words are appended, never parsed, except where one number stands for two
things (3180). Pure. [facts 1.7, 2.10]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.protocol import Failed, Failure

OK = 0
NO_MATCH = 1
SOME_NOT_FOUND = 500
OBJECT_NOT_FOUND = 3120
OBJECT_GONE = 3240
NOT_SUPPORTED = frozenset({1010, 1030, 3250})
"""The message or its feature is not there: switched off, or not in this version or edition."""
WRONG_OBJECT = 3351
INVALID_ITERATOR = 3391
UNPARSABLE = 0x80040400

HOST_CLOSED = "Open QuickBooks and the company file on that computer, then wait for the next visit."


@dataclass(frozen=True, slots=True)
class Meaning:
    """A failure class with a sentence and what to do."""

    failure: Failure
    sentence: str


def is_answer(code: int) -> bool:
    """Whether an answer of this code carries what it could: fine, nothing found, or a warning (0 to 999)."""
    return 0 <= code < 1000


CODES: Mapping[int, Meaning] = {
    1000: Meaning(Failure.RETRY, "QuickBooks had an internal error; if it happens again, verify the company file."),
    1060: Meaning(Failure.REFUSED, "QuickBooks did not accept the number of the request; this is a defect here."),
    3000: Meaning(Failure.REFUSED, "QuickBooks does not accept the record's id."),
    3010: Meaning(Failure.REFUSED, "QuickBooks does not accept a yes-or-no value."),
    3020: Meaning(Failure.REFUSED, "QuickBooks does not accept a date; correct it."),
    3030: Meaning(Failure.REFUSED, "QuickBooks does not accept a date range; correct the start date."),
    3040: Meaning(Failure.REFUSED, "QuickBooks does not accept an amount; correct it."),
    3045: Meaning(Failure.REFUSED, "QuickBooks does not accept a price; it takes five decimals at most."),
    3050: Meaning(Failure.REFUSED, "QuickBooks does not accept a percentage; correct it."),
    3060: Meaning(Failure.REFUSED, "QuickBooks does not accept a quantity; correct it."),
    3070: Meaning(Failure.REFUSED, "A text is too long for its field in QuickBooks; shorten it."),
    3085: Meaning(Failure.REFUSED, "QuickBooks does not accept a number; correct it."),
    3090: Meaning(Failure.REFUSED, "QuickBooks cannot keep the name; a colon separates customer and job."),
    3100: Meaning(Failure.REFUSED, "The name is in use in QuickBooks already; rename one of the two."),
    OBJECT_NOT_FOUND: Meaning(Failure.GONE, "The record is not in QuickBooks any more."),
    OBJECT_GONE: Meaning(Failure.GONE, "The record is not in QuickBooks any more."),
    3140: Meaning(Failure.REFUSED, "The record points at something that QuickBooks does not have; add that first."),
    3160: Meaning(Failure.REFUSED, "The record is used by others and cannot be deleted; make it inactive instead."),
    3161: Meaning(Failure.REFUSED, "The record lies before the closing date of the books and cannot be deleted."),
    3170: Meaning(Failure.RETRY, "QuickBooks could not change the record; it may be in use."),
    3171: Meaning(Failure.REFUSED, "The record lies before the closing date of the books; lift the date to change it."),
    3175: Meaning(Failure.RETRY, "Somebody has the record open in QuickBooks; it is tried again at the next visit."),
    3176: Meaning(Failure.RETRY, "Somebody has a related record open in QuickBooks; it is tried again next time."),
    3200: Meaning(Failure.STALE, "Somebody changed the record in QuickBooks meanwhile."),
    3210: Meaning(Failure.REFUSED, "QuickBooks found the record inconsistent; its own words say where."),
    3231: Meaning(Failure.UNSENT, "QuickBooks did not get to this request because an earlier one failed."),
    3250: Meaning(Failure.CONFIGURATION, "The feature is switched off in QuickBooks or not part of this edition."),
    3260: Meaning(
        Failure.CONFIGURATION,
        "QuickBooks does not let this application do that; allow it under Edit, Preferences, Integrated Applications.",
    ),
    3261: Meaning(
        Failure.CONFIGURATION,
        "QuickBooks does not let this application do that; allow it under Edit, Preferences, Integrated Applications.",
    ),
    3262: Meaning(
        Failure.CONFIGURATION,
        "QuickBooks keeps personal data from this application; allow it under Integrated Applications.",
    ),
    3263: Meaning(
        Failure.CONFIGURATION, "The application is read-only in QuickBooks; add it again with a new .qwc file."
    ),
    WRONG_OBJECT: Meaning(
        Failure.REFUSED,
        "The custom field is not for this kind of record; define it for customers, and show it on the form's template.",
    ),
    INVALID_ITERATOR: Meaning(Failure.RETRY, "QuickBooks lost its place in a long list; the list is read anew."),
}


def failed(code: int, text: str, what: str) -> Failed:
    """The failure for a status code. `text` is QuickBooks' own message, `what` the entity that was asked for."""
    meaning = CODES.get(code) or _by_range(code, text)
    words = f" QuickBooks said: {text}" if text else ""
    return Failed(meaning.failure, f"{what}: {meaning.sentence}{words}", code=str(code))


def _by_range(code: int, text: str) -> Meaning:
    if code in NOT_SUPPORTED:
        return Meaning(Failure.CONFIGURATION, "This QuickBooks does not know the request; a newer version may.")
    if code in (3180, 3181):
        if "lock" in text.lower() or "in use" in text.lower():
            return Meaning(Failure.RETRY, "QuickBooks could not save now because something was locked.")
        return Meaning(Failure.REFUSED, "QuickBooks would not save the record.")
    if 3000 <= code < 3100:
        return Meaning(Failure.REFUSED, "QuickBooks does not accept a value of the request.")
    if 1000 <= code < 2000 or code < 0:
        return Meaning(Failure.RETRY, "QuickBooks answered with an error of its own.")
    return Meaning(Failure.REFUSED, "QuickBooks refused the request.")


HRESULTS: Mapping[int, Meaning] = {
    UNPARSABLE: Meaning(Failure.REFUSED, "QuickBooks could not parse our request; please report this as a defect."),
    0x80040401: Meaning(Failure.RETRY, f"The Web Connector could not access QuickBooks. {HOST_CLOSED}"),
    0x80040402: Meaning(Failure.RETRY, "QuickBooks had an unexpected error; its file qbsdklog.txt says more."),
    0x80040408: Meaning(
        Failure.RETRY,
        "QuickBooks could not be started. Open it, and run it and the Web Connector as the same Windows user, "
        "neither or both as administrator.",
    ),
    0x8004040A: Meaning(
        Failure.RETRY, "Another company file is open in QuickBooks. Close it, or open the one of this connection."
    ),
    0x8004040D: Meaning(Failure.RETRY, "QuickBooks dropped the session. The next visit goes on."),
    0x80040410: Meaning(
        Failure.RETRY, "The company file is open in another mode. Switch between single-user and multi-user mode."
    ),
    0x80040414: Meaning(Failure.RETRY, "A dialog box is open in QuickBooks. Close it; the next visit goes on."),
    0x80040416: Meaning(Failure.RETRY, f"QuickBooks is not running. {HOST_CLOSED}"),
    0x80040417: Meaning(Failure.RETRY, f"No company file is open in QuickBooks. {HOST_CLOSED}"),
    0x80040418: Meaning(
        Failure.CONFIGURATION, "The first access needs the QuickBooks Admin, who must be logged in and allow it."
    ),
    0x8004041A: Meaning(Failure.CONFIGURATION, "This application has no permission to access the company file."),
    0x8004041B: Meaning(Failure.RETRY, "QuickBooks could not lock what it needs. The next visit tries again."),
    0x8004041C: Meaning(Failure.RETRY, "QuickBooks had an internal error. The next visit tries again."),
    0x8004041D: Meaning(
        Failure.CONFIGURATION,
        "The application may not log in by itself. Allow it under Edit, Preferences, Integrated Applications.",
    ),
    0x8004041E: Meaning(Failure.CONFIGURATION, "The application's certificate has expired. Allow it again."),
    0x8004041F: Meaning(Failure.CONFIGURATION, "QuickBooks Basic lets no application in. Use a larger edition."),
    0x80040420: Meaning(
        Failure.CONFIGURATION,
        "Somebody denied this application access. Allow it under Edit, Preferences, Integrated Applications.",
    ),
    0x80040422: Meaning(Failure.RETRY, "The request needs single-user mode. Switch to it, or wait for it."),
    0x80040423: Meaning(Failure.CONFIGURATION, "This QuickBooks is too old for the requests. Update QuickBooks."),
    0x80040424: Meaning(Failure.RETRY, "QuickBooks has not finished starting. The next visit goes on."),
    0x80040427: Meaning(Failure.CONFIGURATION, "This copy of QuickBooks is not registered. Register it."),
    0x8004042A: Meaning(Failure.CONFIGURATION, "QuickBooks refuses remote access. Allow it in its preferences."),
    0x8004042C: Meaning(Failure.CONFIGURATION, "The application's certificate was revoked. Allow it again."),
}

_HRESULT = re.compile(r"(?:0[xX])?([0-9a-fA-F]{8})")


def hresult(code: str) -> int | None:
    """The number in a text such as `0x80040400`, also where it is written as a negative decimal; None if none is."""
    text = code.strip()
    if re.fullmatch(r"-\d{1,10}", text):
        return int(text) & 0xFFFFFFFF
    match = _HRESULT.fullmatch(text)
    return int(match[1], 16) if match else None


def call_failed(code: str, message: str) -> Failed:
    """The failure of a whole call to QuickBooks, from the texts that the Web Connector passes on."""
    meaning = HRESULTS.get(hresult(code) or 0) or Meaning(
        Failure.RETRY, "The Web Connector could not get an answer from QuickBooks."
    )
    said = message.strip() or code.strip()
    words = f" It said: {said}" if said else ""
    return Failed(meaning.failure, f"{meaning.sentence}{words}", code=code.strip())
