"""Queue triggers: which message is run, which comes back, and which is given up."""

import asyncio
import base64
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from funchost.engine.calls import WorkerUnavailableError
from funchost.settings.triggers import QueueSettings
from funchost.triggers.ports import RawMessage
from funchost.triggers.queue_text import MessageEncoding
from funchost.triggers.queues import Consumer, QueueListener
from funchost.worker.occasions import QueueMessage
from tests.support.fake_storage import FakeQueue
from tests.support.http_host import on_loop

SETTINGS = QueueSettings(longest_pause=timedelta(milliseconds=1))


class Handler:
    """Plays the function: succeeds unless the text is among those that fail."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.seen: list[tuple[str, int]] = []
        self.at_once = 0
        self.most_at_once = 0

    async def __call__(self, message: QueueMessage) -> bool:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.seen.append((message.body.decode(), message.dequeue_count))
        await asyncio.sleep(0)
        self.at_once -= 1
        return message.body.decode() not in self.failing


class Bench:
    """A listener with its queues."""

    def __init__(
        self,
        handler: Callable[[QueueMessage], object],
        settings: QueueSettings = SETTINGS,
        *,
        is_of_poison: bool = False,
    ) -> None:
        self.queue = FakeQueue()
        self.poison = FakeQueue()
        self.listener = QueueListener(
            self.queue,
            Consumer(
                handle=handler,  # type: ignore[arg-type]  # any handler
                bury=None if is_of_poison else self._bury,
            ),
            settings,
            MessageEncoding.BASE64,
        )

    async def send(self, *texts: str) -> None:
        for text in texts:
            await self.queue.add(base64.b64encode(text.encode()).decode())

    async def serve_until(self, is_over: Callable[[], bool]) -> None:
        serving = asyncio.create_task(self.listener.serve())
        while not is_over():
            await asyncio.sleep(0.001)
        self.listener.end()
        await self.listener.drain()
        await serving

    async def _bury(self, message: RawMessage) -> None:
        await self.poison.add(message.text)


@on_loop
async def test_each_message_is_run_once_and_deleted() -> None:
    handler = Handler()
    bench = Bench(handler)
    await bench.send("a", "b")

    await bench.serve_until(lambda: bench.queue.is_empty)

    assert sorted(handler.seen) == [("a", 1), ("b", 1)]
    assert bench.poison.is_empty


@on_loop
async def test_a_failing_message_is_tried_five_times_and_then_poison(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handler = Handler("bad")
    bench = Bench(handler)
    await bench.send("bad", "good")

    await bench.serve_until(lambda: bench.queue.is_empty)

    assert [attempt for text, attempt in handler.seen if text == "bad"] == [1, 2, 3, 4, 5]
    assert bench.poison.texts == [base64.b64encode(b"bad").decode()]
    assert "is given up after 5 attempts" in caplog.text


@on_loop
async def test_a_message_that_the_host_died_of_too_often_is_not_run_again() -> None:
    handler = Handler()
    bench = Bench(handler, QueueSettings(most_attempts=2))
    await bench.send("deadly")
    for _ in range(2):
        [taken] = await bench.queue.receive(1, timedelta(minutes=10))
        await bench.queue.hide(taken, timedelta(0))

    await bench.serve_until(lambda: bench.queue.is_empty)

    assert handler.seen == []
    assert len(bench.poison.visible) == 1


@on_loop
@pytest.mark.parametrize("attempts_before", [0, 5])
async def test_poison_that_fails_stays_where_it_is_and_is_not_run_for_ever(
    attempts_before: int,
) -> None:
    handler = Handler("bad")
    bench = Bench(handler, is_of_poison=True)
    await bench.send("bad")
    for _ in range(attempts_before):
        [taken] = await bench.queue.receive(1, timedelta(minutes=10))
        await bench.queue.hide(taken, timedelta(0))
    await bench.send("good")

    await bench.serve_until(lambda: ("good", 1) in handler.seen and not bench.queue.visible)

    assert [attempt for text, attempt in handler.seen if text == "bad"] == [1][attempts_before:]
    assert len(bench.queue.hidden) == 1
    assert bench.poison.is_empty


@on_loop
async def test_text_in_another_encoding_is_poison_at_once() -> None:
    handler = Handler()
    bench = Bench(handler)
    await bench.queue.add("not Base64!")

    await bench.serve_until(lambda: bench.queue.is_empty)

    assert handler.seen == []
    assert bench.poison.texts == ["not Base64!"]


@on_loop
async def test_no_more_messages_are_at_work_than_a_batch_and_the_threshold() -> None:
    handler = Handler()
    settings = QueueSettings(
        batch_size=3, new_batch_threshold=1, longest_pause=timedelta(milliseconds=1)
    )
    bench = Bench(handler, settings)
    await bench.send(*map(str, range(20)))

    await bench.serve_until(lambda: bench.queue.is_empty)

    assert len(handler.seen) == 20
    assert handler.most_at_once <= 4


@on_loop
async def test_what_a_stopping_host_did_not_run_is_given_back() -> None:
    async def stopping(message: QueueMessage) -> bool:
        raise WorkerUnavailableError(f"{message.id}: the host is stopping")

    bench = Bench(stopping)
    await bench.send("a")

    await bench.serve_until(lambda: any(each.dequeue_count for each in bench.queue.visible))

    assert len(bench.queue.visible) == 1


@on_loop
async def test_a_queue_that_cannot_be_read_is_reported_once_until_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handler = Handler()
    bench = Bench(handler)
    bench.queue.fails = True
    await bench.send("a")

    with caplog.at_level(logging.INFO):
        serving = asyncio.create_task(bench.serve_until(lambda: bench.queue.is_empty))
        await asyncio.sleep(0.05)
        bench.queue.fails = False
        await serving

    said = [record.getMessage() for record in caplog.records]
    assert said.count("Queue queue cannot be read: out of order") == 1
    assert said.count("Queue queue can be read again") == 1
    assert handler.seen == [("a", 1)]
