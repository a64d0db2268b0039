"""Runs the simulator on a port of this machine, in a thread of the calling process."""

import asyncio
import socket
import threading

import uvicorn

from .app import App
from .faults import Faults
from .state import Account


class _Server(uvicorn.Server):
    """uvicorn looks ten times a second whether it shall stop; tests start and stop often, so look sooner."""

    async def main_loop(self) -> None:
        ticks = 0
        while not self.should_exit:
            await asyncio.sleep(0.01)
            ticks += 1
            if ticks % 10 == 0:
                await self.on_tick(ticks // 10)


class RunningSimulator:
    """A simulator that answers at `url` until `stop()`; also a context manager."""

    def __init__(self, account: Account, faults: Faults, host: str, port: int) -> None:
        self.app = App(account, faults)
        self._socket = socket.socket(
            socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
        )  # asyncio asks for it to set NODELAY
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self._socket.listen(128)  # before the thread starts, so that no caller is ever too early
        self.url = "http://{}:{}".format(*self._socket.getsockname())
        config = uvicorn.Config(
            self.app, lifespan="off", log_level="critical", access_log=False, proxy_headers=False, ws="none",
            date_header=False,  # the application sends the account's own
            loop="asyncio", http="h11", timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="pipedrive simulator", daemon=True
        )
        self._thread.start()

    @property
    def account(self) -> Account:
        return self.app.account

    @property
    def faults(self) -> Faults:
        return self.app.faults

    def use(self, account: Account, faults: Faults | None = None) -> None:
        """Puts another account behind the same URL: cheaper than a new server for each test."""
        self.app.use(account, faults or Faults())

    def stop(self) -> None:
        """Stops answering and frees the port; the account keeps its state."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def __enter__(self) -> "RunningSimulator":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(
    account: Account, port: int = 0, *, faults: Faults | None = None, host: str = "127.0.0.1"
) -> RunningSimulator:
    """Starts answering for `account`; port 0 takes a free one. Raises OSError when the port is taken."""
    return RunningSimulator(account, faults or Faults(), host, port)
