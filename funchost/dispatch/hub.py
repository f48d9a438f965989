"""The task hub: what clients may ask of the engine, in the engine's own words.

The management API (``http.management``) is its only caller besides tests; status codes and JSON are
that layer's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from funchost.engine.events import Event
from funchost.engine.ports import InstanceQuery, InstanceRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """A new instance; ``input`` is JSON text; without an id one is made."""

    name: str
    instance_id: str | None = None
    input: str | None = None
    version: str | None = None


class TaskHub(Protocol):
    """Everything a client can do. Every method raises what ``engine.errors`` names."""

    async def start(self, request: StartRequest) -> str:
        """Create an instance and return its id.

        Raises:
            UnknownFunctionError: no such orchestrator.
            InvalidInstanceIdError: the id is not acceptable.
            InstanceExistsError: it is alive, and may not be replaced.
        """
        ...

    async def status(self, instance_id: str) -> InstanceRecord | None:
        """Return what is known of an instance, or None."""
        ...

    async def ended(self, instance_id: str) -> InstanceRecord | None:
        """Return what is known of an instance once it has ended; None at once if unknown."""
        ...

    async def history(self, instance_id: str) -> Sequence[Event]:
        """Return the history of the running or last generation, oldest first; () if unknown."""
        ...

    async def query(self, query: InstanceQuery) -> Sequence[InstanceRecord]:
        """Return a page of records, ordered by instance id."""
        ...

    async def raise_event(self, instance_id: str, name: str, payload: str | None) -> None:
        """Put an external event into the inbox; ``payload`` is JSON text.

        Raises:
            InstanceNotFoundError: unknown. InstanceEndedError: it has ended.
        """
        ...

    async def terminate(self, instance_id: str, reason: str | None) -> None:
        """End an instance at its next episode; raises as ``raise_event``."""
        ...

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        """Pause an instance; raises as ``raise_event``, or WrongStateError if suspended."""
        ...

    async def resume(self, instance_id: str, reason: str | None) -> None:
        """Let an instance go on; raises as ``raise_event``, or WrongStateError if not suspended."""
        ...

    async def restart(self, instance_id: str, *, with_new_id: bool) -> str:
        """Start again what was started, with the same input; return the id.

        Raises:
            InstanceNotFoundError: unknown. InstanceExistsError: same id, and it still runs.
        """
        ...

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        """Take a failed instance back to before its failure, failed children too.

        Raises:
            InstanceNotFoundError: unknown. RewindRefusedError: it cannot be done.
        """
        ...

    async def signal_entity(
        self, name: str, key: str, *, operation: str, payload: str | None
    ) -> None:
        """Ask an entity for an operation; ``payload`` is JSON text, twice encoded.

        Its state is in the record of the instance ``@name@key`` (``engine.entities``).

        Raises:
            UnknownFunctionError: no such entity function.
            InvalidInstanceIdError: the key is not acceptable.
        """
        ...

    async def purge(self, instance_ids: Sequence[str]) -> int:
        """Forget those of the instances that have ended; return how many.

        Raises:
            WrongStateError: a single instance was named, and it has not ended.
        """
        ...
