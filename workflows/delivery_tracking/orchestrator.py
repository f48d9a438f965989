"""The story of one parcel, told by deterministic generators.

Every effect is an activity called by name; every decision comes from transitions.
"""

import logging
from datetime import timedelta

import azure.durable_functions as df

from shared import retry
from shared.durable import Orchestration, StoryLogger, sleep
from shared.errors import code_of
from shared.models import JsonObject
from workflows.delivery_tracking import names
from workflows.delivery_tracking.models import (
    CheckShipment,
    DeliveryResult,
    NotifyCustomer,
    Reading,
    TrackDelivery,
    TrackingState,
)
from workflows.delivery_tracking.transitions import (
    ENDS,
    heard,
    noticed,
    out_of_time,
    pause,
    worth_telling,
)

CHECKS_PER_GENERATION = 20  # keeps every replay short, however long a parcel travels

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@blueprint.function_name(names.ORCHESTRATOR)
@blueprint.orchestration_trigger(context_name="context")
def track_delivery(context: df.DurableOrchestrationContext) -> Orchestration[JsonObject | None]:
    """Follow a parcel to its end; start anew every twenty checks with what is known."""
    parcel = TrackDelivery.from_json(context.get_input())
    began = context.current_utc_datetime
    state = parcel.state or TrackingState(
        until=began + timedelta(seconds=parcel.limit_s), heard_at=began
    )
    for _ in range(CHECKS_PER_GENERATION):
        _show(context, parcel, state)
        reading = yield from _reading(context, parcel)
        known = state.status
        if reading is not None:
            state = noticed(heard(state, reading), reading, context.current_utc_datetime)
        state = out_of_time(state, context.current_utc_datetime)
        if state.status is not known:
            yield from _tell(context, parcel, state)
        if state.status in ENDS:
            return _result(context, parcel, state)
        _show(context, parcel, state)
        yield from sleep(context, pause(state, reading, context.current_utc_datetime))
    context.continue_as_new(parcel.model_copy(update={"state": state}).to_json())
    return None


def _reading(
    context: df.DurableOrchestrationContext, parcel: TrackDelivery
) -> Orchestration[Reading | None]:
    """Ask the carrier; no answer is no news."""
    question = CheckShipment(shipment_id=parcel.shipment_id, as_of=context.current_utc_datetime)
    try:
        raw = yield context.call_activity_with_retry(
            names.CHECK_SHIPMENT, retry.TRANSIENT, question.to_json()
        )
        return Reading.from_json(raw)
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        StoryLogger(_logger, context).warning("the carrier did not say: %s", code_of(failure))
        return None


def _tell(
    context: df.DurableOrchestrationContext, parcel: TrackDelivery, state: TrackingState
) -> Orchestration[None]:
    """Write to the customer; a mail that cannot be sent changes nothing else."""
    _show(context, parcel, state)
    if not worth_telling(state.status):
        return
    question = NotifyCustomer(
        order_id=parcel.order_id,
        requests_table=parcel.requests_table,
        key=f"{context.instance_id}:notify:{state.scans}:{state.status}",
        status=state.status,
        tracking_number=parcel.tracking_number,
        at=context.current_utc_datetime,
    )
    try:
        yield context.call_activity_with_retry(
            names.NOTIFY_CUSTOMER, retry.BEST_EFFORT, question.to_json()
        )
    except Exception as failure:  # noqa: BLE001 - the SDK raises bare Exception for a failed task
        StoryLogger(_logger, context).warning("the customer was not told: %s", code_of(failure))


def _show(
    context: df.DurableOrchestrationContext, parcel: TrackDelivery, state: TrackingState
) -> None:
    shown = {"orderId": parcel.order_id, "status": state.status}
    if state.heard_at is not None:
        shown["heardAt"] = state.heard_at.isoformat()
    context.set_custom_status(shown)


def _result(
    context: df.DurableOrchestrationContext, parcel: TrackDelivery, state: TrackingState
) -> JsonObject:
    return DeliveryResult(
        order_id=parcel.order_id,
        shipment_id=parcel.shipment_id,
        tracking_number=parcel.tracking_number,
        status=state.status,
        completed_at=context.current_utc_datetime,
    ).to_json()
