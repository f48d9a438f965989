"""What tracking does to the world: asks the carrier, writes to the customer.

Each effect is keyed, so running an activity again repeats nothing.
"""

from typing import Any

import azure.durable_functions as df

from shared.models import JsonObject
from workflows.delivery_tracking import names
from workflows.delivery_tracking.gateways import outside
from workflows.delivery_tracking.models import CheckShipment, NotifyCustomer
from workflows.delivery_tracking.transitions import letter

blueprint = df.Blueprint()


@blueprint.function_name(names.CHECK_SHIPMENT)
@blueprint.activity_trigger(input_name="payload")
def check_shipment(payload: Any) -> JsonObject:
    """Say where the parcel is at the instant given."""
    question = CheckShipment.from_json(payload)
    return outside().carrier.reading(question.shipment_id, as_of=question.as_of).to_json()


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
