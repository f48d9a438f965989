"""What customers are told of an order, word for word."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.models import WireModel
from shared.money import in_words
from workflows.order_processing.questions import Asking, Message, NotifyCustomer


class Letter(WireModel):
    """What is written to a customer, in plain text."""

    subject: str
    text: str


_LETTERS: Mapping[Message, tuple[str, str]] = MappingProxyType(
    {
        Message.CONFIRMED: (
            "Your order {order} is on its way",
            "We have charged {total}. Your parcel's tracking number is {tracking}.",
        ),
        Message.ON_ITS_WAY: (
            "Your order {order} is on its way",
            "Your parcel's tracking number is {tracking}.",
        ),
        Message.REJECTED: (
            "We could not take your order {order}",
            "Something in it is not sold as ordered. You have not been charged.",
        ),
        Message.PARTLY_OUT_OF_STOCK: (
            "Your order {order} is partly out of stock",
            (
                "There is too little of it: {short}. Tell us by {until} what you would take, or"
                " cancel it. Without a word from you it ends then. You have not been charged."
            ),
        ),
        Message.OUT_OF_STOCK: (
            "Your order {order} is out of stock",
            "We do not have everything you ordered. You have not been charged.",
        ),
        Message.PAYMENT_DECLINED: (
            "Your payment for order {order} was declined",
            "Your payment provider declined {total}. You have not been charged.",
        ),
        Message.PAYMENT_EXPIRED: (
            "Your payment for order {order} was not confirmed",
            "Your payment provider did not confirm {total} in time. You will not be charged.",
        ),
        Message.CANCELLED: (
            "Your order {order} is cancelled",
            "We could not complete it. Whatever was held on your payment method is released.",
        ),
        Message.CANCELLED_AS_ASKED: (
            "Your order {order} is cancelled",
            "As you asked. Whatever was held on your payment method is released.",
        ),
        Message.DELAYED: (
            "Your order {order} is delayed",
            "We need to look at it ourselves and will come back to you.",
        ),
        Message.REFUNDED_RETURNED: (
            "Your order {order} is refunded",
            "Your parcel {tracking} came back to us. You get {total} back.",
        ),
        Message.REFUNDED_LOST: (
            "Your order {order} is refunded",
            "Your parcel {tracking} is lost, and we are sorry. You get {total} back.",
        ),
        Message.REFUNDED_UNCOLLECTED: (
            "Your order {order} is refunded",
            "The carrier never collected your parcel {tracking}. You get {total} back.",
        ),
        Message.RETURN_LABEL: (
            "How to send your order {order} back",
            "Hand it to the carrier under the number {tracking}. When it is here, you get {total}.",
        ),
        Message.RETURN_RECEIVED: (
            "Your order {order} is refunded",
            "What you sent back is with us. You get {total} back.",
        ),
        Message.RETURN_LOST: (
            "Your order {order} is refunded",
            "The carrier lost what you sent back, and that is not your loss. You get {total} back.",
        ),
        Message.RETURN_EXPIRED: (
            "Your order {order} was not sent back",
            "The carrier did not bring your parcel {tracking} to us. Its label is void now.",
        ),
        Message.RETURN_REFUSED: (
            "Your order {order} cannot be sent back like that",
            "The carrier does not take it. Nothing has changed.",
        ),
    }
)


def letter(question: NotifyCustomer) -> Letter:
    """Write what the customer is told."""
    subject, text = _LETTERS[question.message]
    facts = {
        "order": question.order_id,
        "total": in_words(question.total_minor, question.currency),
        "tracking": question.tracking_number or "",
        **_asked(question.asking),
    }
    return Letter(subject=subject.format_map(facts), text=text.format_map(facts))


def _asked(asking: Asking | None) -> dict[str, str]:
    if asking is None:
        return {"short": "", "until": ""}
    short = (f"{each.available} of {each.requested} {each.sku}" for each in asking.shortages)
    return {"short": ", ".join(short), "until": f"{asking.amend_by:%Y-%m-%d %H:%M} UTC"}
