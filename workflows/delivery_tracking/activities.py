"""What tracking does to the world: looks, writes to the customer, asks the carrier for the parcel.

Each effect is keyed, so running an activity again repeats nothing.
"""

from typing import Any

import azure.durable_functions as df

from shared.errors import ProviderUnavailableError
from shared.models import JsonObject
from workflows.delivery_tracking import names
from workflows.delivery_tracking.gateways import outside
from workflows.delivery_tracking.journey import journey
from workflows.delivery_tracking.letters import letter
from workflows.delivery_tracking.questions import (
    Asked,
    CheckShipment,
    NotifyCustomer,
    OpenClaim,
    OpenInquiry,
    Reading,
)

blueprint = df.Blueprint()


@blueprint.function_name(names.CHECK_SHIPMENT)
@blueprint.activity_trigger(input_name="payload")
def check_shipment(payload: Any) -> JsonObject:
    """Say where the parcel is at the instant given, by the scans that are kept and the carrier's.

    A carrier that does not answer hides nothing that is known; what it tells is kept, too.
    """
    question = CheckShipment.from_json(payload)
    carrier, scans = outside().carrier, outside().scans
    try:
        told = carrier.reading(question.shipment_id, as_of=question.as_of)
    except ProviderUnavailableError:
        told = None
    known = scans.merged(question.shipment_id, told.scans if told else ())
    found = journey(known, as_of=question.as_of)
    return Reading(
        status=found.status,
        moved_at=found.moved_at,
        scans=found.scans,
        heard_at=found.heard_at,
        attempts=found.attempts,
        answered=told is not None,
        next_check_s=told.next_check_s if told else None,
    ).to_json()


@blueprint.function_name(names.NOTIFY_CUSTOMER)
@blueprint.activity_trigger(input_name="payload")
def notify_customer(payload: Any) -> None:
    """Tell the customer where the parcel is, once per key."""
    question = NotifyCustomer.from_json(payload)
    written = letter(question)
    outside().post.tell(
        question.key,
        contact=outside().contacts.of(question.order_id, table=question.requests_table),
        subject=written.subject,
        text=written.text,
        at=question.at,
    )


@blueprint.function_name(names.OPEN_INQUIRY)
@blueprint.activity_trigger(input_name="payload")
def open_inquiry(payload: Any) -> JsonObject:
    """Ask the carrier to look for a parcel, once per number."""
    question = OpenInquiry.from_json(payload)
    taken = outside().carrier.trace(question.shipment_id, number=question.number, at=question.at)
    return Asked(taken=taken).to_json()


@blueprint.function_name(names.OPEN_CLAIM)
@blueprint.activity_trigger(input_name="payload")
def open_claim(payload: Any) -> JsonObject:
    """Ask the carrier to pay for a parcel that is lost, once."""
    question = OpenClaim.from_json(payload)
    taken = outside().carrier.claim(question.shipment_id, at=question.at)
    return Asked(taken=taken).to_json()
