"""A host that dies at any commit and comes back: nothing is lost, nothing is recorded twice."""

import asyncio
import itertools
import json
from collections.abc import Generator, Sequence
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from funchost.dispatch.hub import StartRequest
from funchost.dispatch.service import DurableService, Limits
from funchost.engine.events import TaskCompleted, TaskScheduled
from funchost.engine.ports import CommitEpisode, Outcome, Write
from funchost.engine.state import State
from funchost.storage.memory import MemoryStore
from funchost.testing.clock import VirtualClock
from tests.support.sdk_worker import SdkWorker

type Story = Generator[Any, Any, Any]
LIMITS = Limits(orchestrators=10, activities=10, entities=10)


class PowerCutError(Exception):
    """The process is gone."""


class MortalStore(MemoryStore):
    """Dies in its n-th commit, before or after it took effect."""

    def __init__(self) -> None:
        super().__init__()
        self.commits_left: float = float("inf")
        self.applies_last = False

    def commit(self, writes: Sequence[Write]) -> list[Outcome]:
        self.commits_left -= 1
        if self.commits_left < 0 and not self.applies_last:
            raise PowerCutError
        outcomes = super().commit(writes)
        if self.commits_left < 0:
            raise PowerCutError
        return outcomes

    def close(self) -> None:
        """Stay readable for the next host, as a file would."""


def worker() -> SdkWorker:
    tries = itertools.count()

    def flaky(name: str) -> str:
        if next(tries) % 3 != 2:
            raise RuntimeError("not yet")
        return f"{name}!"

    def story(context: Any) -> Story:
        first = yield context.call_activity("say", "one")
        retried = yield context.call_activity_with_retry("flaky", df.RetryOptions(5000, 9), "two")
        both = yield context.task_all([context.call_activity("say", n) for n in ("three", "four")])
        yield context.create_timer(context.current_utc_datetime + timedelta(minutes=5))
        nested = yield context.call_sub_orchestrator("child", "five")
        event = yield context.wait_for_external_event("go")
        return [first, retried, *both, nested, event]

    def child(context: Any) -> Story:
        value = context.get_input()
        said = yield context.call_activity("say", value)
        if value == "five":
            context.continue_as_new("six")
            return None
        return said

    return SdkWorker(story, child, activities={"say": lambda text: f"{text}.", "flaky": flaky})


async def live(store: MortalStore, code: SdkWorker) -> str | None:
    """Run a host until the story has ended or the power is cut; return the story's output."""
    died = asyncio.Event()
    clock = VirtualClock()
    service = DurableService(
        store=store,
        worker=code,
        clock=clock,
        limits=LIMITS,
        on_failure=lambda _: died.set(),
    )
    service.start_up()
    ticking = asyncio.create_task(clock.run(service.is_idle))
    output: str | None = None
    try:
        if store.get("s") is None:
            await service.start(StartRequest(name="story", instance_id="s"))
            await service.raise_event("s", "go", '"at last"')
        while not died.is_set():
            record = await service.status("s")
            assert record is not None
            if record.status.is_terminal:
                assert record.status == "Completed", record.output
                output = record.output
                break
            await asyncio.sleep(0.001)
    except Exception:
        if not died.is_set():
            raise
    finally:
        ticking.cancel()
        await service.shut_down(1)
    return output


WHOLE = ["one.", "two!", "three.", "four.", "six.", "at last"]


@pytest.mark.parametrize("applies_last", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("commits", range(26))
def test_a_power_cut_at_any_commit_loses_nothing(commits: int, *, applies_last: bool) -> None:
    store, code = MortalStore(), worker()
    store.commits_left, store.applies_last = commits, applies_last

    asyncio.run(live(store, code))
    store.commits_left = float("inf")
    if store.get("s") is not None:  # else its start was never acknowledged
        asyncio.run(_resend(store))
    output = asyncio.run(live(store, code))

    assert output is not None
    assert json.loads(output) == WHOLE
    snapshot = store.load("s")
    assert snapshot is not None
    scheduled = [e.id for e in snapshot.history if isinstance(e, TaskScheduled)]
    answered = [e.task_id for e in snapshot.history if isinstance(e, TaskCompleted)]
    assert len(set(scheduled)) == len(scheduled)
    assert len(set(answered)) == len(answered)


async def _resend(store: MortalStore) -> None:
    """A client whose event was not acknowledged sends it again; a second one is never taken."""
    service = DurableService(
        store=store,
        worker=worker(),
        clock=VirtualClock(),
        limits=LIMITS,
        on_failure=lambda _: None,
    )
    record = await service.status("s")
    if record is not None and not record.status.is_terminal:
        await service.raise_event("s", "go", '"at last"')
    await service.shut_down(1)


class WatchedStore(MemoryStore):
    """Checks after every episode that the fold of what was stored is the state that was left."""

    def __init__(self) -> None:
        super().__init__()
        self.episodes = 0

    def commit(self, writes: Sequence[Write]) -> list[Outcome]:
        outcomes = super().commit(writes)
        for write in writes:
            if isinstance(write, CommitEpisode):
                self.episodes += 1
                snapshot = self.load(write.record.instance_id)
                assert snapshot is not None
                folded = State.of(snapshot.history)
                assert snapshot.record.status.is_terminal == (folded.ended is not None)
                if snapshot.history:
                    assert folded.started is not None
                    assert folded.started.execution_id == snapshot.record.execution_id
        return outcomes

    def close(self) -> None:
        """Stay readable."""


def test_what_is_stored_folds_to_where_the_instance_stands() -> None:
    store, code = WatchedStore(), worker()

    async def play() -> None:
        clock = VirtualClock()
        service = DurableService(
            store=store, worker=code, clock=clock, limits=LIMITS, on_failure=lambda _: None
        )
        service.start_up()
        ticking = asyncio.create_task(clock.run(service.is_idle))
        await service.start(StartRequest(name="story", instance_id="s"))
        await service.raise_event("s", "go", '"at last"')
        async with asyncio.timeout(10):
            while (record := await service.status("s")) and not record.status.is_terminal:
                await asyncio.sleep(0.001)
        ticking.cancel()
        await service.shut_down(1)

    asyncio.run(play())

    assert store.episodes > 10
