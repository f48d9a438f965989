"""What sagas do to the world here: price an order, keep its status, close the way back.

Each effect is keyed, so running an activity again repeats nothing. Stock, money and parcels are
touched by the activities of order_processing.
"""

from typing import Any

import azure.durable_functions as df

from shared.cancellation import CancellationKey, CancellationState
from shared.models import JsonObject
from shared.quote import quoted
from shared.saga import Compensation, Undone
from workflows.saga import names
from workflows.saga.gateways import outside
from workflows.saga.models import (
    OrderStatusNoted,
    PricedOrder,
    PriceOrder,
    UpdateOrderStatus,
)

blueprint = df.Blueprint()

_FAILED = "failed"


@blueprint.function_name(names.CLOSE_CANCELLATION)
@blueprint.activity_trigger(input_name="payload")
def close_cancellation(payload: Any) -> JsonObject:
    """Let nobody cancel any more, and say whether somebody has."""
    key = CancellationKey.from_json(payload)
    is_closed = outside().cancellations.close(key.instance_id)
    return CancellationState(cancelled=not is_closed).to_json()


@blueprint.function_name(names.PRICE_ORDER)
@blueprint.activity_trigger(input_name="payload")
def price_order(payload: Any) -> JsonObject:
    """Say what the order costs, by the catalogue alone."""
    question = PriceOrder.from_json(payload)
    quote = quoted(question.items, outside().catalogue, currency=question.currency)
    return PricedOrder.of(quote).to_json()


@blueprint.function_name(names.UPDATE_ORDER_STATUS)
@blueprint.activity_trigger(input_name="payload")
def update_order_status(payload: Any) -> JsonObject:
    """Note an order's status, once per key."""
    question = UpdateOrderStatus.from_json(payload)
    noted = outside().orders.note(
        question.order_id, key=question.key, status=question.status, at=question.at
    )
    return OrderStatusNoted(noted=noted).to_json()


@blueprint.function_name(names.FAIL_ORDER_STATUS)
@blueprint.activity_trigger(input_name="payload")
def fail_order_status(payload: Any) -> JsonObject:
    """Note that the order failed, in place of what was noted or will come too late."""
    compensation = Compensation.from_json(payload)
    question = UpdateOrderStatus.from_json(compensation.input)
    outside().orders.call_off(question.order_id, question.key, status=_FAILED, at=compensation.at)
    return Undone(undone=True).to_json()
