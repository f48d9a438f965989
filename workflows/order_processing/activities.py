"""What an order does to the world: thin edges that parse, ask a gateway, and answer.

Each effect is keyed, so running an activity again repeats nothing. What a retry may heal is raised
by the gateways; a permanent answer is returned. Order and undoing are the orchestrator's business.
"""

from typing import Any

import azure.durable_functions as df

from shared.clock import system_clock
from shared.models import JsonObject
from shared.order_book import Refund, SettledOrder
from shared.ordering import Address
from shared.quote import quoted
from shared.saga import Compensation, Undone
from workflows.order_processing import names
from workflows.order_processing.gateways import kept_requests, open_amendments, outside
from workflows.order_processing.letters import letter
from workflows.order_processing.models import Order, OrderRequest
from workflows.order_processing.questions import (
    AmendedLine,
    Amendment,
    AmendmentKey,
    AuthorizePayment,
    BookShipment,
    ExtendReservation,
    KeptAddress,
    KeptPayment,
    NotifyCustomer,
    PaymentKey,
    Recorded,
    RecordOutcome,
    RecordRefund,
    ReservationKey,
    ReserveStock,
    Told,
)
from workflows.order_processing.transitions import MONEY_IS_BACK

blueprint = df.Blueprint()


@blueprint.function_name(names.VALIDATE_ORDER)
@blueprint.activity_trigger(input_name="payload")
def validate_order(payload: Any) -> JsonObject:
    """Price the order by the catalogue, and list what is wrong with it."""
    order = Order.from_json(payload)
    return quoted(
        order.items,
        outside().catalogue,
        currency=order.currency,
        country=_stored_order(order.order_id).shipping_address.country,
    ).to_json()


@blueprint.function_name(names.RESERVE_STOCK)
@blueprint.activity_trigger(input_name="payload")
def reserve_stock(payload: Any) -> JsonObject:
    """Hold all lines until the instant given, or none."""
    question = ReserveStock.from_json(payload)
    return (
        outside()
        .stock.reserve(
            question.reservation_id, items=question.items, expires_at=question.expires_at
        )
        .to_json()
    )


@blueprint.function_name(names.EXTEND_RESERVATION)
@blueprint.activity_trigger(input_name="payload")
def extend_reservation(payload: Any) -> JsonObject:
    """Hold what is reserved for longer; say whether it still is."""
    question = ExtendReservation.from_json(payload)
    return outside().stock.extend(question.reservation_id, until=question.until).to_json()


@blueprint.function_name(names.FIND_AMENDMENT)
@blueprint.activity_trigger(input_name="payload")
def find_amendment(payload: Any) -> JsonObject:
    """Say what the customer would take instead; let them say nothing more when the round closes."""
    question = AmendmentKey.from_json(payload)
    amendments = open_amendments()
    look = amendments.close if question.closes else amendments.find
    word = look(question.instance_id, question.round) or {}
    return Amendment(
        items=tuple(AmendedLine(sku=sku, quantity=quantity) for sku, quantity in word.items())
    ).to_json()


@blueprint.function_name(names.COMMIT_STOCK)
@blueprint.activity_trigger(input_name="payload")
def commit_stock(payload: Any) -> JsonObject:
    """Take the held pieces off the shelf."""
    question = ReservationKey.from_json(payload)
    return outside().stock.commit(question.reservation_id).to_json()


@blueprint.function_name(names.RELEASE_STOCK)
@blueprint.activity_trigger(input_name="payload")
def release_stock(payload: Any) -> JsonObject:
    """Give back whatever the reservation holds; nothing when it holds nothing."""
    question = ReservationKey.from_json(Compensation.from_json(payload).input)
    outside().stock.release(question.reservation_id)
    return Undone(undone=True).to_json()


@blueprint.function_name(names.AUTHORIZE_PAYMENT)
@blueprint.activity_trigger(input_name="payload")
def authorize_payment(payload: Any) -> JsonObject:
    """Hold the amount; a repeat under the same key returns the first answer."""
    question = AuthorizePayment.from_json(payload)
    kept = kept_requests(question.requests_table or names.REQUESTS_TABLE)
    request = KeptPayment.from_json(kept.load(question.request_id or question.order_id).body)
    return (
        outside()
        .payments.authorize(
            question.key,
            amount_minor=question.amount_minor,
            currency=question.currency,
            token=request.payment.token,
        )
        .to_json()
    )


@blueprint.function_name(names.FIND_PAYMENT)
@blueprint.activity_trigger(input_name="payload")
def find_payment(payload: Any) -> JsonObject:
    """Say what the provider knows of the key."""
    return outside().payments.find(PaymentKey.from_json(payload).key).to_json()


@blueprint.function_name(names.CAPTURE_PAYMENT)
@blueprint.activity_trigger(input_name="payload")
def capture_payment(payload: Any) -> JsonObject:
    """Take the held amount; the status says whether it was taken."""
    return outside().payments.capture(PaymentKey.from_json(payload).key).to_json()


@blueprint.function_name(names.VOID_PAYMENT)
@blueprint.activity_trigger(input_name="payload")
def void_payment(payload: Any) -> JsonObject:
    """Drop the hold, or give the money back when it was taken; nothing when there is no payment."""
    question = PaymentKey.from_json(Compensation.from_json(payload).input)
    payment = outside().payments.undo(question.key)
    undone = payment.status in MONEY_IS_BACK
    return Undone(undone=undone, reason=None if undone else f"payment_{payment.status}").to_json()


@blueprint.function_name(names.BOOK_SHIPMENT)
@blueprint.activity_trigger(input_name="payload")
def book_shipment(payload: Any) -> JsonObject:
    """Hand the parcel to the carrier; a repeat under the same key returns the first booking."""
    question = BookShipment.from_json(payload)

    def address() -> Address:
        kept = kept_requests(question.requests_table or names.REQUESTS_TABLE)
        body = kept.load(question.request_id or question.order_id).body
        return KeptAddress.from_json(body).shipping_address

    return outside().carrier.book(question, address=address).to_json()


@blueprint.function_name(names.CANCEL_SHIPMENT)
@blueprint.activity_trigger(input_name="payload")
def cancel_shipment(payload: Any) -> JsonObject:
    """Take the parcel back from the carrier; too late once it has been picked up."""
    compensation = Compensation.from_json(payload)
    question = BookShipment.from_json(compensation.input)
    return outside().carrier.cancel(question.key, at=compensation.at).to_json()


@blueprint.function_name(names.NOTIFY_CUSTOMER)
@blueprint.activity_trigger(input_name="payload")
def notify_customer(payload: Any) -> JsonObject:
    """Write to the customer, once per key; say whether it was taken."""
    question = NotifyCustomer.from_json(payload)
    request = _stored_order(question.order_id)
    written = letter(question)
    told = outside().post.tell(
        question.key,
        contact=request.customer.contact,
        subject=written.subject,
        text=written.text,
        at=question.at,
    )
    return Told(told=told).to_json()


@blueprint.function_name(names.RECORD_OUTCOME)
@blueprint.activity_trigger(input_name="payload")
def record_outcome(payload: Any) -> JsonObject:
    """Enter into the order book how the order ended, once."""
    question = RecordOutcome.from_json(payload)
    outside().book.record(
        SettledOrder(
            order_id=question.order_id,
            status=question.status,
            ended_at=question.ended_at,
            total_minor=question.total_minor,
            captured_minor=question.captured_minor,
            currency=question.currency,
        ),
        now=system_clock().now(),
    )
    return Recorded().to_json()


@blueprint.function_name(names.RECORD_REFUND)
@blueprint.activity_trigger(input_name="payload")
def record_refund(payload: Any) -> JsonObject:
    """Enter into the order book that an order's money went back, once, whoever gave it back."""
    question = RecordRefund.from_json(payload)
    outside().book.record_refund(
        Refund(
            order_id=question.order_id,
            refunded_at=question.refunded_at,
            refunded_minor=question.refunded_minor,
            currency=question.currency,
        ),
        now=system_clock().now(),
    )
    return Recorded().to_json()


def _stored_order(order_id: str) -> OrderRequest:
    """Load what the customer sent: token and contact are nowhere else."""
    return OrderRequest.from_json(kept_requests(names.REQUESTS_TABLE).load(order_id).body)
