"""Timelines: what a history says happened when, and where it stands in the picture."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

from workflows.console.drawing import Scale, drawing, short_name
from workflows.console.timeline import Kind, Lane, Mark, Timeline, timeline

T0 = datetime(2030, 1, 1, 12, tzinfo=UTC)


def at(seconds: float) -> str:
    return (T0 + timedelta(seconds=seconds)).isoformat().replace("+00:00", "0Z")


def answered(name: str, begin: float, end: float, kind: str = "TaskCompleted") -> dict[str, Any]:
    return {
        "EventType": kind,
        "FunctionName": name,
        "ScheduledTime": at(begin),
        "Timestamp": at(end),
    }


def folded(*history: Any, ended: float | None = None, now: float = 100) -> Timeline:
    return timeline(
        history,
        created_at=T0,
        ended_at=None if ended is None else T0 + timedelta(seconds=ended),
        now=T0 + timedelta(seconds=now),
    )


def spans(lane: Lane) -> list[tuple[float, float, Mark]]:
    return [
        ((bar.begin - T0).total_seconds(), (bar.end - T0).total_seconds(), bar.mark)
        for bar in lane.bars
    ]


def test_attempts_at_one_activity_share_a_lane() -> None:
    shown = folded(
        answered("pay", 1, 2, "TaskFailed"), answered("pay", 5, 6), answered("ship", 6, 9)
    )

    assert [lane.name for lane in shown.lanes] == ["pay", "ship"]
    assert spans(shown.lanes[0]) == [(1, 2, Mark.FAILED), (5, 6, Mark.DONE)]


def test_calls_at_the_same_time_get_lanes_of_their_own() -> None:
    shown = folded(answered("work", 0, 5), answered("work", 1, 4), answered("work", 5, 6))

    assert [spans(lane) for lane in shown.lanes] == [
        [(0, 5, Mark.DONE), (5, 6, Mark.DONE)],
        [(1, 4, Mark.DONE)],
    ]


def test_what_has_no_answer_is_open_until_now_and_a_child_is_known_by_its_id() -> None:
    shown = folded(
        {
            "EventType": "SubOrchestrationInstanceCreated",
            "Name": "child",
            "InstanceId": "tracking-1",
            "Timestamp": at(3),
        },
        now=50,
    )

    (lane,) = shown.lanes
    assert (lane.kind, lane.child_id, spans(lane)) == (
        Kind.CHILD,
        "tracking-1",
        [(3, 50, Mark.OPEN)],
    )


def test_a_timer_ends_when_it_fired_and_one_that_was_not_needed_when_the_instance_ended() -> None:
    shown = folded(
        {"EventType": "TimerCreated", "FireAt": at(10), "Timestamp": at(1)},
        {"EventType": "TimerFired", "FireAt": at(10), "Timestamp": at(10.2)},
        {"EventType": "TimerCreated", "FireAt": at(900), "Timestamp": at(11)},
        ended=20,
    )

    (lane,) = shown.lanes
    assert spans(lane) == [(1, 10.2, Mark.DONE), (11, 20, Mark.UNUSED)]


def test_a_suspension_is_from_the_first_to_the_resumption() -> None:
    shown = folded(
        {"EventType": "ExecutionSuspended", "Timestamp": at(1)},
        {"EventType": "ExecutionSuspended", "Timestamp": at(2)},
        {"EventType": "ExecutionResumed", "Timestamp": at(4)},
        {"EventType": "EventRaised", "Name": "paid", "Timestamp": at(5)},
    )

    assert [(lane.kind, spans(lane)) for lane in shown.lanes] == [
        (Kind.STATE, [(1, 4, Mark.DONE)]),
        (Kind.EVENT, [(5, 5, Mark.DONE)]),
    ]


def test_entries_that_nobody_understands_are_passed_over() -> None:
    shown = folded({}, {"EventType": "TaskCompleted"}, {"EventType": 7, "Timestamp": at(1)})

    assert shown.lanes == ()


def test_an_endless_history_is_drawn_in_part() -> None:
    shown = folded(*(answered(f"step{number}", number, number + 1) for number in range(70)))

    assert (len(shown.lanes), shown.hidden) == (60, 10)


@given(
    st.lists(st.tuples(st.floats(0, 10**6), st.floats(0, 10**6)), min_size=1, max_size=30),
    st.sampled_from(["TaskCompleted", "TaskFailed", "SubOrchestrationInstanceCompleted"]),
)
def test_every_bar_is_inside_the_picture(pairs: list[tuple[float, float]], kind: str) -> None:
    history = [answered("step", min(pair), max(pair), kind) for pair in pairs]

    picture = drawing(folded(*history, now=10**6), orchestrator="order_orchestrator")

    bars = [bar for lane in picture.lanes for bar in lane.bars]
    assert len(bars) == len(pairs)
    assert all(bar.left >= 0 and bar.width > 0 and bar.left + bar.width <= 100.01 for bar in bars)
    assert all(0 <= tick.left <= 100 for tick in picture.ticks)


def test_long_waits_are_drawn_shorter_where_steps_could_not_be_seen() -> None:
    day = 24 * 3600
    waits = folded(answered("ask", 0, 0.2), answered("tell", day, day + 0.2), now=day + 1)
    even = folded(answered("ask", 0, 4), answered("tell", 5, 9), now=10)

    assert drawing(waits, orchestrator="x").is_flattened
    assert not drawing(even, orchestrator="x").is_flattened
    assert drawing(waits, orchestrator="x").lanes[0].bars[0].width > 0.6


def test_even_time_has_round_ticks() -> None:
    scale = Scale(T0, T0 + timedelta(seconds=11))

    assert [tick.text for tick in scale.even_ticks()] == ["0 s", "5 s", "10 s"]
    assert scale.percent(T0 + timedelta(seconds=5.5)) == 50
    assert scale.percent(T0 - timedelta(seconds=5)) == 0


def test_a_lane_says_in_words_what_its_bars_show() -> None:
    shown = folded(
        answered("order_processing_void", 1, 2, "TaskFailed"),
        answered("order_processing_void", 5, 6, "TaskFailed"),
        ended=10,
    )

    (lane,) = drawing(shown, orchestrator="order_processing_orchestrator").lanes

    assert (lane.name, lane.begins, lane.lasted, lane.note) == (
        "void",
        "+1 s",
        "2 s",
        "2 times, 2 failed",
    )
    assert lane.bars[1].title == "Began after 5 s, took 1 s, failed"


def test_a_name_loses_what_it_shares_with_its_orchestrator_and_never_all() -> None:
    orchestrator = "order_processing_orchestrator"

    assert short_name("order_processing_reserve_stock", orchestrator) == "reserve_stock"
    assert short_name("attention_raise_alert", orchestrator) == "attention_raise_alert"
    assert short_name("order_processing", orchestrator) == "processing"
