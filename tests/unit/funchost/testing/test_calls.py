"""The book of calls: attempts are learnt from commits, deliveries are counted."""

from dataclasses import replace
from datetime import timedelta

from funchost.engine.calls import Failed, Succeeded
from funchost.engine.events import RuntimeStatus, TaskScheduled
from funchost.engine.ports import CommitEpisode, InstanceRecord
from funchost.storage.memory import MemoryStore
from funchost.testing.calls import ActivityCall, CallBook
from funchost.testing.clock import EPOCH
from funchost.testing.store import Lifetime

RECORD = InstanceRecord(
    instance_id="i",
    execution_id="e",
    name="o",
    status=RuntimeStatus.RUNNING,
    created_at=EPOCH,
    updated_at=EPOCH,
    episode=1,
)
SCHEDULED = TaskScheduled(id=3, at=EPOCH, name="greet", input='"Ada"', attempt=2)
COMMIT = CommitEpisode(record=RECORD, execution_id="e", appended=(SCHEDULED,), consumed=())


def begin(book: CallBook) -> ActivityCall:
    return book.begin(name="Greet", payload='"Ada"', instance_id="i", task_id=3, at=EPOCH)


def test_a_call_knows_its_attempt_and_its_delivery() -> None:
    book = CallBook()
    book.schedule([COMMIT])
    calls = [begin(book), begin(book)]

    assert [(call.attempt, call.delivery, call.input) for call in calls] == [
        (2, 1, "Ada"),
        (2, 2, "Ada"),
    ]
    assert book.of("gREET") == calls
    assert book.of("other") == []


def test_ids_that_begin_anew_are_other_calls() -> None:
    book = CallBook()
    book.schedule([COMMIT])
    begin(book)
    book.schedule([replace(COMMIT, appended=(replace(SCHEDULED, attempt=1),))])

    again = begin(book)

    assert (again.attempt, again.delivery) == (1, 1)


def test_a_call_tells_how_it_ended() -> None:
    book = CallBook()
    calls = [begin(book) for _ in range(3)]
    at = EPOCH + timedelta(seconds=1)
    calls[0].end(Succeeded(result='{"a":1}'), at)
    calls[1].end(Succeeded(result=None), at)
    calls[2].end(Failed(reason="why", details="{}"), at)

    assert [(c.result, c.failure, c.ended_at) for c in calls] == [
        ({"a": 1}, None, at),
        (None, None, at),
        (None, "why", at),
    ]


def test_a_store_outlives_its_host_and_takes_nothing_from_the_dead() -> None:
    kept = MemoryStore()
    store = Lifetime(kept, CallBook())
    store.cut()
    store.close()

    assert [outcome.error for outcome in store.commit([COMMIT])] == [None]
    assert kept.get("i") is None
