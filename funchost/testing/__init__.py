"""What tests of any Durable Functions app use: a host in the test's process, with virtual time.

``AppHost`` for ``async`` tests, ``BlockingHost`` for others; docs/testing.md is the tutorial.
Nothing in the running host imports this package. Mocks of the SDK are not here: what runs is the
app, the SDK and the engine themselves.
"""

from funchost.engine.findings import Cause
from funchost.testing.blocking import BlockingHost
from funchost.testing.calls import ActivityCall
from funchost.testing.errors import (
    DivergenceError,
    KitError,
    ReplayError,
    SecondAppError,
    StuckError,
)
from funchost.testing.faults import CALL_HTTP, Faults
from funchost.testing.host import AppHost, Time
from funchost.testing.recordings import Recording
from funchost.testing.requests import HttpResult
from funchost.testing.status import AzureWarning, InstanceStatus

__all__ = [
    "CALL_HTTP",
    "ActivityCall",
    "AppHost",
    "AzureWarning",
    "BlockingHost",
    "Cause",
    "DivergenceError",
    "Faults",
    "HttpResult",
    "InstanceStatus",
    "KitError",
    "Recording",
    "ReplayError",
    "SecondAppError",
    "StuckError",
    "Time",
]
