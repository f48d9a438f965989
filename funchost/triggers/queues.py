"""Queue triggers: take messages, run their function, delete them, give up on the poisonous.

A message is invisible to others while its function runs, and comes back when the function fails,
or when the host dies. Waiting between polls is real time even where timers run in virtual time:
what is waited for is outside. What is done with a message is the handler's business.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from funchost.engine.calls import WorkerUnavailableError
from funchost.settings.triggers import QueueSettings
from funchost.triggers.ports import Queue, RawMessage, StorageFailedError
from funchost.triggers.queue_text import (
    MessageEncoding,
    UnreadableMessageError,
    decoded,
)
from funchost.worker.occasions import QueueMessage

_LOG = logging.getLogger(__name__)

SHORTEST_PAUSE_S: Final = 0.1
HIDDEN_FOR: Final = timedelta(minutes=10)  # as the platform; renewed at half of it
RENEWED_AFTER_S: Final = HIDDEN_FOR.total_seconds() / 2

type Handle = Callable[[QueueMessage], Awaitable[bool]]
type Bury = Callable[[RawMessage], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """What is done with messages: ``handle`` says whether it worked; ``bury`` keeps the rest.

    ``bury`` puts a message where poison goes, before it is deleted. Without it, as for a queue of
    poison, a message that fails stays hidden until its time is over, and after the last attempt
    nobody is called for it any more.
    """

    handle: Handle
    bury: Bury | None


class QueueListener:
    """Serves one queue, several messages at a time."""

    def __init__(
        self, queue: Queue, consumer: Consumer, settings: QueueSettings, encoding: MessageEncoding
    ) -> None:
        self._queue = queue
        self._consumer = consumer
        self._settings = settings
        self._encoding = encoding
        self._at_work: set[asyncio.Task[None]] = set()
        self._look = asyncio.Event()
        self._is_away = False
        self._is_ending = False
        self._has_ended = asyncio.Event()
        self._has_ended.set()  # it has not begun

    def look_now(self) -> None:
        """Poll at once: something is known to be there."""
        self._look.set()

    async def serve(self) -> None:
        """Take messages until ``end``; those at work go on."""
        self._has_ended.clear()
        try:
            await self._take_turns()
        finally:
            self._has_ended.set()

    async def _take_turns(self) -> None:
        pause_s = SHORTEST_PAUSE_S
        while not self._is_ending:
            self._look.clear()
            taken = await self._take()
            for message in taken:
                task = asyncio.create_task(self._consume(message))
                self._at_work.add(task)
                task.add_done_callback(self._done)
            if taken:
                pause_s = SHORTEST_PAUSE_S
                await self._room()
            elif not await self._is_told_within(pause_s):
                pause_s = min(pause_s * 2, self._settings.longest_pause.total_seconds())

    def end(self) -> None:
        """Take no more messages."""
        self._is_ending = True
        self._look.set()

    async def drain(self) -> None:
        """Return, after ``end``, when no message is at work; cancel to give up on them."""
        await self._has_ended.wait()
        while self._at_work:
            # Not gather, which never gives way to the loop when all are done but still listed.
            await asyncio.wait(self._at_work)

    def abandon(self) -> None:
        """Leave the messages at work; they come back when their time is over."""
        for task in self._at_work:
            task.cancel()

    async def _take(self) -> list[RawMessage]:
        try:
            messages = await self._queue.receive(self._settings.batch_size, HIDDEN_FOR)
        except StorageFailedError as error:
            if not self._is_away:
                _LOG.warning("Queue %s cannot be read: %s", self._queue.name, error)
            self._is_away = True
            return []
        if self._is_away:
            _LOG.info("Queue %s can be read again", self._queue.name)
        self._is_away = False
        return list(messages)

    async def _is_told_within(self, pause_s: float) -> bool:
        """Wait, and tell whether somebody said meanwhile that there is something."""
        if self._is_ending:
            return True
        try:
            async with asyncio.timeout(pause_s):
                await self._look.wait()
        except TimeoutError:
            return False
        return True

    async def _room(self) -> None:
        while len(self._at_work) > self._settings.new_batch_threshold:
            await asyncio.wait(self._at_work, return_when=asyncio.FIRST_COMPLETED)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._at_work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("A message of %s was left alone", self._queue.name, exc_info=error)

    async def _consume(self, message: RawMessage) -> None:
        """Handle one message; whatever fails here makes it come back later."""
        held = _Held(self._queue, message)
        try:
            async with held:
                verdict = await self._verdict(message)
            await self._follow(verdict, held.message)
        except StorageFailedError as error:
            _LOG.warning("Message %s of %s: %s", message.id, self._queue.name, error)
        except WorkerUnavailableError:
            with suppress(StorageFailedError):
                await self._queue.hide(held.message, timedelta(0))

    async def _verdict(self, message: RawMessage) -> "_Verdict":
        if message.dequeue_count > self._settings.most_attempts:
            return _Verdict.GIVEN_UP  # the host died of it too often
        try:
            is_done = await self._consumer.handle(decoded(message, self._encoding))
        except UnreadableMessageError as error:
            _LOG.error("Queue %s: %s", self._queue.name, error)
            return _Verdict.GIVEN_UP
        if is_done:
            return _Verdict.DONE
        is_last = message.dequeue_count >= self._settings.most_attempts
        return _Verdict.GIVEN_UP if is_last else _Verdict.TRIED_AGAIN

    async def _follow(self, verdict: "_Verdict", message: RawMessage) -> None:
        match verdict:
            case _Verdict.DONE:
                await self._queue.delete(message)
            case _ if self._consumer.bury is None:
                _LOG.error("Message %s of %s has failed and stays", message.id, self._queue.name)
            case _Verdict.TRIED_AGAIN:
                await self._queue.hide(message, self._settings.retried_after)
                self._look.set()
            case _Verdict.GIVEN_UP:
                _LOG.error(
                    "Message %s of %s is given up after %d attempts",
                    message.id,
                    self._queue.name,
                    message.dequeue_count,
                )
                await self._consumer.bury(message)
                await self._queue.delete(message)


class _Verdict(Enum):
    DONE = auto()
    TRIED_AGAIN = auto()
    GIVEN_UP = auto()


class _Held:
    """Keeps a message hidden while it is worked on."""

    def __init__(self, queue: Queue, message: RawMessage) -> None:
        self.message = message
        self._queue = queue
        self._renewing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._renewing = asyncio.create_task(self._renew())

    async def __aexit__(self, *_: object) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewing

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEWED_AFTER_S)
            try:
                renewed = await self._queue.hide(self.message, HIDDEN_FOR)
            except StorageFailedError as error:
                _LOG.warning("Message %s cannot be kept hidden: %s", self.message.id, error)
                continue
            if renewed is None:
                return
            self.message = renewed
