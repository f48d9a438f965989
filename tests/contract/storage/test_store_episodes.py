"""What every store promises about the commit of an episode, its fence, and its children."""

from dataclasses import replace

import pytest

from funchost.engine.errors import (
    StaleWorkError,
)
from funchost.engine.events import (
    Event,
    EventWaited,
    OrchestratorStarted,
    RuntimeStatus,
    TaskScheduled,
)
from funchost.engine.ports import (
    Backlog,
    CompleteActivity,
    Outcome,
    PurgeInstances,
    Store,
)
from tests.contract.storage.builders import (
    T0,
    a_child,
    a_creation,
    a_message,
    a_record,
    a_running,
    a_start,
    a_timer,
    an_activity,
    an_answer,
    an_arrival,
    an_ended,
    an_episode,
    arrivals,
    loaded,
    must,
    refusal,
)

EMPTY = Backlog(instance_ids=(), activities=(), timers=(), last_sequence=0)
WAITED = EventWaited(at=T0, name="approval")
SCHEDULED = TaskScheduled(id=0, at=T0, name="reserve_stock", input="{}")


# -- episodes


def test_an_episode_is_applied_whole(store: Store) -> None:
    must(store, a_creation(), an_arrival(sequence=2))
    episode = replace(
        an_episode(a_record()),
        appended=(OrchestratorStarted(at=T0), SCHEDULED),
        consumed=(1,),
        activities=(an_activity(),),
        timers=(a_timer(timer_id=1),),
    )

    must(store, episode)

    snapshot = loaded(store)
    assert snapshot.record == episode.record
    assert snapshot.history == episode.appended
    assert arrivals(snapshot.inbox) == [2]
    assert store.backlog().activities == episode.activities
    assert store.backlog().timers == episode.timers


def test_history_keeps_the_order_of_its_episodes(store: Store) -> None:
    record = a_running(store)
    events: list[Event] = [OrchestratorStarted(at=T0), WAITED, SCHEDULED]

    for event in events:
        episode = replace(an_episode(record), appended=(event, WAITED))
        must(store, episode)
        record = episode.record

    assert loaded(store).history[::2] == tuple(events)
    assert len(loaded(store).history) == 6


def test_an_episode_of_an_overtaken_worker_changes_nothing(store: Store) -> None:
    record = a_running(store)
    must(store, replace(an_episode(record), appended=(WAITED,)))
    before = (loaded(store), store.backlog())
    late = replace(
        an_episode(record),
        appended=(SCHEDULED,),
        activities=(an_activity(),),
        timers=(a_timer(),),
        children=(a_child("c", sequence=7),),
        outgoing=(a_message(sequence=9),),
    )

    assert isinstance(refusal(store, late), StaleWorkError)
    assert (loaded(store), store.backlog()) == before
    assert store.get("c") is None


def test_an_episode_of_another_generation_is_stale(store: Store) -> None:
    record = a_running(store)

    other = replace(an_episode(record), execution_id="e0")

    assert isinstance(refusal(store, other), StaleWorkError)
    assert store.get("a") == record


def test_an_episode_of_a_purged_instance_is_stale(store: Store) -> None:
    record = a_running(store)
    must(store, an_episode(record, status=RuntimeStatus.COMPLETED))
    must(store, PurgeInstances(instance_ids=("a",)))

    assert isinstance(refusal(store, an_episode(record)), StaleWorkError)
    assert store.get("a") is None


def test_an_episode_from_before_a_replacement_is_stale(store: Store) -> None:
    record = a_running(store)
    must(store, a_creation(sequence=2, execution_id="e2", replace_running=True))

    assert isinstance(refusal(store, an_episode(record)), StaleWorkError)


def test_an_episode_ends_the_timers_it_names(store: Store) -> None:
    first = replace(an_episode(a_running(store)), timers=(a_timer(), a_timer(timer_id=1)))
    must(store, first)

    must(store, replace(an_episode(first.record), ended_timers=(0,)))

    assert store.backlog().timers == (a_timer(timer_id=1),)


def test_continue_as_new_clears_history_and_due_work_of_the_old_generation(store: Store) -> None:
    busy = replace(
        an_episode(a_running(store)),
        appended=(WAITED,),
        activities=(an_activity(),),
        timers=(a_timer(),),
    )
    must(store, busy, an_arrival(sequence=2), an_arrival(sequence=3))
    anew = replace(
        an_episode(busy.record, next_execution_id="e2"),
        appended=(OrchestratorStarted(at=T0),),
        consumed=(2,),
        timers=(a_timer(timer_id=1),),
        outgoing=(replace(a_message(sequence=4), message=a_start(4, execution_id="e2")),),
    )

    must(store, anew)

    snapshot = loaded(store)
    assert snapshot.record == anew.record
    assert snapshot.history == ()
    assert arrivals(snapshot.inbox) == [3, 4]
    assert store.backlog() == replace(EMPTY, instance_ids=("a",), last_sequence=4)


def test_the_new_generation_writes_its_history_from_the_start(store: Store) -> None:
    anew = replace(an_episode(a_running(store), next_execution_id="e2"), appended=(WAITED,))
    must(store, anew)

    must(store, replace(an_episode(anew.record), appended=(SCHEDULED,)))

    assert loaded(store).history == (SCHEDULED,)


def test_an_answer_from_before_continue_as_new_is_stale(store: Store) -> None:
    busy = replace(an_episode(a_running(store)), activities=(an_activity(),))
    must(store, busy, an_episode(busy.record, next_execution_id="e2"))

    assert isinstance(
        refusal(store, CompleteActivity(item=an_activity(), message=an_answer(2))), StaleWorkError
    )


def test_an_ended_instance_keeps_its_history_but_no_inbox_and_no_due_work(store: Store) -> None:
    busy = replace(
        an_episode(a_running(store)),
        appended=(SCHEDULED,),
        activities=(an_activity(),),
        timers=(a_timer(),),
    )
    must(store, busy, an_arrival(sequence=2))
    last = replace(
        an_episode(busy.record, status=RuntimeStatus.COMPLETED),
        appended=(WAITED,),
        activities=(an_activity(task_id=1),),
        timers=(a_timer(timer_id=1),),
        outgoing=(a_message(sequence=3),),
    )

    must(store, last)

    snapshot = loaded(store)
    assert snapshot.record == last.record
    assert snapshot.history == (SCHEDULED, WAITED)
    assert snapshot.inbox == ()
    assert store.backlog() == replace(EMPTY, last_sequence=3)


def test_messages_of_an_episode_arrive(store: Store) -> None:
    must(store, a_creation("b", sequence=5))
    to_both = (a_message("b", sequence=6), a_message("a", sequence=7))

    must(store, replace(an_episode(a_running(store)), outgoing=to_both))

    assert arrivals(loaded(store, "b").inbox) == [5, 6]
    assert arrivals(loaded(store, "a").inbox) == [7]


def test_messages_to_instances_that_are_gone_or_have_ended_are_dropped(store: Store) -> None:
    an_ended(store, "ended", sequence=1)
    record = a_running(store, sequence=2)
    outgoing = tuple(
        a_message(key, sequence=sequence) for sequence, key in enumerate(["gone", "ended"], 3)
    )

    must(store, replace(an_episode(record), outgoing=outgoing))

    assert store.get("gone") is None
    assert loaded(store, "ended").inbox == ()
    assert store.backlog().instance_ids == ()


# -- children


def test_a_child_is_created_with_its_start(store: Store) -> None:
    child = a_child("c", sequence=2)

    [outcome] = store.commit([replace(an_episode(a_running(store)), children=(child,))])

    assert outcome == Outcome()
    snapshot = loaded(store, "c")
    assert snapshot.record == child.create.record
    assert snapshot.inbox == (child.create.start,)
    assert loaded(store).inbox == ()


@pytest.mark.parametrize("replace_running", [False, True])
def test_a_living_child_is_refused_and_its_parent_told(
    store: Store, *, replace_running: bool
) -> None:
    record = a_running(store)
    must(store, a_creation("c", sequence=2))
    before = loaded(store, "c")
    refused, other = a_child("c", sequence=3), a_child("d", sequence=5)
    refused = replace(refused, create=replace(refused.create, replace_running=replace_running))

    [outcome] = store.commit([replace(an_episode(record), children=(refused, other))])

    assert outcome == Outcome(refused=(refused,))
    assert loaded(store, "c") == before
    assert loaded(store, "d").record == other.create.record
    assert loaded(store).inbox == (refused.refusal.message,)


def test_an_ended_child_is_replaced(store: Store) -> None:
    an_ended(store, "c", sequence=1)
    child = a_child("c", sequence=3)

    must(store, replace(an_episode(a_running(store, sequence=2)), children=(child,)))

    assert loaded(store, "c").record == child.create.record


def test_two_children_of_one_id_in_one_episode_are_one_child_and_one_refusal(store: Store) -> None:
    first, second = a_child("c", sequence=2), a_child("c", sequence=4)

    [outcome] = store.commit([replace(an_episode(a_running(store)), children=(first, second))])

    assert outcome.refused == (second,)
    assert loaded(store, "c").inbox == (first.create.start,)


def test_the_refusal_for_a_parent_that_ended_is_dropped(store: Store) -> None:
    record = a_running(store)
    must(store, a_creation("c", sequence=2))
    last = an_episode(record, status=RuntimeStatus.COMPLETED)

    [outcome] = store.commit([replace(last, children=(a_child("c", sequence=3),))])

    assert len(outcome.refused) == 1
    assert loaded(store).inbox == ()
