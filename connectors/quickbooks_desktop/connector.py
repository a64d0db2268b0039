"""The connector of QuickBooks Desktop: what the engine loads. Every method leads to the file that does the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from connectors.quickbooks_desktop import custom_fields, derived, entities, qwc, settings
from connectors.quickbooks_desktop.endpoint import WebConnectorEndpoint
from engine.protocol import Catalogue, Endpoint, Names, Record, Site, State


class QuickBooksDesktop:
    """Implements engine.protocol.Connector, besides what commands ask (`remembered`, `write_qwc`)."""

    name: ClassVar[str] = "quickbooks_desktop"
    title: ClassVar[str] = "QuickBooks"
    settings_schema: ClassVar[Mapping[str, Any]] = settings.SCHEMA

    @classmethod
    def catalogue(cls) -> Catalogue:
        """The entities, with what can be written of them."""
        return entities.catalogue()

    @classmethod
    def derive(cls, entity: str, record: Record, earlier: Record | None) -> Record:
        """See derived.derive."""
        return derived.derive(entity, record, earlier)

    @classmethod
    def enrich(cls, entity: str, record: Record, lookup: Callable[[str, str], Record]) -> Record:
        """See derived.enrich."""
        return derived.enrich(entity, record, lookup)

    @classmethod
    def open(cls, site: Site) -> Endpoint:
        """The endpoint that the Web Connector visits; InvalidSettings if its block cannot be used."""
        return WebConnectorEndpoint(site)

    @classmethod
    def remembered(cls, state: State) -> Names:
        """The company's custom fields as the last visit read them; see custom_fields.names."""
        return custom_fields.names(state)

    @classmethod
    def write_qwc(cls, site: Site) -> str:
        """The text of the .qwc file for a connection; see qwc.write_qwc."""
        return qwc.write_qwc(site)
