"""Both stores, driven through one random life, never differ: hypothesis looks for a counterexample.

The rules are all writes of the port with plausible and with stale fences, in batches, and the
closing and reopening of the file.
"""

import tempfile
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from funchost.engine.events import Message, RuntimeStatus
from funchost.engine.ports import (
    ActivityItem,
    Child,
    CommitEpisode,
    CompleteActivity,
    CreateInstance,
    InstanceQuery,
    InstanceRecord,
    Outcome,
    Outgoing,
    PurgeInstances,
    TimerItem,
    Write,
)
from funchost.storage.memory import MemoryStore
from funchost.storage.sqlite import SqliteStore
from tests.contract.storage.builders import (
    T0,
    a_creation,
    a_message,
    a_record,
    an_answer,
    an_arrival,
)
from tests.contract.storage.strategies import TEXTS, events

IDS = st.sampled_from(["a", "a-1", "b", "\u00e9"])
LIVE = [RuntimeStatus.PENDING, RuntimeStatus.RUNNING, RuntimeStatus.SUSPENDED]
ENDS = [RuntimeStatus.COMPLETED, RuntimeStatus.FAILED, RuntimeStatus.TERMINATED]
NUMBERS = st.integers(min_value=0, max_value=30)
APPENDED = st.lists(events(), max_size=4)  # made once: hypothesis checks a strategy at first use
ENDED_TIMERS = st.lists(NUMBERS, max_size=3)
INPUTS = st.lists(TEXTS, max_size=2)
DUE_IN = st.lists(NUMBERS, max_size=1)
CHILD_IDS = st.sets(IDS)
RECIPIENTS = st.lists(IDS, max_size=4)
CUSTOM_STATUSES = st.none() | TEXTS


class TwoStores(RuleBasedStateMachine):
    """The memory store is the model, the SQLite store the one under test."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "state.db"
        self.memory = MemoryStore()
        self.sqlite = SqliteStore.open(self.path, owner="the model")
        self.numbers = count(1)
        self.batch: list[Write] = []

    @initialize(instance_id=IDS)
    def begin(self, instance_id: str) -> None:
        self.commit(a_creation(instance_id, sequence=next(self.numbers)))

    @rule(instance_id=IDS, replace_running=st.booleans())
    def create(self, instance_id: str, *, replace_running: bool) -> None:
        self.add(self.creation(instance_id, replace_running=replace_running))

    @rule(instance_id=IDS)
    def raise_event(self, instance_id: str) -> None:
        self.add(an_arrival(instance_id, sequence=next(self.numbers)))

    @rule(data=st.data(), instance_id=IDS)
    def complete_activity(self, data: st.DataObject, instance_id: str) -> None:
        due = [i for i in self.memory.backlog().activities if i.instance_id == instance_id]
        if due:
            item = data.draw(st.sampled_from(due))
            answer = an_answer(next(self.numbers), task_id=item.task_id)
            self.add(CompleteActivity(item=item, message=answer))

    @rule(data=st.data(), instance_id=IDS, is_stale=st.integers(0, 9).map(lambda n: n == 0))
    def run_episode(self, data: st.DataObject, instance_id: str, *, is_stale: bool) -> None:
        snapshot = self.memory.load(instance_id)
        record = snapshot.record if snapshot else a_record(instance_id)
        inbox = [message.sequence for message in snapshot.inbox] if snapshot else []
        after = self.afterwards(data, record)
        if is_stale:
            after = replace(after, episode=after.episode + data.draw(st.sampled_from([-1, 1])))
        changes: dict[str, Any] = {
            "appended": tuple(data.draw(APPENDED)),
            "consumed": tuple(data.draw(st.lists(st.sampled_from([0, *inbox]), max_size=3))),
            "ended_timers": tuple(data.draw(ENDED_TIMERS)),
            "children": tuple(self.child(instance_id, key) for key in data.draw(CHILD_IDS)),
            "outgoing": tuple(
                a_message(key, sequence=next(self.numbers)) for key in data.draw(RECIPIENTS)
            ),
        }
        episode = CommitEpisode(record=after, execution_id=record.execution_id, **changes)
        self.add(replace(episode, **self.due_work(data, record)))

    @rule(ids=st.lists(IDS, max_size=2))
    def purge(self, ids: list[str]) -> None:
        self.add(PurgeInstances(instance_ids=tuple(ids)))

    @rule()
    def flush(self) -> None:
        batch, self.batch = self.batch, []
        self.commit(*batch)

    @rule()
    def reopen(self) -> None:
        self.sqlite.close()
        self.sqlite = SqliteStore.open(self.path, owner="the model, again")

    @rule(
        after_id=st.none() | IDS,
        prefix=st.sampled_from(["", "a", "a-", "\u00e9"]),
        statuses=st.frozensets(st.sampled_from(RuntimeStatus), max_size=3),
        seconds=st.tuples(st.none() | NUMBERS, st.none() | NUMBERS),
        limit=st.integers(1, 5),
    )
    def query(
        self,
        *,
        after_id: str | None,
        prefix: str,
        statuses: frozenset[RuntimeStatus],
        seconds: tuple[int | None, int | None],
        limit: int,
    ) -> None:
        bounds = [None if s is None else T0 + timedelta(seconds=s) for s in seconds]
        asked = InstanceQuery(
            created_from=bounds[0],
            created_to=bounds[1],
            statuses=statuses,
            id_prefix=prefix,
            after_id=after_id,
            limit=limit,
        )
        assert self.sqlite.query(asked) == self.memory.query(asked)

    @invariant()
    def they_hold_the_same(self) -> None:
        assert self.sqlite.backlog() == self.memory.backlog()
        for record in self.memory.query(InstanceQuery()):
            assert self.sqlite.load(record.instance_id) == self.memory.load(record.instance_id)

    @invariant()
    def whoever_has_due_work_is_alive(self) -> None:
        backlog = self.sqlite.backlog()
        busy = {item.instance_id for item in backlog.activities}
        busy |= {item.instance_id for item in backlog.timers}
        for instance_id in busy | set(backlog.instance_ids):
            record = self.sqlite.get(instance_id)
            assert record is not None
            assert not record.status.is_terminal

    def teardown(self) -> None:
        self.sqlite.close()
        self.folder.cleanup()

    def add(self, write: Write) -> None:
        """Queue a write; a batch is what gathered until somebody flushes, three at most."""
        self.batch.append(write)
        if len(self.batch) == 3:
            self.flush()

    def commit(self, *writes: Write) -> None:
        answers = self.sqlite.commit(writes), self.memory.commit(writes)
        assert described(answers[0]) == described(answers[1])

    def creation(self, instance_id: str, *, replace_running: bool = False) -> CreateInstance:
        sequence = next(self.numbers)
        return a_creation(
            instance_id,
            sequence=sequence,
            execution_id=f"e{sequence}",
            replace_running=replace_running,
        )

    def child(self, parent: str, instance_id: str) -> Child:
        refusal = Message(sequence=next(self.numbers), event=an_answer(0).event)
        return Child(
            create=self.creation(instance_id),
            refusal=Outgoing(instance_id=parent, message=refusal),
        )

    def afterwards(self, data: st.DataObject, record: InstanceRecord) -> InstanceRecord:
        is_new_generation = data.draw(st.integers(0, 5)) == 0
        status = data.draw(st.sampled_from(LIVE if is_new_generation else LIVE * 3 + ENDS))
        return replace(
            record,
            status=status,
            episode=record.episode + 1,
            execution_id=f"e{next(self.numbers)}" if is_new_generation else record.execution_id,
            updated_at=record.updated_at + timedelta(seconds=1),
            output=data.draw(TEXTS) if status.is_terminal else None,
            custom_status=data.draw(CUSTOM_STATUSES),
        )

    def due_work(self, data: st.DataObject, record: InstanceRecord) -> dict[str, Any]:
        key = {"instance_id": record.instance_id, "execution_id": record.execution_id}
        first = next(self.numbers)  # ids of tasks are never used twice in a generation
        activities = [
            ActivityItem(**key, task_id=first + n, name="act", input=text)
            for n, text in enumerate(data.draw(INPUTS))
        ]
        timers = [
            TimerItem(**key, timer_id=first + n, fire_at=T0 + timedelta(seconds=seconds))
            for n, seconds in enumerate(data.draw(DUE_IN))
        ]
        return {"activities": tuple(activities), "timers": tuple(timers)}


def described(outcomes: list[Outcome]) -> list[tuple[str, tuple[Child, ...]]]:
    """Make outcomes comparable: exceptions are equal only to themselves."""
    return [(repr(outcome.error), outcome.refused) for outcome in outcomes]


@pytest.mark.slow
def test_no_life_of_an_instance_tells_the_stores_apart() -> None:
    run_state_machine_as_test(TwoStores, settings=settings(stateful_step_count=20))
