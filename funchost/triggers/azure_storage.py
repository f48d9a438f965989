"""Azure Storage, and Azurite, behind the ports: the only module that imports its SDKs.

One account is one connection string; clients are opened when first asked for and closed at the
end. An app without such bindings never imports this.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

from azure.core.exceptions import (
    AzureError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue import QueueMessage as SdkMessage
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from funchost.triggers.errors import TriggerError
from funchost.triggers.ports import FoundBlob, RawMessage, ReadBlob, StorageFailedError

# Few and short: whoever polls asks again anyway, and a function that waits is better told.
_CLIENT: Final[Mapping[str, Any]] = {
    "retry_total": 2,
    "initial_backoff": 0.2,
    "increment_base": 2,
    "connection_timeout": 5,
    "read_timeout": 30,
}
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class _Failures:
    """Turns what the SDK raises into the port's one error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, AzureError):
            raise StorageFailedError(str(error).partition("\n")[0]) from error


class AzureAccount:
    """The queues and blobs of one storage account; raises TriggerError for an odd connection."""

    def __init__(self, connection_string: str) -> None:
        try:
            self._queues = QueueServiceClient.from_connection_string(connection_string, **_CLIENT)
            self._blobs = BlobServiceClient.from_connection_string(connection_string, **_CLIENT)
        except ValueError as error:
            # The string holds a key: the SDK's own words may quote it.
            raise TriggerError("its connection string cannot be read") from error

    def queue(self, name: str) -> "AzureQueue":
        """Return a queue of the account, which need not exist."""
        return AzureQueue(self._queues.get_queue_client(name))

    @property
    def blobs(self) -> "AzureBlobs":
        """Return the account's blobs."""
        return AzureBlobs(self._blobs)

    async def close(self) -> None:
        """Close the connections."""
        await self._queues.close()
        await self._blobs.close()


class AzureQueue:
    """Implements ``ports.Queue``."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    @property
    def name(self) -> str:
        """Return its name."""
        return self._client.queue_name

    async def receive(self, count: int, hidden_for: timedelta) -> Sequence[RawMessage]:
        """Take up to so many messages and hide them; none when there is no such queue."""
        pages = self._client.receive_messages(
            messages_per_page=count, visibility_timeout=round(hidden_for.total_seconds())
        ).by_page()
        with _Failures():
            try:
                async for page in pages:
                    return [_raw(message) async for message in page]
            except ResourceNotFoundError:
                pass
        return []

    async def hide(self, message: RawMessage, hidden_for: timedelta) -> RawMessage | None:
        """Hide a taken message for so long from now; None when it is no longer ours."""
        with _Failures():
            try:
                updated = await self._client.update_message(
                    message.id,
                    message.pop_receipt,
                    visibility_timeout=round(hidden_for.total_seconds()),
                )
            except ResourceNotFoundError:
                return None
        return RawMessage(
            id=message.id,
            text=message.text,
            pop_receipt=str(updated.pop_receipt),
            dequeue_count=message.dequeue_count,
            inserted=message.inserted,
            expires=message.expires,
            next_visible=updated.next_visible_on or message.next_visible,
        )

    async def delete(self, message: RawMessage) -> None:
        """Remove a taken message; one that is no longer ours is left alone."""
        with _Failures():
            try:
                await self._client.delete_message(message.id, message.pop_receipt)
            except ResourceNotFoundError:
                return

    async def add(self, text: str) -> None:
        """Add a message, making the queue if there is none."""
        with _Failures():
            try:
                await self._client.send_message(text)
            except ResourceNotFoundError:
                await self._make()
                await self._client.send_message(text)

    async def _make(self) -> None:
        try:
            await self._client.create_queue()
        except ResourceExistsError:
            return


class AzureBlobs:
    """Implements ``ports.Blobs``."""

    def __init__(self, client: BlobServiceClient) -> None:
        self._client = client

    async def list(self, container: str, prefix: str) -> AsyncIterator[FoundBlob]:
        """Return the blobs of a container; none when there is no such container."""
        found = self._client.get_container_client(container).list_blobs(
            name_starts_with=prefix or None
        )
        with _Failures():
            try:
                async for blob in found:
                    yield FoundBlob(name=str(blob.name), etag=_bare(blob.etag))
            except ResourceNotFoundError:
                return

    async def read(self, container: str, name: str) -> ReadBlob | None:
        """Return a blob, or None when there is none."""
        client = self._client.get_blob_client(container, name)
        with _Failures():
            try:
                download = await client.download_blob()
                content = await download.readall()
            except ResourceNotFoundError:
                return None
        found = download.properties
        return ReadBlob(
            content=content,
            etag=_bare(found.etag),
            uri=client.url,
            properties={
                "ContentLength": len(content),
                "Length": len(content),
                "ContentType": found.content_settings.content_type,
                "ETag": str(found.etag),
                "LastModified": found.last_modified.isoformat(),
            },
            metadata=dict(found.metadata or {}),
        )

    async def write(self, container: str, name: str, content: bytes) -> None:
        """Write a blob, replacing it, and making the container if there is none."""
        client = self._client.get_blob_client(container, name)
        with _Failures():
            try:
                await client.upload_blob(content, overwrite=True)
            except ResourceNotFoundError:
                await self._make(container)
                await client.upload_blob(content, overwrite=True)

    async def _make(self, container: str) -> None:
        try:
            await self._client.get_container_client(container).create_container()
        except ResourceExistsError:
            return


def _bare(etag: str | None) -> str:
    """Return an entity tag as listings spell it; headers put it into quotes."""
    return str(etag).strip('"')


def _raw(message: SdkMessage) -> RawMessage:
    return RawMessage(
        id=str(message.id),
        text=str(message.content),
        pop_receipt=str(message.pop_receipt),
        dequeue_count=int(message.dequeue_count or 1),
        inserted=message.inserted_on or _NEVER,
        expires=message.expires_on or _NEVER,
        next_visible=message.next_visible_on or _NEVER,
    )
