"""The certificate that we show: read, and read again where its files were renewed while the server runs."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from engine.errors import InvalidSettings

log = logging.getLogger("engine.web")


class Certificate:
    """Two files in PEM, and the TLS that is spoken with them: 1.2 at least, which QuickBooks' computers can."""

    def __init__(self, chain: Path, key: Path) -> None:
        """Raises InvalidSettings where they cannot be used."""
        self._chain, self._key = chain, key
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._stamp = self._stamps()
        problem = self._load()
        if problem:
            raise InvalidSettings(problem, "server.certificate and server.key in engine.yaml name the two files.")

    def renew(self) -> None:
        """Take the files as they are now. While they don't fit (half written), the old ones stay."""
        stamp = self._stamps()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        problem = self._load()
        if problem:
            log.warning("certificate.unusable", extra={"why": problem})
        else:
            log.info("certificate.renewed")

    def _load(self) -> str:
        try:
            # Tried on a context of its own first: a failed load would leave this one with half of a pair.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self._chain, self._key)
            self.context.load_cert_chain(self._chain, self._key)
        except FileNotFoundError:
            missing = self._key if self._chain.exists() else self._chain
            return f"There is no file {missing}."
        except PermissionError:
            return f"{self._chain} or {self._key} may not be read by this server."
        except (ssl.SSLError, OSError):
            return f"{self._chain} and {self._key} are no certificate with its key, in PEM."
        return ""

    def _stamps(self) -> tuple[float, ...]:
        return tuple(one.stat().st_mtime if one.exists() else 0.0 for one in (self._chain, self._key))
