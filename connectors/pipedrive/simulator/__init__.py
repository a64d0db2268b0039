"""A Pipedrive account on this machine, for tests, demonstrations and trying things out.

Imports nothing of the engine and nothing of the connector that it imitates. Tags such as `[facts: 5]` name the
section of the fact sheet a rule comes from; `OpenAPI v1`/`v2` are Pipedrive's documents; "assumed" says that no
public source was found and the stricter reading was taken.
"""

from .app import create_app
from .deliveries import Deliveries
from .faults import Fault, Faults
from .server import RunningSimulator, serve
from .state import Account
from .switches import Switches

__all__ = ["Account", "Deliveries", "Fault", "Faults", "RunningSimulator", "Switches", "create_app", "serve"]
