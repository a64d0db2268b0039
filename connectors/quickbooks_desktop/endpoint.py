"""One QuickBooks company file as the engine sees it: answers the Web Connector's HTTP calls, never calls by itself.

What the calls do is left to operations. [facts 1.1]
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.quickbooks_desktop import custom_fields, qwc, session
from connectors.quickbooks_desktop.canonical import canonical
from connectors.quickbooks_desktop.company import Company
from connectors.quickbooks_desktop.entities import sources
from connectors.quickbooks_desktop.operations import AN_HOUR, FAILED_LOGINS, LAST_PROBLEM, Operations
from connectors.quickbooks_desktop.settings import Settings, quiet_until
from connectors.quickbooks_desktop.soap import CONTENT_TYPE, Refused, read_call, write_fault, write_result
from connectors.quickbooks_desktop.visit import COMPANY
from connectors.quickbooks_desktop.wsdl import write_wsdl
from engine.errors import InvalidSettings
from engine.protocol import Check, HttpRequest, HttpResponse, Names, Record, Site

log = logging.getLogger("engine.connectors.quickbooks_desktop")

SMALL = 4 * 1024 * 1024
"""Bytes that any call but receiveResponseXML may have, and any call while no visit is going on."""
LARGE = 64 * 1024 * 1024
"""Bytes that are at least read while a visit is going on: an answer beyond `largest_answer_mb` gets a SOAP fault, which
the Web Connector shows."""

GREETING = "This address is for the QuickBooks Web Connector. There is nothing to see here, and all is well.\n"


class WebConnectorEndpoint:
    """Implements engine.protocol.Endpoint; keeps settings only."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._settings = Settings.of(site.settings)
        self._operations = Operations(site, self._settings)

    def drain(self) -> timedelta | None:
        """Nothing: the Web Connector calls us."""
        return None

    def answer(self, request: HttpRequest) -> HttpResponse:
        """POST is a SOAP call; GET and HEAD tell the Web Connector (and people) that we are here. [facts 1.5]"""
        if request.path.strip("/"):
            return _text(404, "There is nothing at this address.\n")
        method = request.method.upper()
        if method == "POST":
            return self._call(request)
        if method not in ("GET", "HEAD"):
            return HttpResponse(405, b"", {"allow": "GET, HEAD, POST"})
        if request.query.lower().split("&")[0].split("=")[0] == "wsdl":
            response = HttpResponse(200, write_wsdl(self._site.url), {"content-type": CONTENT_TYPE})
        else:
            response = _text(200, GREETING)
        return response if method == "GET" else HttpResponse(200, b"", response.headers)

    def longest_body(self) -> int:
        """A stranger fills no memory: what is large comes within a visit only."""
        return SMALL if session.current(self._site) is None else max(LARGE, self._settings.largest_answer + SMALL)

    def _call(self, request: HttpRequest) -> HttpResponse:
        try:
            kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
            if kind == "application/soap+xml":
                raise Refused("Only SOAP 1.1 is spoken here.", "VersionMismatch")
            if kind not in ("text/xml", "application/xml"):
                raise Refused("The request must be text/xml.")
            size = len(request.body)
            if size > self._settings.largest_answer or (size > SMALL and session.current(self._site) is None):
                raise Refused("The request is too large.")
            call = read_call(request.body)
            if size > SMALL and call.operation != "receiveResponseXML":
                raise Refused("The request is too large.")
        except Refused as error:
            log.warning("call.refused", extra={"connection": self._site.connection, "why": error.message})
            return HttpResponse(500, write_fault(error.message, error.code), {"content-type": CONTENT_TYPE})
        result = self._operations.answer(call.operation, call.arguments, request.client)
        return HttpResponse(200, write_result(call.operation, result), {"content-type": CONTENT_TYPE})

    def facts(self) -> Mapping[str, Any]:
        """The Web Connector visits us; we cannot call it. Besides, what the .qwc file says (QBWC1039). [facts 1.5]"""
        now = self._site.clock().astimezone(self._site.zone).replace(tzinfo=None)
        visits = {
            "visits_every": self._settings.every.total_seconds(),
            "visits_rest": quiet_until(self._settings.quiet, now - 2 * self._settings.every) is not None
            or quiet_until(self._settings.quiet, now) is not None,
            "quiet_until": quiet_until(self._settings.quiet, now.replace(tzinfo=self._site.zone)),
            "failed_logins": self._site.state.spent(FAILED_LOGINS, AN_HOUR),
        }
        return {"calls_us": True, **visits, **qwc.kept_identity(self._site.state)}

    def names(self) -> Names:
        """The company's custom fields as the last visit read them; nothing before that."""
        return custom_fields.names(self._site.state)

    def canonical(self, entity: str, values: Mapping[str, Any]) -> Record:
        """See canonical.canonical."""
        return canonical(self._site, entity, values)

    def ping(self) -> Sequence[Check]:
        """What is known without QuickBooks, which cannot be called: the address, the company, the last problem."""
        known = (self._check_address(), self._check_company(), self._check_currency(), *self._check_custom_fields())
        return (*known, self._check_last())

    def _check_address(self) -> Check:
        try:
            qwc.check_address(self._site.url)
        except InvalidSettings as error:
            return Check("address", False, str(error))
        return Check("address", True, f"The Web Connector finds this connection at {self._site.url}")

    def _company(self) -> Company | None:
        kept = self._site.state.get(COMPANY)
        return Company.unpack(kept) if kept else None

    def _check_company(self) -> Check:
        company = self._company()
        if company is None:
            words = "The Web Connector has not visited yet. Add the .qwc file to it and start an update."
            return Check("company", False, words)
        product = f" in {company.product}" if company.product else ""
        return Check("company", True, f"'{company.name}'{product}, qbXML {company.version}.")

    def _check_currency(self) -> Check:
        company = self._company()
        code = (company.home_currency_code if company else None) or self._settings.currency
        if code:
            return Check("currency", True, f"The home currency is {code}.")
        words = "The home currency is not known. Set `currency`, since this QuickBooks has multi-currency switched off."
        return Check("currency", company is None, words if company else "The home currency is read at the first visit.")

    def _check_custom_fields(self) -> Sequence[Check]:
        """Where mappings write custom fields: whether the company file has them, as the last visit read it."""
        wanted = [(sources()[entity], one) for entity, fields in self._site.custom_fields.items() for one in fields]
        must = [(source, one.name) for source, one in wanted if not one.optional]
        defined = custom_fields.definitions(self._site.state)
        if not must or defined is None:
            return ()
        missing = [(source, name) for source, name in must if name not in custom_fields.known(defined, source)]
        if not missing:
            return (Check("custom fields", True, f"QuickBooks has every one that is written: {len(must)}."),)
        return tuple(Check("custom fields", False, custom_fields.unknown(name, source)) for source, name in missing)

    def _check_last(self) -> Check:
        problem = self._site.state.get(LAST_PROBLEM)
        return Check("last visit", not problem, problem or "No problem is known.")

    def close(self) -> None:
        """Nothing is held."""


def _text(status: int, text: str) -> HttpResponse:
    return HttpResponse(status, text.encode(), {"content-type": "text/plain; charset=utf-8"})
