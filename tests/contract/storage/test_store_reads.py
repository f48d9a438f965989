"""What every store promises about queries and about what a starting host goes on with."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from funchost.engine.events import RuntimeStatus
from funchost.engine.ports import Backlog, CompleteActivity, InstanceQuery, PurgeInstances, Store
from tests.contract.storage.builders import (
    T0,
    a_child,
    a_creation,
    a_message,
    a_record,
    a_running,
    a_timer,
    an_activity,
    an_answer,
    an_arrival,
    an_ended,
    an_episode,
    must,
)


def a_few(store: Store) -> None:
    """Create b-2 (ended), then a-1 a minute later, c-3 two minutes later."""
    an_ended(store, "b-2", sequence=1)
    for minutes, (key, sequence) in enumerate([("a-1", 2), ("c-3", 3)], start=1):
        creation = a_creation(key, sequence=sequence)
        at = T0 + timedelta(minutes=minutes)
        must(store, replace(creation, record=replace(creation.record, created_at=at)))


def found(store: Store, query: InstanceQuery) -> list[str]:
    return [record.instance_id for record in store.query(query)]


def test_a_query_returns_records_ordered_by_id(store: Store) -> None:
    a_few(store)

    assert found(store, InstanceQuery()) == ["a-1", "b-2", "c-3"]
    assert store.query(InstanceQuery())[1] == store.get("b-2")


def test_the_bounds_of_creation_are_inclusive(store: Store) -> None:
    a_few(store)
    first, second = T0 + timedelta(minutes=1), T0 + timedelta(minutes=2)

    assert found(store, InstanceQuery(created_from=first)) == ["a-1", "c-3"]
    assert found(store, InstanceQuery(created_to=first)) == ["a-1", "b-2"]
    assert found(store, InstanceQuery(created_from=second, created_to=second)) == ["c-3"]


def test_a_bound_between_two_microseconds_does_not_exist(store: Store) -> None:
    must(store, a_creation())
    tick = timedelta(microseconds=1)

    assert found(store, InstanceQuery(created_from=T0, created_to=T0)) == ["a"]
    assert found(store, InstanceQuery(created_from=T0 + tick)) == []
    assert found(store, InstanceQuery(created_to=T0 - tick)) == []


def test_a_query_by_status_finds_any_of_them(store: Store) -> None:
    a_few(store)
    completed = frozenset({RuntimeStatus.COMPLETED})

    assert found(store, InstanceQuery(statuses=completed)) == ["b-2"]
    assert found(store, InstanceQuery(statuses=completed | {RuntimeStatus.PENDING})) == [
        "a-1",
        "b-2",
        "c-3",
    ]
    assert found(store, InstanceQuery(statuses=frozenset({RuntimeStatus.FAILED}))) == []


def test_whatever_is_asked_for_pages_follow_the_ids(store: Store) -> None:
    for number in range(12):
        key, at = f"{'ab'[number % 2]}-{number:02}", T0 + timedelta(minutes=-number)
        if number % 3:
            creation = a_creation(key, sequence=number + 1)
            must(store, replace(creation, record=replace(creation.record, created_at=at)))
        else:
            an_ended(store, key, sequence=number + 1)
    pending, completed = RuntimeStatus.PENDING, RuntimeStatus.COMPLETED
    since = T0 - timedelta(minutes=8)

    def pages(**query: Any) -> list[list[str]]:
        seen: list[list[str]] = []
        after = None
        while page := found(store, InstanceQuery(after_id=after, limit=2, **query)):
            seen.append(page)
            after = page[-1]
        return seen

    assert pages(statuses=frozenset({pending})) == [
        ["a-02", "a-04"],
        ["a-08", "a-10"],
        ["b-01", "b-05"],
        ["b-07", "b-11"],
    ]
    assert pages(statuses=frozenset({pending}), created_from=since, id_prefix="b") == [
        ["b-01", "b-05"],
        ["b-07"],
    ]
    assert pages(created_from=since, id_prefix="a") == [
        ["a-00", "a-02"],
        ["a-04", "a-06"],
        ["a-08"],
    ]
    assert pages(created_to=T0, statuses=frozenset({completed})) == [
        ["a-00", "a-06"],
        ["b-03", "b-09"],
    ]


def test_a_prefix_is_literal_and_case_sensitive(store: Store) -> None:
    ids = ["a%", "a%b", "a_", "ab", "A%", "a", "a\U0010ffff\U0010ffff", "a\ud7ff", "a\ue000", "b"]
    must(store, *(a_creation(key, sequence=n) for n, key in enumerate(ids, 1)))

    assert found(store, InstanceQuery(id_prefix="a%")) == ["a%", "a%b"]
    assert found(store, InstanceQuery(id_prefix="A")) == ["A%"]
    assert found(store, InstanceQuery(id_prefix="a\U0010ffff")) == ["a\U0010ffff\U0010ffff"]
    assert found(store, InstanceQuery(id_prefix="a\ud7ff")) == ["a\ud7ff"]
    assert found(store, InstanceQuery(id_prefix="\U0010ffff")) == []


def test_pages_follow_one_another_without_gap_or_repetition(store: Store) -> None:
    ids = [f"i-{n:02}" for n in range(7)]
    must(store, *(a_creation(key, sequence=n) for n, key in enumerate(reversed(ids), 1)))

    pages: list[list[str]] = []
    after = None
    while page := found(store, InstanceQuery(after_id=after, limit=3, id_prefix="i")):
        pages.append(page)
        after = page[-1]

    assert pages == [ids[:3], ids[3:6], ids[6:]]


def test_a_page_may_start_after_an_id_that_is_gone(store: Store) -> None:
    a_few(store)
    must(store, PurgeInstances(instance_ids=("b-2",)))

    assert found(store, InstanceQuery(after_id="b-2")) == ["c-3"]


def test_a_fresh_store_has_nothing_to_go_on_with(store: Store) -> None:
    assert store.backlog() == Backlog(instance_ids=(), activities=(), timers=(), last_sequence=0)


def test_the_backlog_names_instances_with_messages_oldest_message_first(store: Store) -> None:
    a_running(store, "idle", sequence=1)
    must(store, a_creation("a-late", sequence=4), a_creation("b-early", sequence=3))
    must(store, an_arrival("b-early", sequence=5))

    assert store.backlog().instance_ids == ("b-early", "a-late")


def test_the_backlog_holds_activities_and_timers_by_due_time(store: Store) -> None:
    a = replace(
        an_episode(a_running(store, "a", sequence=1)),
        activities=(an_activity("a", task_id=1), an_activity("a", task_id=0)),
        timers=(a_timer("a", timer_id=2, minutes=3), a_timer("a", timer_id=3, minutes=1)),
    )
    b = replace(
        an_episode(a_running(store, "b", sequence=2)),
        activities=(an_activity("b"),),
        timers=(a_timer("b", timer_id=1, minutes=2),),
    )

    must(store, b, a)

    backlog = store.backlog()
    assert {(item.instance_id, item.task_id) for item in backlog.activities} == {
        ("a", 0),
        ("a", 1),
        ("b", 0),
    }
    assert backlog.timers == (
        a_timer("a", timer_id=3, minutes=1),
        a_timer("b", timer_id=1, minutes=2),
        a_timer("a", timer_id=2, minutes=3),
    )


def test_the_last_sequence_outlives_its_message_and_its_instance(store: Store) -> None:
    record = a_running(store, sequence=8)
    assert store.backlog().last_sequence == 8

    must(store, an_episode(record, status=RuntimeStatus.COMPLETED))
    must(store, PurgeInstances(instance_ids=("a",)))

    assert store.backlog().last_sequence == 8


def test_every_kind_of_message_counts_for_the_last_sequence(store: Store) -> None:
    first = replace(an_episode(a_running(store, sequence=1)), activities=(an_activity(),))
    must(store, first, an_arrival(sequence=10))
    assert store.backlog().last_sequence == 10

    must(store, CompleteActivity(item=an_activity(), message=an_answer(11)))
    assert store.backlog().last_sequence == 11

    second = replace(an_episode(first.record), outgoing=(a_message("gone", sequence=12),))
    must(store, second)
    assert store.backlog().last_sequence == 12

    must(store, replace(an_episode(second.record), children=(a_child("c", sequence=13),)))
    assert store.backlog().last_sequence == 14


def test_a_refused_write_uses_no_sequence(store: Store) -> None:
    must(store, a_creation(sequence=1))

    store.commit([a_creation(sequence=2), an_arrival("gone", sequence=3)])

    assert store.backlog().last_sequence == 1


def test_a_batch_out_of_order_keeps_the_highest_sequence(store: Store) -> None:
    must(store, a_creation("b", sequence=9), a_creation("a", sequence=4))

    assert store.backlog().last_sequence == 9


def test_a_replaced_record_is_what_a_query_shows(store: Store) -> None:
    an_ended(store, "a", sequence=1)

    must(store, a_creation("a", sequence=2, execution_id="e2"))

    assert store.query(InstanceQuery()) == (a_record("a", execution_id="e2"),)
