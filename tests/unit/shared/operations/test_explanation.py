import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import azure.durable_functions as df
import pytest
from hypothesis import given, strategies as st

from shared.operations.explaining.words import EventWait, Moment, Words
from shared.operations.explanation import Explanation, WaitKind, explain
from shared.operations.types import OTHER, WorkflowType
from tests.support.seen_instances import RECORDED, T0, Seen, an_instance, entry, recorded, wire

STATUS = df.OrchestrationRuntimeStatus
DOWN: Final = "ConnectionError: the provider is down"
SAYS: Final = {
    "approval-level-2": "Waiting for approval of level 2 since 12:00; a reminder goes out tomorrow"
    " at 00:00, it expires on 6 Jan at 12:00 (UTC).",
    "approval-log-away": "Retrying: attempt 6 of 16 of a look into the log in 11 s; the last answer"
    f" was '{DOWN}'.",
    "approval-suspended": "Suspended by an operator since 15:00 (the budget is looked at);"
    " underneath: waiting for approval of level 2 since 12:00; a reminder goes out tomorrow at"
    " 00:00, it expires on 6 Jan at 12:00 (UTC).",
    "batch-processing": "Waiting for shard (batch-H1:shard:0) since 15:10 (UTC).",
    "delivery-after-giving-up": "Waiting for the next look at the carrier in 53 s.",
    "delivery-carrier-away": "Retrying: attempt 3 of 5 of check_shipment in 1 s; the last answer"
    f" was '{DOWN}'.",
    "delivery-travelling": "Waiting for the next look at the carrier tomorrow at 00:00 (UTC).",
    "order-awaiting-customer": "Waiting for the customer to take what is there, or to cancel since"
    " 12:21; the order ends out of stock tomorrow at 12:21 (UTC).",
    "order-awaiting-payment": "Waiting for the payment provider to settle a pending payment since"
    " 12:06; the order is given up at 12:21 (UTC).",
    "order-delivered": "Completed at 12:00 as delivered (UTC).",
    "order-needs-attention": "Waiting for an operator since 12:03 to decide about authorize_payment"
    f" (undoing it failed after 8 attempts with '{DOWN}'); operators are reminded at 13:03 (UTC).",
    "order-payment-expired": "Completed at 12:21 as payment_expired (UTC).",
    "order-retrying": f"Retrying: attempt 3 of 5 of book_shipment in 1 s; the last answer was"
    f" '{DOWN}'.",
    "order-shipped": "Waiting for the delivery (tracking-H1) since 12:00 (UTC).",
    "order-terminated": "Terminated at 12:06: settled by hand (UTC).",
    "saga-needs-attention": "Waiting for an operator since 15:02 to decide about reserve_inventory"
    f" (undoing it failed after 8 attempts with '{DOWN}'); operators are reminded at 16:02 (UTC).",
    "saga-retrying": f"Retrying: attempt 4 of 5 of book_shipment in 2 s; the last answer was"
    f" '{DOWN}'.",
    "shard-paused": "Waiting for the next look whether the pause of its job is over in 21 s.",
    "shard-processing": "Running 2 x process_unit since 15:10 (UTC).",
}
STUCK: Final = {"order-needs-attention", "saga-needs-attention"}


def explained(seen: Seen, **changed: Any) -> Explanation:
    return explain(replace(seen.view, **changed), now=seen.now, type_=seen.type_)


def said(*history: Any, minute: float = 2, words: Words | None = None, **changed: Any) -> str:
    return made_up(*history, minute=minute, words=words, **changed).sentence


def made_up(
    *history: Any, minute: float = 2, words: Words | None = None, **changed: Any
) -> Explanation:
    type_ = WorkflowType(name="x", title="X", orchestrators=frozenset({"x"}), words=words)
    now = T0 + timedelta(minutes=minute)
    return explain(an_instance(*history, **changed), now=now, type_=type_)


def test_every_recording_is_told() -> None:
    assert set(SAYS) == set(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_what_is_recorded_is_explained_in_one_sentence(name: str) -> None:
    found = explained(recorded(name))

    assert found.sentence == SAYS[name]
    assert found.is_stuck == (name in STUCK)
    has_ended = recorded(name).view.is_terminal
    assert bool(found.waiting_for) != has_ended


@given(name=st.sampled_from(RECORDED), length=st.integers(0, 60), data=st.data())
def test_a_running_instance_always_waits_for_something_whatever_is_known_of_it(
    name: str, length: int, data: st.DataObject
) -> None:
    seen = recorded(name)
    beginning = (seen.view.history or [])[:length]
    custom = data.draw(st.sampled_from([seen.view.custom_status, None, "busy", {"status": 7}]))
    type_ = data.draw(st.sampled_from([seen.type_, OTHER]))

    found = explained(
        Seen(view=seen.view, now=seen.now, type_=type_),
        runtime_status=STATUS.Running,
        history=beginning,
        custom_status=custom,
    )

    assert found.waiting_for
    assert found.sentence.endswith(".")


_VALUES = st.none() | st.integers() | st.text(max_size=8) | st.sampled_from([wire(0), wire(9)])
_KINDS = st.sampled_from(
    [
        "TaskScheduled",
        "TaskCompleted",
        "TaskFailed",
        "TimerCreated",
        "TimerFired",
        "EventRaised",
        "EventSent",
        "ExecutionSuspended",
        "SubOrchestrationInstanceCreated",
        "SubOrchestrationInstanceFailed",
    ]
)
_ENTRIES = st.dictionaries(
    st.sampled_from(["Name", "FunctionName", "Timestamp", "FireAt", "ScheduledTime", "Reason"]),
    _VALUES,
).flatmap(lambda entry: _KINDS.map(lambda kind: {"EventType": kind, **entry}))


@given(
    history=st.lists(_ENTRIES | _VALUES, max_size=12),
    status=st.sampled_from(list(STATUS)),
    custom=st.sampled_from([None, {"attention": {"open": [3]}}, {"attention": {"open": [{}]}}]),
)
def test_no_history_is_so_strange_that_it_cannot_be_explained(
    history: list[Any], status: df.OrchestrationRuntimeStatus, custom: Any
) -> None:
    found = explain(
        an_instance(*history, runtime_status=status, custom_status=custom), now=T0, type_=OTHER
    )

    assert found.sentence
    assert found.to_document()["runtimeStatus"] == status.value


def test_nobody_has_taken_what_is_pending_and_after_five_minutes_that_is_wrong() -> None:
    fresh = made_up(runtime_status=STATUS.Pending, history=None)
    old = made_up(runtime_status=STATUS.Pending, history=None, minute=6)

    assert fresh.sentence == "Pending since 12:00: no host has taken it yet (UTC)."
    assert old.sentence == "Pending since 12:00: no host has taken it (UTC)."
    assert (fresh.is_stuck, old.is_stuck) == (False, True)
    assert [wait.kind for wait in old.waiting_for] == [WaitKind.START]


def test_a_call_that_runs_is_told_with_its_attempt_and_after_an_hour_as_too_long() -> None:
    history = [
        entry(
            "TaskFailed", 1, FunctionName="book", Reason="Activity function 'book' failed:  E: no"
        ),
        entry("TimerCreated", 1, FireAt=wire(2)),
        entry("TimerFired", 2, FireAt=wire(2)),
        entry("TaskScheduled", 2, Name="book"),
    ]

    found = made_up(*history, words=Words(attempts={"book": 5}), minute=3)
    later = made_up(*history, words=Words(), minute=90)

    assert found.sentence == (
        "Running book since 12:02 (attempt 2 of 5; the last answer was 'E: no') (UTC)."
    )
    assert (found.waiting_for[0].attempt, found.waiting_for[0].of) == (2, 5)
    assert not found.is_stuck
    assert "longer than it should take" in later.sentence
    assert later.is_stuck


def test_a_timer_that_lost_its_race_is_not_waited_for() -> None:
    # The real runtime tells nothing of a cancelled timer: it is created and never fires.
    history = [
        entry("TimerCreated", 0, FireAt=wire(600)),
        entry("EventRaised", 1, Name="decision"),
        entry("TaskScheduled", 1, Name="pay"),
    ]

    found = made_up(*history)

    assert found.sentence == "Running pay since 12:01 (UTC)."
    assert [wait.kind for wait in found.waiting_for] == [WaitKind.ACTIVITY]


def test_a_timer_that_lost_to_a_call_that_was_answered_is_not_waited_for_either() -> None:
    history = [
        entry("TimerCreated", 0, FireAt=wire(600)),
        entry("TaskCompleted", 1, FunctionName="ask", ScheduledTime=wire(0)),
        entry("TaskCompleted", 3, FunctionName="pay", ScheduledTime=wire(1)),
        entry("TimerCreated", 3, FireAt=wire(30)),
    ]

    found = made_up(*history, words=Words(), minute=4)

    assert found.sentence == "Waiting for a timer at 12:30 (UTC)."


def test_where_timers_run_beside_calls_the_next_one_counts() -> None:
    history = [
        entry("TimerCreated", 0, FireAt=wire(20)),
        entry("TaskCompleted", 1, FunctionName="ask", ScheduledTime=wire(0)),
        entry("TimerCreated", 1, FireAt=wire(30)),
    ]

    found = made_up(*history, words=Words(windowed=True))

    assert found.sentence == "Waiting for a timer at 12:20 (UTC)."


def test_an_event_that_nobody_asked_for_changes_nothing() -> None:
    history = [entry("TimerCreated", 0, FireAt=wire(20)), entry("EventRaised", 1, Name="noise")]

    assert said(*history, words=Words()) == "Waiting for a timer at 12:20 (UTC)."


def test_code_that_has_ended_is_told_from_an_instance_that_has() -> None:
    history = [
        entry("TimerCreated", 0, FireAt=wire(14400)),
        entry("EventRaised", 1, Name="decision"),
    ]
    words = Words(ends=frozenset({"approved"}))

    surely = made_up(*history, words=words, custom_status={"status": "approved"})
    likely = made_up(*history)

    told = "ompleted at code level, still waiting for a timer that was not cancelled until 11 Jan"
    assert surely.sentence == f"C{told} at 12:00 (UTC)."
    assert likely.sentence == f"Probably c{told} at 12:00 (UTC)."
    assert surely.waiting_for[0].until == T0 + timedelta(days=10)


def test_a_cancelled_timer_that_fires_all_the_same_changes_nothing() -> None:
    history = [
        entry("TimerCreated", 0, FireAt=wire(60)),
        entry("EventRaised", 1, Name="first"),
        entry("TimerCreated", 1, FireAt=wire(120)),
        entry("TimerFired", 60, FireAt=wire(60)),
    ]

    assert said(*history, minute=90) == "Waiting for a timer at 14:00 (UTC)."


def test_the_timer_behind_the_last_attempt_is_no_pause_before_another() -> None:
    failed = entry("TaskFailed", 1, FunctionName="book", Reason="no")
    dummy = entry("TimerCreated", 1, FireAt=wire(1))
    history = [failed, failed, dummy, entry("TimerFired", 1, FireAt=wire(1))]

    found = made_up(*history, entry("TimerCreated", 1, FireAt=wire(30)))

    assert found.sentence == "Waiting for a timer at 12:30 (UTC)."
    assert found.last_error is not None
    assert (found.last_error.step, found.last_error.attempts) == ("book", 2)


def test_a_failure_that_healed_is_none_any_more() -> None:
    history = [
        entry("TaskFailed", 1, FunctionName="book", Reason="no"),
        entry("TaskCompleted", 2, FunctionName="book", ScheduledTime=wire(2)),
        entry("TaskScheduled", 2, Name="pay"),
    ]

    assert made_up(*history).last_error is None


def test_a_timer_that_is_overdue_says_that_no_host_looks_after_it() -> None:
    found = made_up(entry("TimerCreated", 0, FireAt=wire(1)), minute=30)

    assert found.sentence == (
        "Waiting for a timer, which was due 12:01 and has not come: no host looks after it (UTC)."
    )
    assert found.is_stuck


def test_a_level_whose_deadline_passed_without_effect_is_stuck() -> None:
    words = Words(
        waits={
            "open": EventWait(
                event="decision",
                phrase="approval of level {level}",
                moments=(Moment(member="deadlineAt", what="it expires"),),
                deadline="deadlineAt",
            )
        }
    )
    custom = {"status": "open", "level": 2, "deadlineAt": "2030-01-01T12:30:00+00:00"}

    in_time = made_up(words=words, custom_status=custom)
    too_late = made_up(words=words, custom_status=custom, minute=60)

    assert in_time.sentence == "Waiting for approval of level 2; it expires at 12:30 (UTC)."
    assert [coming.what for coming in in_time.next] == ["it expires"]
    assert too_late.sentence == (
        "Waiting for approval of level 2; its deadline passed at 12:30 and nothing came of it"
        " (UTC)."
    )
    assert too_late.is_stuck


def test_an_entity_that_does_not_answer_is_named() -> None:
    asked = entry("EventSent", 1, InstanceId="@control@J1", Name="op")

    assert said(asked) == "Waiting for an answer of @control@J1 since 12:01 (UTC)."
    assert "@control" not in said(asked, entry("EventRaised", 2, Name="some-guid"))


def test_where_nothing_is_open_an_event_is_waited_for() -> None:
    assert said(entry("TaskCompleted", 1, FunctionName="ask", ScheduledTime=wire(0))) == (
        "Waiting for an event since 12:01; nothing else is open (UTC)."
    )


def test_pairs_that_are_not_folded_are_read_as_well() -> None:
    history = [
        entry("TaskScheduled", 0, Name="ask", EventId=0),
        entry("TaskCompleted", 1, TaskScheduledId=0, EventId=-1),
        entry("TaskScheduled", 1, Name="pay", EventId=1),
    ]

    assert said(*history) == "Running pay since 12:01 (UTC)."


def test_a_child_tells_where_it_stands_and_one_that_is_stuck_comes_first() -> None:
    seen = recorded("order-shipped")
    travelling = explained(recorded("delivery-travelling"))
    two = an_instance(
        entry("SubOrchestrationInstanceCreated", 0, Name="part", InstanceId="a"),
        entry("SubOrchestrationInstanceCreated", 0, Name="part", InstanceId="b"),
    )
    stuck = made_up(entry("TaskScheduled", 0, Name="pay"), minute=90)

    one = explain(seen.view, now=seen.now, type_=seen.type_, children={"tracking-H1": travelling})
    many = explain(two, now=T0, children={"a": travelling, "b": stuck})

    assert one.sentence == (
        "Waiting for the delivery (tracking-H1) since 12:00: waiting for the next look at the"
        " carrier tomorrow at 00:00 (UTC)."
    )
    assert one.next == travelling.next
    assert many.sentence.startswith("Waiting for 2 x part since 12:00; b: running pay since 12:00")
    assert many.is_stuck


@pytest.mark.parametrize(
    ("reason", "code", "words"),
    [
        (
            "Activity function 'a' failed:  ProviderUnavailableError: provider_unavailable: away",
            "provider_unavailable",
            "away",
        ),
        (
            "The activity function 'a' failed: \"E: odd\". See the function execution logs.",
            "unexpected_failure",
            "E: odd",
        ),
        (
            "Orchestrator function 'c' failed: Activity function 'a' failed:  OSError: gone \n {}",
            "unexpected_failure",
            "OSError: gone",
        ),
        (
            "Activity function 'a' failed:  E: ask someone@example.com with token=abc123",
            "unexpected_failure",
            "E: ask [e-mail] with token=[redacted]",
        ),
        ("", "unexpected_failure", "unexpected_failure"),
    ],
)
def test_a_failure_is_told_short_and_without_secrets(reason: str, code: str, words: str) -> None:
    found = made_up(
        entry("TaskFailed", 1, FunctionName="a", Reason=reason), entry("TaskScheduled", 1, Name="b")
    )

    assert found.last_error is not None
    assert (found.last_error.code, found.last_error.said) == (code, words)


def test_an_end_in_failure_names_the_step_and_how_often_it_was_tried() -> None:
    failed = entry(
        "TaskFailed", 1, FunctionName="x_pay", Reason="Activity function 'x_pay' failed:  E: no"
    )
    output = "Orchestrator function 'x' failed: Activity function 'x_pay' failed:  E: no \n {}"
    words = Words(prefixes=("x_",))

    by_step = said(failed, failed, output=output, runtime_status=STATUS.Failed, words=words)
    by_itself = said(
        output="Orchestrator function 'x' failed: ValueError: odd", runtime_status=STATUS.Failed
    )

    assert by_step == "Failed at step pay after 2 attempts at 12:00: E: no (UTC)."
    assert by_itself == "Failed at 12:00: ValueError: odd (UTC)."


def test_no_explanation_of_a_recording_tells_personal_data() -> None:
    told = " ".join(explained(recorded(name)).model_dump_json() for name in RECORDED)

    assert not re.search(r"@example|tok_|Canary", told)
