"""The journal writes in order, on the loop what is small, and off it what can take long."""

import asyncio
import itertools
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import override

import pytest

from funchost.dispatch.commits import Sources, create_instance
from funchost.dispatch.journal import FEW, Journal, JournalClosedError
from funchost.engine.errors import InstanceExistsError
from funchost.engine.events import EventRaised, ExecutionStarted
from funchost.engine.ports import (
    AddMessage,
    CreateInstance,
    InstanceRecord,
    Outcome,
    PurgeInstances,
    Write,
)
from funchost.storage.memory import MemoryStore
from tests.support.http_host import on_loop

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES = Sources(next_sequence=itertools.count(1).__next__, new_id=lambda: "fresh")


class NotedStore(MemoryStore):
    """Notes how many writes came at a time, and whether on the loop's own thread."""

    def __init__(self, *, waits_for_disk: bool = False, upkeep_after: int = 1_000) -> None:
        super().__init__()
        self.commits: list[tuple[int, bool]] = []
        self.upkeeps: list[bool] = []
        self._waits_for_disk = waits_for_disk
        self._upkeep_after = upkeep_after
        self._unkept = 0
        self._home = threading.get_ident()

    @override
    def commit(self, writes: Sequence[Write]) -> list[Outcome]:
        self.commits.append((len(writes), self._is_home))
        self._unkept += len(writes)
        return super().commit(writes)

    @property
    @override
    def waits_for_disk(self) -> bool:
        return self._waits_for_disk

    @property
    @override
    def needs_upkeep(self) -> bool:
        return self._unkept >= self._upkeep_after

    @override
    def keep_up(self) -> None:
        self._unkept = 0
        self.upkeeps.append(self._is_home)

    @property
    def _is_home(self) -> bool:
        return threading.get_ident() == self._home


def create(instance_id: str) -> CreateInstance:
    started = ExecutionStarted(at=NOW, name="story", execution_id="e")
    return create_instance(instance_id, started, sources=SOURCES)


def message(instance_id: str) -> AddMessage:
    return AddMessage(outgoing=SOURCES.message(instance_id, EventRaised(at=NOW, name="go")))


def journal_of(store: MemoryStore) -> Journal:
    return Journal(store, on_failure=lambda _: None)


@on_loop
async def test_what_is_posted_in_one_pass_is_one_transaction_on_the_loop() -> None:
    store = NotedStore()
    journal = journal_of(store)

    await asyncio.gather(journal.commit(create("a")), journal.commit(create("b")))

    assert store.commits == [(2, True)]


@on_loop
async def test_a_write_that_can_wait_goes_with_the_next_one_before_it() -> None:
    store = NotedStore()
    journal = journal_of(store)

    waiting = journal.post(create("a"), can_wait=True)
    await journal.commit(message("a"))

    assert store.commits == [(2, True)]
    assert waiting.done()


@on_loop
async def test_a_write_that_can_wait_does_not_wait_for_ever() -> None:
    store = NotedStore()
    journal = journal_of(store)

    outcome = await asyncio.wait_for(journal.post(create("a"), can_wait=True), 5)

    assert outcome == Outcome()
    assert journal.is_idle


@on_loop
async def test_a_read_sees_a_write_that_could_have_waited() -> None:
    journal = journal_of(NotedStore())

    journal.post(create("a"), can_wait=True)
    record: InstanceRecord | None = await journal.read(lambda store: store.get("a"))

    assert record is not None


@on_loop
async def test_a_store_that_waits_for_the_disk_does_so_off_the_loop() -> None:
    store = NotedStore(waits_for_disk=True)

    await journal_of(store).commit(create("a"))

    assert store.commits == [(1, False)]


@on_loop
async def test_many_writes_and_large_ones_are_carried_out_off_the_loop() -> None:
    store = NotedStore()
    journal = journal_of(store)

    await asyncio.gather(*[journal.commit(create(str(n))) for n in range(FEW + 1)])
    await journal.commit(PurgeInstances(instance_ids=("a",)))

    assert store.commits == [(FEW + 1, False), (1, False)]


@on_loop
async def test_upkeep_is_done_off_the_loop_and_writing_goes_on_after_it() -> None:
    store = NotedStore(upkeep_after=2)
    journal = journal_of(store)

    for number in range(5):
        await journal.commit(create(str(number)))

    assert store.upkeeps == [False, False]
    assert [count for count, _ in store.commits] == [1] * 5


@on_loop
async def test_a_refused_write_spoils_nothing_beside_it() -> None:
    journal = journal_of(NotedStore())
    await journal.commit(create("a"))

    refused, accepted = await asyncio.gather(journal.post(create("a")), journal.post(create("b")))

    assert isinstance(refused.error, InstanceExistsError)
    assert accepted == Outcome()


@on_loop
async def test_closing_carries_out_what_could_have_waited() -> None:
    store = NotedStore()
    journal = journal_of(store)

    journal.post(create("a"), can_wait=True)
    await journal.close()

    assert store.commits == [(1, True)]
    with pytest.raises(JournalClosedError):
        journal.post(create("b"))


@on_loop
@pytest.mark.parametrize("waits_for_disk", [False, True])
async def test_a_store_that_breaks_ends_the_journal_and_tells_the_host(
    *, waits_for_disk: bool
) -> None:
    class Broken(NotedStore):
        @override
        def commit(self, writes: Sequence[Write]) -> list[Outcome]:
            raise OSError("disk full")

    told: list[BaseException] = []
    journal = Journal(Broken(waits_for_disk=waits_for_disk), on_failure=told.append)

    with pytest.raises(JournalClosedError, match="disk full"):
        await journal.commit(create("a"))

    assert [str(error) for error in told] == ["disk full"]
    with pytest.raises(JournalClosedError):
        journal.post(create("b"))
