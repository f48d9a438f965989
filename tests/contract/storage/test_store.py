"""What every store promises: each sentence of ``engine.ports`` as a test, on both adapters.

Episodes, and reads over many instances, have files of their own beside this one.
"""

from dataclasses import replace

import pytest

from funchost.engine.errors import (
    InstanceEndedError,
    InstanceExistsError,
    InstanceNotFoundError,
    StaleWorkError,
)
from funchost.engine.events import (
    EventWaited,
    Parent,
    RuntimeStatus,
)
from funchost.engine.ports import (
    AddMessage,
    Backlog,
    CompleteActivity,
    InstanceQuery,
    PurgeInstances,
    Store,
)
from funchost.storage.errors import StoreClosedError
from tests.contract.storage.builders import (
    T0,
    a_creation,
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


# -- creating


def test_a_new_instance_has_its_start_in_its_inbox_and_no_history(store: Store) -> None:
    must(store, a_creation())

    snapshot = loaded(store)
    assert snapshot.record == a_record()
    assert snapshot.history == ()
    assert snapshot.inbox == (a_start(1),)


def test_every_field_of_a_record_is_kept(store: Store) -> None:
    record = replace(
        a_record(),
        status=RuntimeStatus.FAILED,
        output="it broke \U0001f4a5 \ud800",
        custom_status='{"step":"\u00e9"}',
        version="2",
        parent=Parent(instance_id="p", execution_id="pe", name="outer", task_id=3),
        updated_at=T0.replace(microsecond=1),
    )

    must(store, replace(a_creation(), record=record))

    assert store.get("a") == record


def test_unknown_instances_are_none(store: Store) -> None:
    assert store.get("a") is None
    assert store.load("a") is None


def test_an_id_that_utf_8_cannot_carry_is_of_no_instance(store: Store) -> None:
    must(store, a_creation())

    assert store.get("\ud800") is None
    assert store.load("\ud800") is None
    assert store.query(InstanceQuery(id_prefix="\ud800")) == ()


@pytest.mark.parametrize("status", [s for s in RuntimeStatus if not s.is_terminal])
def test_a_living_instance_is_not_replaced(store: Store, status: RuntimeStatus) -> None:
    must(store, replace(a_creation(), record=replace(a_record(), status=status)))
    before = loaded(store)

    error = refusal(store, a_creation(sequence=2, execution_id="e2"))

    assert isinstance(error, InstanceExistsError)
    assert (error.instance_id, error.status) == ("a", status)
    assert loaded(store) == before


def test_an_ended_instance_is_replaced_whole(store: Store) -> None:
    must(store, a_creation())
    last = an_episode(a_record(), status=RuntimeStatus.COMPLETED)
    must(store, replace(last, appended=(WAITED,)))

    must(store, a_creation(sequence=2, execution_id="e2"))

    snapshot = loaded(store)
    assert snapshot.record == a_record(execution_id="e2")
    assert snapshot.history == ()
    assert snapshot.inbox == (a_start(2, execution_id="e2"),)


def test_a_running_instance_is_replaced_whole_when_asked_for(store: Store) -> None:
    record = a_running(store)
    busy = replace(
        an_episode(record), appended=(WAITED,), activities=(an_activity(),), timers=(a_timer(),)
    )
    must(store, busy, an_arrival(sequence=2))

    must(store, a_creation(sequence=3, execution_id="e2", replace_running=True))

    snapshot = loaded(store)
    assert snapshot.history == ()
    assert arrivals(snapshot.inbox) == [3]
    assert store.backlog() == replace(EMPTY, instance_ids=("a",), last_sequence=3)


# -- messages


def test_the_inbox_is_in_order_of_arrival(store: Store) -> None:
    must(store, a_creation(), an_arrival(sequence=5), an_arrival(sequence=3))

    assert arrivals(loaded(store).inbox) == [1, 3, 5]


def test_a_message_for_nobody_is_an_error(store: Store) -> None:
    assert isinstance(refusal(store, an_arrival(sequence=1)), InstanceNotFoundError)


def test_a_message_for_an_ended_instance_is_an_error(store: Store) -> None:
    an_ended(store)

    assert isinstance(refusal(store, an_arrival(sequence=2)), InstanceEndedError)
    assert loaded(store).inbox == ()


# -- activities


def test_an_answered_activity_leaves_the_list_and_its_answer_arrives(store: Store) -> None:
    must(store, replace(an_episode(a_running(store)), activities=(an_activity(),)))

    must(store, CompleteActivity(item=an_activity(), message=an_answer(2)))

    assert loaded(store).inbox == (an_answer(2),)
    assert store.backlog().activities == ()


def test_an_activity_is_answered_once(store: Store) -> None:
    must(store, replace(an_episode(a_running(store)), activities=(an_activity(),)))
    must(store, CompleteActivity(item=an_activity(), message=an_answer(2)))

    error = refusal(store, CompleteActivity(item=an_activity(), message=an_answer(3)))

    assert isinstance(error, StaleWorkError)
    assert arrivals(loaded(store).inbox) == [2]


def test_an_answer_for_another_generation_is_stale(store: Store) -> None:
    must(store, replace(an_episode(a_running(store)), activities=(an_activity(),)))
    other = an_activity(execution_id="e0")

    assert isinstance(
        refusal(store, CompleteActivity(item=other, message=an_answer(2))), StaleWorkError
    )
    assert store.backlog().activities == (an_activity(),)


def test_an_answer_for_a_purged_instance_is_stale(store: Store) -> None:
    busy = replace(an_episode(a_running(store)), activities=(an_activity(),))
    must(store, busy, an_episode(busy.record, status=RuntimeStatus.COMPLETED))
    must(store, PurgeInstances(instance_ids=("a",)))

    assert isinstance(
        refusal(store, CompleteActivity(item=an_activity(), message=an_answer(2))), StaleWorkError
    )


# -- purging


def test_a_purge_forgets_everything_and_passes_over_unknown_ids(store: Store) -> None:
    an_ended(store)
    must(store, a_creation("b", sequence=3))

    must(store, PurgeInstances(instance_ids=("a", "unknown")))

    assert store.load("a") is None
    assert store.backlog() == replace(EMPTY, instance_ids=("b",), last_sequence=3)


def test_a_purge_spares_whoever_is_alive(store: Store) -> None:
    record = a_running(store)

    must(store, PurgeInstances(instance_ids=("a",)))

    assert store.get("a") == record


def test_a_purged_id_can_be_used_again(store: Store) -> None:
    last = an_episode(a_running(store), status=RuntimeStatus.COMPLETED)
    must(store, replace(last, appended=(WAITED,)))

    must(store, PurgeInstances(instance_ids=("a",)), a_creation(sequence=2))

    assert loaded(store).history == ()


# -- entities


def test_a_message_that_creates_its_receiver_does_so_once(store: Store) -> None:
    first = an_arrival("@counter@k", sequence=1).outgoing
    second = an_arrival("@counter@k", sequence=2).outgoing
    newborn = a_record("@counter@k")

    must(store, AddMessage(outgoing=replace(first, creates=newborn)))
    must(store, AddMessage(outgoing=replace(second, creates=replace(newborn, input="new"))))

    snapshot = loaded(store, "@counter@k")
    assert snapshot.record == newborn
    assert [message.sequence for message in snapshot.inbox] == [1, 2]


def test_an_episode_may_create_the_entity_that_it_writes_to(store: Store) -> None:
    record = a_running(store)
    outgoing = replace(an_arrival("@e@k", sequence=5).outgoing, creates=a_record("@e@k"))

    must(store, replace(an_episode(record), outgoing=(outgoing,)))

    assert [message.sequence for message in loaded(store, "@e@k").inbox] == [5]


def test_a_query_is_for_orchestrations_or_for_entities(store: Store) -> None:
    a_running(store)
    outgoing = replace(an_arrival("@e@k", sequence=5).outgoing, creates=a_record("@e@k"))
    must(store, AddMessage(outgoing=outgoing))

    assert [r.instance_id for r in store.query(InstanceQuery())] == ["a"]
    assert [r.instance_id for r in store.query(InstanceQuery(entities=True))] == ["@e@k"]


# -- batches


def test_a_batch_is_answered_in_its_order_and_a_refusal_stops_nothing(store: Store) -> None:
    record = a_running(store)

    outcomes = store.commit(
        [
            an_arrival("gone", sequence=2),
            an_arrival(sequence=3),
            a_creation(sequence=4),
            an_episode(record),
            an_episode(record),
        ]
    )

    errors = [type(outcome.error) for outcome in outcomes]
    nothing = type(None)
    assert errors == [InstanceNotFoundError, nothing, InstanceExistsError, nothing, StaleWorkError]
    assert arrivals(loaded(store).inbox) == [3]
    assert loaded(store).record.episode == record.episode + 1


def test_a_write_sees_what_the_batch_did_before_it(store: Store) -> None:
    last = an_episode(a_record(), status=RuntimeStatus.COMPLETED)

    must(store, a_creation(), last, a_creation(sequence=2, execution_id="e2"))

    assert loaded(store).record.execution_id == "e2"


def test_an_empty_batch_is_no_work(store: Store) -> None:
    assert store.commit([]) == []


# -- closing


def test_a_closed_store_refuses_everything(store: Store) -> None:
    store.close()
    store.close()

    with pytest.raises(StoreClosedError):
        store.get("a")
    with pytest.raises(StoreClosedError):
        store.load("a")
    with pytest.raises(StoreClosedError):
        store.query(InstanceQuery())
    with pytest.raises(StoreClosedError):
        store.backlog()
    with pytest.raises(StoreClosedError):
        store.commit([a_creation()])
