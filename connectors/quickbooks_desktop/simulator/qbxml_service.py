"""Answers qbXML: one session's ProcessRequest, from the text of a request document to the text of its answer."""

import uuid
from typing import TYPE_CHECKING

from lxml import etree

from connectors.quickbooks_desktop.simulator import grammar, queries, recovery, writes
from connectors.quickbooks_desktop.simulator.answers import attributes
from connectors.quickbooks_desktop.simulator.errors import HResult, StatusError
from connectors.quickbooks_desktop.simulator.queries import Answer

if TYPE_CHECKING:
    from connectors.quickbooks_desktop.simulator.company import Company


class Session:
    """One session of one program with an open company file. Iterators die with it. [facts 2.3]"""

    def __init__(self, company: "Company", *, read_only: bool = False) -> None:
        self.company = company
        self.iterators: dict[str, queries.Iteration] = {}
        self.read_only = read_only
        self.version = company.facts.versions[-1]  # of the document under way
        self._closed = False

    def close(self) -> None:
        """Ends the session: its iterators are gone, later requests get 0x8004040D."""
        self.iterators.clear()
        self._closed = True

    def process(self, qbxml: str) -> str:
        """The answer to one request document.

        Raises HResult where nothing was processed: 0x80040400 not parsable, 0x80040423 version unknown, 0x8004040D
        session closed. Everything else is a statusCode in the answer. [facts 1.7, 2.10]
        """
        with self.company.lock:
            if self._closed:
                raise HResult(0x8004040D, "The ticket parameter is invalid.")
            document = grammar.parse(qbxml)
            if document.version not in self.company.facts.versions:
                raise HResult(0x80040423, "The qbXML version requested is not supported or is unknown.")
            self.version = document.version
            return self._message_set(document)

    def _message_set(self, document: grammar.Document) -> str:
        """The rules of error recovery around the messages. [facts 2.6]"""
        sets, new, old = self.company.message_sets, document.new_set, document.old_set
        if sets.is_bad(new) or sets.is_bad(old):
            return _envelope(new, recovery.BAD_ID, "")
        if old is not None and old == new:
            kept = sets.get(old)
            if kept is not None:
                if document.messages and kept.checksum != recovery.checksum(document.body):
                    return _envelope(new, recovery.CHECKSUM, "")
                return _envelope(new, 0, kept.answer)
            if not document.messages:
                return _envelope(new, recovery.UNKNOWN, "")
            # never processed: do it now [assumed]
        elif old is not None:
            sets.forget(old)
        body = self._messages(document)
        if new is not None and document.messages:
            sets.keep(new, document.body, body)
        return _envelope(new, None if new is None else 0, body)

    def _messages(self, document: grammar.Document) -> str:
        parts: list[str] = []
        stopped = False
        for message in document.messages:
            answer = _NOT_PROCESSED if stopped else self._answer(message)
            if answer.severity == "Error" and document.on_error == "stopOnError":
                stopped = True  # a Warn does not stop [facts 2.1]
            parts.append(_render(message, answer, with_data=document.with_data))
        return "\n".join(parts)

    def _answer(self, message: etree._Element) -> Answer:
        if grammar.request_id_is_bad(message):
            return Answer(1060, "Error", "The request ID is invalid.")
        try:
            if str(message.tag) in writes.WRITERS:
                facts = self.company.facts
                if not facts.writes_allowed:
                    raise StatusError(3261, "The application does not have permission to modify data.")  # [facts 2.10]
                if self.read_only or facts.read_only:
                    raise StatusError(3263, "The application has read-only access.")  # number: (mem)
                return writes.run(self.company, message, self.version)
            return queries.run(self, message)
        except StatusError as error:
            return Answer(error.code, error.severity, error.message)

    def new_iterator_id(self) -> str:
        """`{5a0f7b1c-...}`: a GUID, in braces."""
        return f"{{{uuid.uuid4()}}}"


_NOT_PROCESSED = Answer(3231, "Error", "The request has not been processed.")


def _render(message: etree._Element, answer: Answer, *, with_data: bool) -> str:
    name = str(message.tag).removesuffix("Rq") + "Rs"
    pairs = attributes(
        (
            ("requestID", grammar.request_id(message)),
            ("statusCode", answer.code),
            ("statusSeverity", answer.severity),
            ("statusMessage", answer.message),
            ("retCount", answer.count),
            ("iteratorRemainingCount", answer.remaining),
            ("iteratorID", answer.iterator_id),
        )
    )
    body = "".join(answer.records) if with_data else ""
    return f"<{name}{pairs}>{body}</{name}>" if body else f"<{name}{pairs} />"


def _envelope(new_set: str | None, status: int | None, body: str) -> str:
    """No qbxml instruction and no encoding in an answer. [facts 2.1; samples/responses]"""
    pairs = attributes((("newMessageSetID", new_set), ("messageSetStatusCode", status)))
    return f'<?xml version="1.0" ?>\n<QBXML>\n<QBXMLMsgsRs{pairs}>\n{body}\n</QBXMLMsgsRs>\n</QBXML>\n'
