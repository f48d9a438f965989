"""What a customer sees of an order, at every stage of it."""

from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df
import pytest

from shared.durable import InstanceId, InstanceView
from workflows.order_processing.transitions import OrderStatus
from workflows.order_processing.views import order_view, sale_of

AT = datetime(2026, 1, 5, tzinfo=UTC)
RUNNING, COMPLETED = (
    df.OrchestrationRuntimeStatus.Running,
    df.OrchestrationRuntimeStatus.Completed,
)
RESULT: Any = {
    "orderId": "A1",
    "status": "delivered",
    "problems": [],
    "amounts": {
        "totalMinor": 9980,
        "taxMinor": 1593,
        "capturedMinor": 9980,
        "refundedMinor": 0,
        "currency": "EUR",
    },
    "paymentId": "pay_1",
    "trackingNumber": "TRK1",
    "compensations": [],
    "customerTold": True,
}


def an_instance(
    *,
    runtime_status: df.OrchestrationRuntimeStatus = RUNNING,
    status: Any = None,
    output: Any = None,
) -> InstanceView:
    return InstanceView(
        instance_id=InstanceId("order-A1"),
        orchestrator="order_processing_orchestrator",
        runtime_status=runtime_status,
        created_at=AT,
        last_updated_at=AT,
        custom_status=status,
        output=output,
        history=None,
    )


def shown(
    order: InstanceView,
    delivery: InstanceView | None = None,
    *,
    returned: InstanceView | None = None,
    may_return: bool = False,
    links: dict[str, str] | None = None,
) -> Any:
    return order_view(
        "A1", order, delivery, returned=returned, may_return=may_return, links=links or {}
    ).to_json()


def test_a_parcel_that_is_late_or_was_missed_is_shown_as_such() -> None:
    order = an_instance(status={"status": "shipped"})
    trouble = {"status": "attempt_failed", "late": True, "attempts": 2}
    none = {"status": "in_transit", "late": False, "attempts": 0}

    assert shown(order, an_instance(status=trouble))["parcel"] == trouble
    assert shown(order, an_instance(status=none))["parcel"] == {"status": "in_transit"}


def test_an_order_that_ended_tells_what_was_taken_and_nothing_of_how() -> None:
    delivery = an_instance(
        runtime_status=COMPLETED, output={"status": "delivered", "trackingNumber": "TRK1"}
    )

    assert shown(an_instance(runtime_status=COMPLETED, output=RESULT), delivery) == {
        "orderId": "A1",
        "status": "delivered",
        "problems": [],
        "amounts": RESULT["amounts"],
        "parcel": {"status": "delivered", "trackingNumber": "TRK1"},
        "mayCancel": False,
        "mayReturn": False,
        "createdAt": "2026-01-05T00:00:00Z",
        "lastUpdatedAt": "2026-01-05T00:00:00Z",
        "links": {},
    }


def test_a_stale_price_is_shown_with_the_one_that_would_be_right() -> None:
    problem = {"code": "price_differs", "sku": "desk-lamp", "unitPriceMinor": 4990}
    ended = {**RESULT, "status": "rejected", "reason": "not_valid", "problems": [problem]}

    found = shown(an_instance(runtime_status=COMPLETED, output=ended))

    assert (found["status"], found["problems"]) == ("rejected", [problem])


def test_an_order_that_has_not_begun_is_accepted_and_may_be_cancelled() -> None:
    found = shown(an_instance(runtime_status=df.OrchestrationRuntimeStatus.Pending))

    assert (found["status"], found["mayCancel"]) == ("accepted", True)


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_may_be_cancelled_until_its_money_is_taken(status: OrderStatus) -> None:
    found = shown(an_instance(status={"orderId": "A1", "status": status.value}))

    assert found["status"] == status
    assert found["mayCancel"] is (
        status
        in {
            OrderStatus.VALIDATING,
            OrderStatus.RESERVING_STOCK,
            OrderStatus.AUTHORIZING_PAYMENT,
            OrderStatus.AWAITING_CUSTOMER,
            OrderStatus.AWAITING_PAYMENT,
            OrderStatus.COMMITTING_STOCK,
            OrderStatus.BOOKING_SHIPMENT,
        }
    )


def test_a_parcel_on_its_way_is_shown_with_the_order() -> None:
    order = an_instance(status={"orderId": "A1", "status": "shipped"})

    found = shown(order, an_instance(status={"orderId": "A1", "status": "out_for_delivery"}))

    assert found["parcel"] == {"status": "out_for_delivery"}


def test_a_failure_inside_stays_inside() -> None:
    failed = an_instance(
        runtime_status=df.OrchestrationRuntimeStatus.Failed, output="ValueError: secret"
    )

    assert "secret" not in str(shown(failed))


ASKED: Any = {
    "orderId": "A1",
    "status": "awaiting_customer",
    "round": 2,
    "shortages": [{"sku": "desk-lamp", "requested": 4, "available": 3}],
    "askedAt": "2026-01-05T00:00:00Z",
    "amendBy": "2026-01-06T00:00:00Z",
}


def test_a_customer_who_is_asked_sees_what_is_short_and_where_to_say_so() -> None:
    links = {"self": "/api/orders/A1", "cancel": "/api/orders/A1/cancel"}

    found = shown(an_instance(status=ASKED), links=links)

    assert found["shortages"] == ASKED["shortages"]
    assert found["amendBy"] == "2026-01-06T00:00:00Z"
    assert found["links"] == {**links, "amend": "/api/orders/A1/amend"}
    assert found["mayCancel"] is True


def test_nobody_else_sees_anything_of_it() -> None:
    over = an_instance(runtime_status=COMPLETED, status=ASKED, output=RESULT)

    found = shown(over, links={"self": "/api/orders/A1"})

    assert not {"shortages", "amendBy", "amendedItems"} & set(found)
    assert found["links"] == {"self": "/api/orders/A1"}


def test_an_amended_order_tells_what_was_taken_of_it() -> None:
    items = [{"sku": "desk-lamp", "quantity": 1, "unitPriceMinor": 4990}]
    over = an_instance(runtime_status=COMPLETED, output={**RESULT, "amendedItems": items})

    assert shown(over)["amendedItems"] == items


def test_a_return_is_shown_with_its_label_and_what_was_given_back() -> None:
    order = an_instance(runtime_status=COMPLETED, output=RESULT)
    on_its_way = an_instance(status={"status": "awaiting_parcel", "trackingNumber": "TRK2"})
    ended = an_instance(
        runtime_status=COMPLETED,
        output={"status": "received", "trackingNumber": "TRK2", "refundedMinor": 9980},
    )

    assert shown(order, returned=on_its_way)["return"] == {
        "status": "awaiting_parcel",
        "trackingNumber": "TRK2",
    }
    assert shown(order, returned=ended)["return"] == {
        "status": "received",
        "trackingNumber": "TRK2",
        "refundedMinor": 9980,
    }
    assert "return" not in shown(order)


def test_what_was_sold_is_known_from_the_way_to_the_end() -> None:
    sale = {
        "reservationId": "order-A1:reserve:2",
        "paymentKey": "order-A1:authorize",
        "capturedMinor": 9980,
        "parcels": 1,
    }
    shipped = an_instance(status={"status": "shipped", "sale": sale})
    delivered = an_instance(runtime_status=COMPLETED, output={**RESULT, "sale": sale})

    assert sale_of(shipped).to_json() == sale_of(delivered).to_json() == sale
