"""What a command works with: the app, the output, and the world around the process."""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TextIO

from requests.adapters import BaseAdapter

from wfctl.client import Client
from wfctl.output import Output


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return secrets.token_hex(12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything outside that a command depends on; tests bring their own.

    Args:
        environment: Environment variables.
        adapter: What carries requests instead of the network.
        sleep: How time is let pass, in seconds.
        now: The current time.
        clock: Seconds that only ever grow.
        new_id: Makes ids that nobody has used.
        stdin: Where ``-`` is read from; None is the process's own.
    """

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    adapter: BaseAdapter | None = None
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _now
    clock: Callable[[], float] = time.monotonic
    new_id: Callable[[], str] = _new_id
    stdin: TextIO | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One run of one command."""

    client: Client
    out: Output
    surroundings: Surroundings
