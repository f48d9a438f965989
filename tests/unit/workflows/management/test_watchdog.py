"""The watchdog over instances in memory: what it finds, and that it tells of it once."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import ProviderUnavailableError
from shared.operations.management_api import PageQuery
from tests.support.management import NOW, Status
from tests.support.seen_instances import recorded
from tests.support.watchdogs import Kennel
from workflows.management.watchdog import TASK, letter_of

MINUTE = timedelta(minutes=1)
SAGA = "saga_orchestrator"


@pytest.fixture
def kennel(caplog: pytest.LogCaptureFixture) -> Kennel:
    caplog.set_level(logging.WARNING)
    return Kennel()


def put(kennel: Kennel, name: str, *, now_is: timedelta = timedelta(), **changes: Any) -> None:
    """Put a recorded instance there, and set the clock to when it was recorded, or later."""
    seen = recorded(name)
    kennel.time.at = seen.now + now_is
    kennel.management.instances[seen.view.instance_id] = replace(seen.view, **changes)


def pending(kennel: Kennel, instance_id: str, *, for_: timedelta) -> None:
    kennel.management.add(
        instance_id, runtime_status=Status.Pending, created_at=kennel.time.at - for_
    )


def test_what_is_pending_too_long_is_found_logged_and_written_once(
    kennel: Kennel, caplog: pytest.LogCaptureFixture
) -> None:
    pending(kennel, "order-1", for_=6 * MINUTE)
    pending(kennel, "order-2", for_=4 * MINUTE)

    first = kennel.watch()
    again = kennel.watch(later=MINUTE / 2)

    assert (first.found, first.examined) == (1, 2) if first else False
    assert again is not None
    assert again.found == 0
    (finding,) = kennel.open
    assert finding.shown() == {
        "instanceId": "order-1",
        "type": "order",
        "kind": "pending_too_long",
        "reason": "Pending since 11:54: no host has taken it (UTC).",
        "since": "2030-01-01T11:54:00Z",
        "reportedAt": "2030-01-01T12:00:00Z",
    }
    (line,) = caplog.records
    assert (line.levelname, line.__dict__["finding"]) == ("WARNING", "pending_too_long")
    assert line.__dict__["instanceId"] == "order-1"
    ((subject, text),) = kennel.letters.sent.values()
    assert subject == "order-1: pending too long"
    assert "/api/workflows/order-1/explain" in text


def test_what_is_over_is_closed_and_told_again_only_if_it_begins_again(kennel: Kennel) -> None:
    pending(kennel, "order-1", for_=6 * MINUTE)
    kennel.watch()
    created = kennel.management.instances["order-1"].created_at
    kennel.management.add("order-1", runtime_status=Status.Suspended)
    closed = kennel.watch(later=MINUTE)
    assert closed is not None
    assert (closed.closed, kennel.open) == (1, [])

    kennel.management.add("order-1", runtime_status=Status.Pending)
    same = kennel.watch(later=MINUTE)
    kennel.management.add("order-1", created_at=NOW - timedelta(hours=1))
    other = kennel.watch(later=MINUTE)

    assert created is not None
    assert (same.found if same else None, other.found if other else None) == (0, 1)
    assert kennel.letters.puts == 2


def test_an_instance_that_is_gone_is_no_finding_any_more(kennel: Kennel) -> None:
    pending(kennel, "order-1", for_=6 * MINUTE)
    kennel.watch()
    del kennel.management.instances["order-1"]

    kennel.watch(later=MINUTE)

    assert kennel.open == []


@pytest.mark.parametrize("name", ["order-needs-attention", "saga-needs-attention"])
def test_a_compensation_in_need_of_attention_is_found_and_writes_no_second_letter(
    kennel: Kennel, name: str
) -> None:
    put(kennel, name, now_is=timedelta(days=30))

    kennel.watch()

    ((_, kind),) = kennel.kinds
    assert kind == "needs_attention"
    assert kennel.open[0].reason.startswith(
        "Waiting for an operator since 1 Jan"
        if "order" in name
        else "Waiting for an operator since 4 Jan"
    )
    assert kennel.letters.sent == {}


def test_a_level_whose_time_is_long_over_is_found(kennel: Kennel) -> None:
    put(kennel, "approval-level-2")
    kennel.watch()
    assert kennel.open == []

    put(kennel, "approval-level-2", now_is=timedelta(days=1, hours=22))
    kennel.watch()

    assert kennel.kinds == [("approval-H1", "level_overdue")]
    assert "approval of level 2" in kennel.open[0].reason
    assert "nothing came of it" in kennel.open[0].reason


def test_a_shipment_without_a_scan_for_two_days_is_found(kennel: Kennel) -> None:
    put(kennel, "delivery-travelling", now_is=timedelta(hours=47))
    kennel.watch()
    assert kennel.open == []

    kennel.watch(later=timedelta(hours=2))

    assert kennel.kinds == [("tracking-H1", "shipment_silent")]


def test_what_stands_still_beyond_its_service_level_is_found(kennel: Kennel) -> None:
    running = [
        {"EventType": "TaskScheduled", "Name": "saga_x", "Timestamp": "2030-01-01T09:00:00Z"}
    ]
    kennel.management.add(
        "saga-1", orchestrator=SAGA, history=running, last_updated_at=NOW - timedelta(hours=3)
    )
    kennel.management.add(
        "saga-2", orchestrator=SAGA, history=running, last_updated_at=NOW - timedelta(hours=1)
    )

    kennel.watch()

    assert kennel.kinds == [("saga-1", "no_progress")]
    assert kennel.open[0].reason.startswith("Running x since 09:00, which is longer than")


def test_who_waits_by_right_does_not_stand_still(kennel: Kennel) -> None:
    put(kennel, "batch-processing", now_is=timedelta(hours=5))
    put(kennel, "order-shipped", now_is=timedelta(days=20))
    kennel.management.add(
        "saga-1",
        orchestrator=SAGA,
        created_at=kennel.time.at - timedelta(days=2),
        last_updated_at=kennel.time.at - timedelta(days=2),
        history=[
            {
                "EventType": "TimerCreated",
                "FireAt": (kennel.time.at + timedelta(hours=1)).isoformat(),
                "Timestamp": (kennel.time.at - timedelta(days=2)).isoformat(),
            }
        ],
    )

    kennel.watch()

    assert kennel.open == []


@pytest.mark.parametrize("status", [Status.Suspended, Status.Completed, Status.Terminated])
def test_what_is_suspended_or_has_ended_is_left_alone(kennel: Kennel, status: Any) -> None:
    put(kennel, "order-needs-attention", runtime_status=status)

    kennel.watch()

    assert kennel.open == []


def test_what_has_ended_since_the_list_was_made_is_no_finding(kennel: Kennel) -> None:
    pending(kennel, "order-1", for_=6 * MINUTE)
    listed = kennel.management.page

    async def page(query: PageQuery, token: str | None = None) -> Any:
        found = await listed(query, token)
        kennel.management.add("order-1", runtime_status=Status.Completed)
        return found

    kennel.management.page = page  # type: ignore[method-assign] # something happens in between
    kennel.watch()

    assert kennel.open == []


def test_two_hosts_do_not_look_around_at_once(kennel: Kennel) -> None:
    begun = kennel.outside.runs.begin(TASK, now=NOW, hold=2 * MINUTE)
    pending(kennel, "order-1", for_=6 * MINUTE)

    assert begun is not None
    assert kennel.watch(later=MINUTE) is None
    assert kennel.open == []
    assert kennel.watch(later=2 * MINUTE) is not None  # the other one must have died
    assert len(kennel.open) == 1
    assert not kennel.outside.runs.end(begun, now=NOW, place=None, examined=0)


def test_a_run_ends_when_its_time_is_over_and_the_next_goes_on_behind_it(kennel: Kennel) -> None:
    for number in range(50):
        pending(kennel, f"order-{number:02}", for_=timedelta(hours=1))
    kennel.time.step = timedelta(seconds=1)

    runs = [kennel.watch(later=MINUTE) for _ in range(4)]

    assert all(run is not None and 10 <= run.examined <= 21 for run in runs[:2])
    assert len(kennel.open) == 50
    assert len({finding.instance_id for finding in kennel.open}) == 50


def test_when_it_ran_last_and_when_it_last_saw_everything_is_kept(kennel: Kennel) -> None:
    assert kennel.outside.runs.last(TASK).ended_at is None

    kennel.watch()

    last = kennel.outside.runs.last(TASK)
    assert (last.ended_at, last.round_ended_at, last.examined) == (NOW, NOW, 0)


def test_a_run_that_fails_does_not_count_as_one(kennel: Kennel) -> None:
    async def away(query: PageQuery, token: str | None = None) -> Any:
        raise ProviderUnavailableError(f"the runtime did not answer {query} {token}")

    kennel.management.page = away  # type: ignore[method-assign] # the runtime is away
    with pytest.raises(ProviderUnavailableError):
        kennel.watch()

    assert kennel.outside.runs.last(TASK).ended_at is None


def test_one_letter_tells_of_all_that_is_new_and_comes_when_letters_are_carried_again(
    kennel: Kennel,
) -> None:
    for number in range(25):
        pending(kennel, f"order-{number:02}", for_=6 * MINUTE)
    kennel.letters.away = True
    kennel.watch()
    assert kennel.letters.sent == {}

    kennel.letters.away = False
    kennel.watch(later=MINUTE)
    kennel.watch(later=MINUTE)

    ((subject, text),) = kennel.letters.sent.values()
    assert kennel.letters.puts == 1
    assert subject == "25 workflows need a look"
    assert text.count("/explain") == 20
    assert "And 5 more" in text


def test_a_letter_whose_answer_was_lost_is_written_again_under_its_key(kennel: Kennel) -> None:
    pending(kennel, "order-1", for_=6 * MINUTE)
    kennel.watch()
    (finding,) = kennel.open
    kennel.outside.board.change(finding.model_copy(update={"sent_at": None}))
    pending(kennel, "order-2", for_=10 * MINUTE)

    kennel.watch(later=MINUTE)

    assert kennel.letters.puts == 3
    assert len(kennel.letters.sent) == 2  # whoever carries them sends each key once


def test_closed_findings_are_forgotten_after_a_while(kennel: Kennel) -> None:
    pending(kennel, "order-1", for_=6 * MINUTE)
    kennel.watch()
    kennel.management.instances.clear()
    kennel.watch(later=MINUTE)

    board = kennel.outside.board
    assert board.forget(before=NOW, most=10) == 0
    assert board.forget(before=NOW + timedelta(days=1), most=10) == 1
    assert kennel.findings.held == {}


def test_a_letter_of_one_finding_names_it(kennel: Kennel) -> None:
    put(kennel, "order-needs-attention")
    kennel.watch()

    subject, text = letter_of(kennel.open)

    assert subject == "order-H2: needs attention"
    assert "Waiting for an operator" in text
