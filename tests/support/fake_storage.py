"""A storage account in memory, which hides messages and counts attempts as the real one does."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from funchost.triggers.ports import FoundBlob, RawMessage, ReadBlob, StorageFailedError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class FakeQueue:
    """Implements ``ports.Queue``; time stands still, so hidden messages stay hidden."""

    name: str = "queue"
    fails: bool = False
    visible: list[RawMessage] = field(default_factory=list[RawMessage])
    hidden: dict[str, RawMessage] = field(default_factory=dict[str, RawMessage])
    ids: "count[int]" = field(default_factory=count)

    async def receive(self, count: int, hidden_for: timedelta) -> Sequence[RawMessage]:
        if self.fails:
            raise StorageFailedError("out of order")
        taken, self.visible = self.visible[:count], self.visible[count:]
        taken = [
            replace(
                message,
                dequeue_count=message.dequeue_count + 1,
                pop_receipt=f"r{next(self.ids)}",
                next_visible=NOW + hidden_for,
            )
            for message in taken
        ]
        self.hidden |= {message.id: message for message in taken}
        return taken

    async def hide(self, message: RawMessage, hidden_for: timedelta) -> RawMessage | None:
        if self.hidden.get(message.id) != message:
            return None
        if not hidden_for:
            self.visible.append(self.hidden.pop(message.id))
        return message

    async def delete(self, message: RawMessage) -> None:
        if self.hidden.get(message.id) == message:
            del self.hidden[message.id]

    async def add(self, text: str) -> None:
        self.visible.append(
            RawMessage(
                id=f"m{next(self.ids)}",
                text=text,
                pop_receipt="",
                dequeue_count=0,
                inserted=NOW,
                expires=NOW + timedelta(days=7),
                next_visible=NOW,
            )
        )

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.visible]

    @property
    def is_empty(self) -> bool:
        return not self.visible and not self.hidden


@dataclass(slots=True, kw_only=True)
class FakeBlobs:
    """Implements ``ports.Blobs``."""

    kept: dict[tuple[str, str], ReadBlob] = field(default_factory=dict[tuple[str, str], ReadBlob])
    tags: "count[int]" = field(default_factory=count)

    async def list(self, container: str, prefix: str) -> AsyncIterator[FoundBlob]:
        for (where, name), blob in list(self.kept.items()):
            if where == container and name.startswith(prefix):
                yield FoundBlob(name=name, etag=blob.etag)

    async def read(self, container: str, name: str) -> ReadBlob | None:
        return self.kept.get((container, name))

    async def write(self, container: str, name: str, content: bytes) -> None:
        self.kept[container, name] = ReadBlob(
            content=content, etag=f"0x{next(self.tags)}", uri="", properties={}, metadata={}
        )


class FakeAccount:
    """Implements ``accounts.Account``."""

    def __init__(self) -> None:
        self.queues: dict[str, FakeQueue] = {}
        self.blobs = FakeBlobs()
        self.is_closed = False

    def queue(self, name: str) -> FakeQueue:
        return self.queues.setdefault(name, FakeQueue(name=name))

    async def close(self) -> None:
        self.is_closed = True
