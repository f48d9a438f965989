"""Which orders may be sent back, and until when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from shared.durable import InstanceId, InstanceView
from shared.errors import RefusedError
from workflows.order_processing.returns.rules import may_return, refuse_what_may_not_return
from workflows.order_processing.transitions import OrderStatus

DELIVERED_AT = datetime(2030, 1, 1, 12, tzinfo=UTC)
WINDOW = timedelta(days=30)
ENDS = {
    OrderStatus.DELIVERED,
    OrderStatus.RETURNED,
    OrderStatus.LOST,
    OrderStatus.UNCOLLECTED,
    OrderStatus.REJECTED,
    OrderStatus.OUT_OF_STOCK,
    OrderStatus.PAYMENT_DECLINED,
    OrderStatus.PAYMENT_EXPIRED,
    OrderStatus.CANCELLED,
    OrderStatus.COMPENSATED,
    OrderStatus.SETTLED_BY_OPERATOR,
}


def an_order(status: str, *, has_ended: bool) -> InstanceView:
    states = df.OrchestrationRuntimeStatus
    ended: Any = {"status": status, "completedAt": DELIVERED_AT.isoformat()}
    return InstanceView(
        instance_id=InstanceId("order-A1"),
        orchestrator="order_processing_orchestrator",
        runtime_status=states.Completed if has_ended else states.Running,
        created_at=DELIVERED_AT,
        last_updated_at=DELIVERED_AT,
        custom_status={"status": status},
        output=ended if has_ended else None,
        history=None,
    )


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_may_be_sent_back_once_it_is_shipped(status: OrderStatus) -> None:
    order = an_order(status, has_ended=status in ENDS)

    is_returnable = may_return(order, now=DELIVERED_AT + timedelta(days=1), window=WINDOW)

    assert is_returnable is (status in {OrderStatus.SHIPPED, OrderStatus.DELIVERED})


@pytest.mark.parametrize(
    ("status", "rule"),
    [
        ("accepted", "not_shipped_yet"),
        ("awaiting_payment", "not_shipped_yet"),
        ("capturing_payment", "not_shipped_yet"),
        ("cancelled", "nothing_to_return"),
        ("returned", "nothing_to_return"),
        ("lost", "nothing_to_return"),
        ("compensating", "nothing_to_return"),
        ("refunding", "nothing_to_return"),
        ("needs_attention", "nothing_to_return"),
    ],
)
def test_what_may_not_be_sent_back_is_refused_by_name(status: str, rule: str) -> None:
    order = an_order(status, has_ended=status in ENDS)

    with pytest.raises(RefusedError) as refused:
        refuse_what_may_not_return(order, now=DELIVERED_AT, window=WINDOW)

    assert refused.value.rule == rule


def test_a_delivered_order_may_be_sent_back_within_the_window_and_not_a_moment_longer() -> None:
    order = an_order("delivered", has_ended=True)

    assert may_return(order, now=DELIVERED_AT + WINDOW, window=WINDOW)
    with pytest.raises(RefusedError) as refused:
        refuse_what_may_not_return(
            order, now=DELIVERED_AT + WINDOW + timedelta(seconds=1), window=WINDOW
        )
    assert refused.value.rule == "return_window_over"
