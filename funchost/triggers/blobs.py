"""Blob triggers: find versions of blobs that were not handled yet, and have each handled once.

As on the platform, a scan puts what is new on a queue of the host's own, whose listener runs the
function, counts attempts and gives up; and a receipt in the account says that a version is done.
Receipts belong to the account, so an emptied emulator has none left over.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from funchost.triggers.expressions import BlobPattern
from funchost.triggers.ports import Blobs, Queue, RunFunction, StorageFailedError
from funchost.triggers.queue_text import MessageEncoding, encoded
from funchost.worker.functions import Function
from funchost.worker.library import Success
from funchost.worker.occasions import BlobContent, QueueMessage, blob_occasion

_LOG = logging.getLogger(__name__)

HOSTS_CONTAINER: Final = "azure-webjobs-hosts"
POISON_QUEUE: Final = "webjobs-blobtrigger-poison"
SCAN_PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A function, and the blobs that trigger it."""

    function: Function
    pattern: BlobPattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of one blob, for one function."""

    function: str
    container: str
    blob: str
    etag: str

    def message(self) -> bytes:
        """Return it as the host's queue carries it."""
        document = {
            "Type": "BlobTrigger",
            "FunctionId": f"Host.Functions.{self.function}",
            "BlobType": "BlockBlob",
            "ContainerName": self.container,
            "BlobName": self.blob,
            "ETag": self.etag,
        }
        return json.dumps(document).encode()

    @classmethod
    def of(cls, body: bytes) -> "Version":
        """Read what ``message`` made; raises ValueError or KeyError for anything else."""
        document: Mapping[str, Any] = json.loads(body)
        return cls(
            function=str(document["FunctionId"]).removeprefix("Host.Functions."),
            container=document["ContainerName"],
            blob=document["BlobName"],
            etag=document["ETag"],
        )

    def receipt(self, host_id: str) -> str:
        """Return the name of the blob whose being there says that this version is done."""
        return f"blobreceipts/{host_id}/{self.function}/{self.etag}/{self.container}/{self.blob}"


@dataclass(slots=True, kw_only=True)
class BlobWatcher:
    """Scans what the functions of one account watch, and handles what the queue brings back."""

    watches: Sequence[Watch]
    blobs: Blobs
    queue: Queue
    host_id: str
    run: RunFunction
    found: Callable[[], None]  # called when there is something on the queue
    pause: Callable[[], Awaitable[None]] = field(default=lambda: asyncio.sleep(SCAN_PAUSE_S))
    _seen: set[Version] = field(default_factory=set[Version])  # queued, or done
    _is_away: bool = False

    async def serve(self) -> None:
        """Scan until canceled."""
        while True:
            try:
                for watch in self.watches:
                    await self._scan(watch)
                self._is_away = False
            except StorageFailedError as error:
                if not self._is_away:
                    _LOG.warning("Blobs cannot be looked for: %s", error)
                self._is_away = True
            await self.pause()

    async def handle(self, message: QueueMessage) -> bool:
        """Run the function for the version that a message of the queue names.

        Returns:
            Whether it is done, be it because the version is gone.
        """
        try:
            version = Version.of(message.body)
        except (ValueError, KeyError, TypeError):
            return False
        watch = self._watch(version.function)
        if watch is None:  # the app has changed: nobody will handle it
            return True
        if await self.blobs.read(HOSTS_CONTAINER, version.receipt(self.host_id)) is not None:
            return True
        return await self._run(watch, version)

    async def run_by_hand(self, function: str, path: str) -> None:
        """Run a function for a blob that somebody names, done or not; unknown ones are logged."""
        container, _, name = path.strip("/").partition("/")
        watch = self._watch(function)
        blob = await self._content(watch, container, name) if watch else None
        if watch is None or blob is None:
            _LOG.error("There is no blob '%s' to run %s for", path, function)
            return
        await self.run(watch.function, blob_occasion(blob[0]))

    async def note_done(self, version: Version) -> None:
        """Leave the receipt that keeps a version from being handled again."""
        await self.blobs.write(HOSTS_CONTAINER, version.receipt(self.host_id), b"")

    async def _scan(self, watch: Watch) -> None:
        pattern = watch.pattern
        async for blob in self.blobs.list(pattern.container, pattern.prefix):
            if pattern.match(blob.name) is None:
                continue
            version = Version(
                function=watch.function.name,
                container=pattern.container,
                blob=blob.name,
                etag=blob.etag,
            )
            if version not in self._seen:
                await self._queue_up(version)

    async def _queue_up(self, version: Version) -> None:
        if await self.blobs.read(HOSTS_CONTAINER, version.receipt(self.host_id)) is None:
            await self.queue.add(encoded(version.message(), MessageEncoding.BASE64))
            self.found()
        self._seen.add(version)

    async def _run(self, watch: Watch, version: Version) -> bool:
        found = await self._content(watch, version.container, version.blob)
        if found is None or found[1] != version.etag:
            return True  # deleted, or replaced by a version that has a message of its own
        result = await self.run(watch.function, blob_occasion(found[0]))
        if isinstance(result, Success):
            await self.note_done(version)
            return True
        return False

    async def _content(
        self, watch: Watch, container: str, name: str
    ) -> tuple[BlobContent, str] | None:
        blob = await self.blobs.read(container, name)
        if blob is None:
            return None
        content = BlobContent(
            path=f"{container}/{name}",
            uri=blob.uri,
            content=blob.content,
            properties=blob.properties,
            metadata=blob.metadata,
            values=watch.pattern.match(name) or {},
        )
        return content, blob.etag

    def _watch(self, function: str) -> Watch | None:
        return next((each for each in self.watches if each.function.name == function), None)
