"""What triggers need from the outside: something that runs functions, queues, and blobs.

Times come from the engine's clock port. The adapters on Azure Storage are ``azure_queues`` and
``azure_blobs``.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from funchost.worker.answers import Failure
from funchost.worker.functions import Function
from funchost.worker.library import Success
from funchost.worker.occasions import Occasion


class RunFunction(Protocol):
    """Runs a function of the app once."""

    async def __call__(self, function: Function, occasion: Occasion) -> Success | Failure:
        """Return what became of it.

        Raises:
            WorkerUnavailableError: the host is stopping.
        """
        ...


class StorageFailedError(Exception):
    """A storage account cannot be reached, or refuses; trying again later may help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMessage:
    """A message as the queue gave it, its text not decoded."""

    id: str
    text: str
    pop_receipt: str
    dequeue_count: int
    inserted: datetime
    expires: datetime
    next_visible: datetime


class Queue(Protocol):
    """One storage queue. Every method raises StorageFailedError."""

    @property
    def name(self) -> str:
        """Return its name."""
        ...

    async def receive(self, count: int, hidden_for: timedelta) -> Sequence[RawMessage]:
        """Take up to so many messages and hide them; none when there is no such queue."""
        ...

    async def hide(self, message: RawMessage, hidden_for: timedelta) -> RawMessage | None:
        """Hide a taken message for so long from now; None when it is no longer ours."""
        ...

    async def delete(self, message: RawMessage) -> None:
        """Remove a taken message; one that is no longer ours is left alone."""
        ...

    async def add(self, text: str) -> None:
        """Add a message, making the queue if there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBlob:
    """A blob in a listing; a new version has a new ``etag``."""

    name: str
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBlob:
    """A blob, read whole."""

    content: bytes
    etag: str
    uri: str
    properties: Mapping[str, Any]
    metadata: Mapping[str, str]


class Blobs(Protocol):
    """The blobs of one storage account. Every method raises StorageFailedError."""

    def list(self, container: str, prefix: str) -> AsyncIterator[FoundBlob]:
        """Return the blobs of a container; none when there is no such container."""
        ...

    async def read(self, container: str, name: str) -> ReadBlob | None:
        """Return a blob, or None when there is none."""
        ...

    async def write(self, container: str, name: str, content: bytes) -> None:
        """Write a blob, replacing it, and making the container if there is none."""
        ...
