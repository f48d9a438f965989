"""From an app's queue and blob triggers to the listeners that serve them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from funchost.settings.triggers import BlobSettings, QueueSettings
from funchost.triggers.accounts import Account, Accounts
from funchost.triggers.blobs import POISON_QUEUE, BlobWatcher, Version, Watch
from funchost.triggers.errors import TriggerError
from funchost.triggers.expressions import BlobPattern, has_names, with_settings
from funchost.triggers.ports import Queue, RawMessage, RunFunction
from funchost.triggers.queue_text import MessageEncoding, decoded
from funchost.triggers.queues import Consumer, QueueListener
from funchost.worker.functions import Function
from funchost.worker.library import Success
from funchost.worker.occasions import QueueMessage, queue_occasion

POISON_SUFFIX: Final = "-poison"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """What listeners heed: host.json's keys, and the app settings."""

    queues: QueueSettings
    blobs: BlobSettings
    app: Mapping[str, str]
    host_id: str

    @property
    def encoding(self) -> MessageEncoding:
        """Return how messages of the app carry their bodies."""
        return MessageEncoding.BASE64 if self.queues.is_base64 else MessageEncoding.NONE


def queue_listener(
    function: Function, accounts: Accounts, settings: StorageSettings, run: RunFunction
) -> QueueListener:
    """Return the listener of a queue trigger; raises TriggerError."""
    account = accounts.of(function.trigger)
    name = with_settings(str(function.trigger.settings.get("queueName") or ""), settings.app)
    if not name or has_names(name):
        raise TriggerError(f"'{name}' is no name of a queue")
    name = name.lower()

    async def handle(message: QueueMessage) -> bool:
        return isinstance(await run(function, queue_occasion(message)), Success)

    # As on the platform, poison that fails again goes nowhere else.
    is_poison = name.endswith(POISON_SUFFIX)
    bury = None if is_poison else _into(account.queue(f"{name}{POISON_SUFFIX}"))
    consumer = Consumer(handle=handle, bury=bury)
    return QueueListener(account.queue(name), consumer, settings.queues, settings.encoding)


def blob_listener(
    functions: Sequence[Function], account: Account, settings: StorageSettings, run: RunFunction
) -> tuple[BlobWatcher, QueueListener]:
    """Return what serves the blob triggers of one account; raises TriggerError."""
    queue = account.queue(f"azure-webjobs-blobtrigger-{settings.host_id}")
    bury = _into(account.queue(POISON_QUEUE))

    async def bury_version(message: RawMessage) -> None:
        await bury(message)
        try:
            version = Version.of(decoded(message, MessageEncoding.BASE64).body)
        except (ValueError, KeyError, TypeError):
            return  # nobody's version: somebody else wrote to the host's queue
        await watcher.note_done(version)

    async def handle(message: QueueMessage) -> bool:
        return await watcher.handle(message)

    consumer = Consumer(handle=handle, bury=bury_version)
    listener = QueueListener(queue, consumer, _of_blobs(settings), MessageEncoding.BASE64)
    watcher = BlobWatcher(
        watches=[watch_of(function, settings.app) for function in functions],
        blobs=account.blobs,
        queue=queue,
        host_id=settings.host_id,
        run=run,
        found=listener.look_now,
    )
    return watcher, listener


def _of_blobs(settings: StorageSettings) -> QueueSettings:
    """Return how the host's own queue is read, from which blobs are handed out."""
    return replace(
        settings.queues,
        most_attempts=settings.blobs.most_attempts,
        batch_size=min(settings.blobs.most_at_once, settings.queues.batch_size),
    )


def watch_of(function: Function, app: Mapping[str, str]) -> Watch:
    """Read the path of a blob trigger; raises TriggerError."""
    path = with_settings(str(function.trigger.settings.get("path") or ""), app)
    return Watch(function=function, pattern=BlobPattern.parse(path))


def _into(queue: Queue) -> Callable[[RawMessage], Awaitable[None]]:
    async def bury(message: RawMessage) -> None:
        await queue.add(message.text)

    return bury
