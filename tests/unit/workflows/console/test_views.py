"""What the console's pages say: lists, instances, actions; nothing private among it."""

from datetime import timedelta
from typing import Any

import pytest

from shared.operations.types import WorkflowType, WorkflowTypes
from tests.support.management import NOW, Status, an_instance
from workflows.console.action_view import ACTIONS, offered
from workflows.console.instance_view import child_ids, instance_page, laid_out, parent_of
from workflows.console.list_view import (
    asked_for,
    filter_form,
    list_path,
    summary_of,
    typed_in,
    workflow_row,
)
from workflows.console.statuses import look_of, outcome_of

ORDER = WorkflowType(
    name="order",
    title="Order",
    orchestrators=frozenset({"order_processing_orchestrator"}),
    id_prefix="order-",
    child_ids=lambda instance_id: (f"tracking-{instance_id.removeprefix('order-')}",),
)
BATCH = WorkflowType(
    name="batch",
    title="Batch job",
    orchestrators=frozenset({"batch_job"}),
    id_prefix="batch-",
    child_ids=lambda instance_id: (f"{instance_id}:shard:",),
)
DELIVERY = WorkflowType(
    name="delivery",
    title="Delivery",
    orchestrators=frozenset({"delivery_tracking_orchestrator"}),
    is_child=True,
    id_prefix="tracking-",
)
TYPES = WorkflowTypes(ORDER, BATCH, DELIVERY)


def test_a_status_is_a_word_and_stuck_ones_stand_out() -> None:
    stuck = an_instance("order-1", custom_status={"status": "needs_attention"})
    declined = an_instance(
        "order-2", runtime_status=Status.Completed, output={"status": "payment_declined"}
    )

    assert (look_of(stuck), outcome_of(stuck)) == (("attention", "Needs attention"), "")
    assert (look_of(declined), outcome_of(declined)) == (
        ("completed", "Completed"),
        "Payment declined",
    )


def test_a_row_says_how_long_it_took_or_lasts() -> None:
    running = an_instance("order-1", created_at=NOW - timedelta(seconds=90))
    ended = an_instance(
        "order-2",
        runtime_status=Status.Completed,
        created_at=NOW - timedelta(days=2),
        last_updated_at=NOW - timedelta(days=2) + timedelta(seconds=5),
    )

    rows = [workflow_row(view, TYPES, now=NOW) for view in (running, ended)]

    assert [row.took for row in rows] == ["1 min 30 s", "5 s"]
    assert rows[0].path == "/api/console/workflows/order-1"
    assert summary_of(rows) == "2 workflows shown: 1 running, 1 completed"


def test_what_is_typed_becomes_what_the_api_is_asked_and_the_address_of_the_next_page() -> None:
    typed = typed_in({"type": "order", "status": "", "within": "1h", "text": " a&b ", "x": "y"})

    assert typed == {"type": "order", "within": "1h", "text": "a&b"}
    assert asked_for(typed, NOW) == {
        "type": "order",
        "text": "a&b",
        "createdFrom": "2030-01-01T11:00:00Z",
    }
    assert list_path(typed, cursor="c.d") == (
        "/api/console/workflows?type=order&text=a%26b&within=1h&cursor=c.d"
    )
    form = filter_form(typed, TYPES)
    assert [choice.value for choice in form.types if choice.is_chosen] == ["order"]


def test_an_exact_time_in_the_address_is_in_the_form() -> None:
    form = filter_form({"createdFrom": "2030-01-31T12:00:00Z"}, TYPES)

    assert form.typed["createdFrom"] == "2030-01-31T12:00"


def test_a_browsers_local_time_is_read_as_utc() -> None:
    assert asked_for({"createdTo": "2030-01-31T12:00"}, NOW) == {
        "createdTo": "2030-01-31T12:00:00Z"
    }


HISTORY: list[dict[str, Any]] = [
    {
        "EventType": "ExecutionStarted",
        "FunctionName": "order_processing_orchestrator",
        "Timestamp": "2030-01-01T11:00:00.0000000Z",
        "Input": '"{\\"orderId\\": \\"1\\", \\"email\\": \\"a@example.com\\"}"',
    },
    {
        "EventType": "TaskCompleted",
        "FunctionName": "order_processing_reserve_stock",
        "ScheduledTime": "2030-01-01T11:00:00.5000000Z",
        "Timestamp": "2030-01-01T11:00:01.0000000Z",
        "Input": '{"paymentToken": "tok_1"}',
        "Result": {"contact": "a@example.com"},
    },
    {
        "EventType": "SubOrchestrationInstanceCreated",
        "Name": "delivery_tracking_orchestrator",
        "InstanceId": "tracking-1",
        "Timestamp": "2030-01-01T11:00:02.0000000Z",
    },
]


def test_an_instance_shows_its_history_and_nothing_private() -> None:
    view = an_instance("order-1", history=HISTORY, custom_status={"to": "Bearer abcdef123456"})

    page = instance_page(view, TYPES, now=NOW)

    assert [(row.after, row.text, row.name) for row in page.history] == [
        ("+0 s", "Started", "order_processing_orchestrator"),
        ("+1 s", "Activity answered", "reserve_stock"),
        ("+2 s", "Child started", "delivery_tracking_orchestrator"),
    ]
    shown = "".join(row.detail for row in page.history) + "".join(
        document.text for document in page.documents
    )
    assert '"orderId": "1"' in shown
    for private in ("a@example.com", "tok_1", "abcdef123456"):
        assert private not in shown
    assert [document.title for document in page.documents] == ["Input", "Custom status"]


def test_a_long_history_shows_its_newest_entries() -> None:
    events = [{**HISTORY[1], "FunctionName": f"step{number}"} for number in range(250)]

    page = instance_page(an_instance("order-1", history=events), TYPES, now=NOW)

    assert (len(page.history), page.hidden_events, page.history[-1].name) == (200, 50, "step249")


def test_an_instance_without_any_history_has_a_page() -> None:
    view = an_instance("order-1", runtime_status=Status.Pending, history=[])

    page = instance_page(view, TYPES, now=NOW)

    assert (page.history, page.drawing.lanes, page.documents) == ((), (), ())


def test_a_document_is_not_endless() -> None:
    shown = laid_out({"text": "a b " * 5_000})

    assert len(shown) < 6_100
    assert "characters more" in shown


def test_families_are_found_by_history_and_by_rule() -> None:
    assert child_ids(HISTORY) == ("tracking-1",)
    assert parent_of("tracking-1", TYPES) == "order-1"
    assert parent_of("batch-9:shard:3", TYPES) == "batch-9"
    assert parent_of("order-1", TYPES) is None


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (Status.Running, ["suspend", "terminate"]),
        (Status.Suspended, ["resume", "terminate"]),
        (Status.Failed, ["rewind", "purge"]),
        (Status.Completed, ["purge"]),
    ],
)
def test_only_what_fits_the_status_is_offered(status: object, names: list[str]) -> None:
    view = an_instance("order-1", runtime_status=status)

    assert [action.name for action in offered(view, ORDER)] == names


def test_what_cannot_be_taken_back_says_so() -> None:
    assert [name for name, action in ACTIONS.items() if action.is_final] == ["terminate", "purge"]
