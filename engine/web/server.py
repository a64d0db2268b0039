"""Runs the web application on uvicorn, with the sender beside it, until it is told to stop."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Protocol

import uvicorn
from starlette.types import ASGIApp

from engine.errors import EngineError, OperationalError
from engine.settings import Settings
from engine.sync.engine import Engine
from engine.web.app import create_app
from engine.web.certificates import Certificate

RENEWED = 30
"""Seconds between two looks at whether the certificate was renewed."""

log = logging.getLogger("engine.web")


class Sending(Protocol):
    """What calls the systems that are called by us, in threads of its own; engine/sync/sender.py has the real one."""

    def start(self) -> None: ...

    def stop(self, timeout: timedelta) -> None: ...


class AddressTaken(OperationalError):
    """Another program listens at the address already, or it is not one of this machine's."""


class Server:
    """One running server. `run` blocks (and stops gracefully on SIGINT and SIGTERM); `start` and `stop` don't."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        *,
        listening: socket.socket | None = None,
        sender: Sending | None = None,
        ready: Callable[[str], None] | None = None,
        problem: EngineError | None = None,
        app: ASGIApp | None = None,
    ) -> None:
        """Listens at once: raises AddressTaken. Port 0 takes a free one; `ready` is called with the URL when requests
        are answered. `listening` is a socket from `listen`, where the port had to be known before. `problem` is why
        the engine has no connections. `app` is shown instead of everything."""
        self.again = False
        """Whether it stopped in order to be started again, over engine.yaml as it is then."""
        certificate = Certificate(*settings.server.tls) if settings.server.tls else None
        host, proxies = settings.server.host, settings.server.proxies
        self._sender = sender
        self._ready = ready
        self._grace = settings.server.grace
        self._socket = listening or listen(host, settings.server.port)
        bound = self._socket.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if settings.server.tls else 'http'}://{shown}:{bound}"
        """Where it is reached on this machine, without a trailing slash."""
        self._started = threading.Event()
        self._thread: threading.Thread | None = None
        config = uvicorn.Config(
            app or create_app(engine, settings, problem, self.restart),
            log_config=None,
            ssl_context_factory=(lambda *_: certificate.context) if certificate else None,
            access_log=False,
            server_header=False,
            lifespan="off",
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            timeout_graceful_shutdown=max(1, round(self._grace.total_seconds())),
        )
        self._server = _Uvicorn(config, self._up, engine.stopping.set, certificate)

    def run(self) -> None:
        """Serve until a signal or `stop`."""
        try:
            if self._sender is not None:
                self._sender.start()
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()
            if self._sender is not None:
                self._sender.stop(self._grace)
            log.info("server.stopped", extra={"url": self.url})

    def start(self) -> str:
        """Serve from a thread; returns the URL once requests are answered."""
        self._thread = threading.Thread(target=self.run, name="engine-web", daemon=True)
        self._thread.start()
        if not self._started.wait(timeout=30):
            raise OperationalError("The server did not come up within 30 seconds.", "Its log says why.")
        return self.url

    def stop(self) -> None:
        """Let running requests finish, then stop; returns when all is down."""
        self._server.stop()
        if self._thread is not None:
            self._thread.join(timeout=self._grace.total_seconds() + 5)

    def restart(self) -> None:
        """Stop as soon as running requests are answered, and say that this is to be followed by a new start."""
        self.again = True
        self._server.should_exit = True

    def _up(self) -> None:
        log.info("server.started", extra={"url": self.url})
        self._started.set()
        if self._ready is not None:
            self._ready(self.url)


class _Uvicorn(uvicorn.Server):
    """Says when it is up, and ends on a signal as if it had been asked to: what runs above it still closes its own."""

    def __init__(
        self,
        config: uvicorn.Config,
        up: Callable[[], None],
        told: Callable[[], object],
        certificate: Certificate | None,
    ) -> None:
        super().__init__(config)
        self._when_up, self._when_told, self._certificate = up, told, certificate

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second by uvicorn."""
        if self._certificate is not None and counter % (10 * RENEWED) == 0:
            self._certificate.renew()
        return await super().on_tick(counter)

    def stop(self) -> None:
        """Take no more requests, and let those that run finish."""
        self._when_told()
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The same by a signal."""
        self._when_told()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._when_up()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM, at once on a second SIGINT. uvicorn's own raises the signal again afterwards,
        which would end the process before the sender and the store are closed."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may handle signals
            return
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises AddressTaken."""
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, number)
    except OSError as error:
        raise AddressTaken(f"'{host}' is not an address of this machine: {error.strerror}.") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise AddressTaken(
            f"Cannot listen at {host}:{port}: {error.strerror}.", "Stop the other program or choose another port."
        ) from error
    return listening
