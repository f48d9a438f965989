"""What customers are told of a parcel, word for word."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.models import WireModel
from workflows.delivery_tracking.models import DeliveryStatus
from workflows.delivery_tracking.questions import NotifyCustomer, Trouble


class Letter(WireModel):
    """What is written to a customer, in plain text."""

    subject: str
    text: str


_LETTERS: Mapping[DeliveryStatus | Trouble, tuple[str, str]] = MappingProxyType(
    {
        DeliveryStatus.IN_TRANSIT: (
            "Your order {order} is with the carrier",
            "Your parcel {tracking} is travelling.",
        ),
        DeliveryStatus.OUT_FOR_DELIVERY: (
            "Your order {order} arrives today",
            "Your parcel {tracking} is out for delivery.{again}",
        ),
        DeliveryStatus.ATTEMPT_FAILED: (
            "We missed you with your order {order}",
            "Nobody could take your parcel {tracking}. The carrier tries again.",
        ),
        DeliveryStatus.DELIVERED: (
            "Your order {order} is delivered",
            "Your parcel {tracking} has arrived.",
        ),
        DeliveryStatus.RETURNING: (
            "Your order {order} is on its way back",
            "Your parcel {tracking} could not be delivered and returns to us.",
        ),
        DeliveryStatus.RETURNED: (
            "Your order {order} is back with us",
            "Your parcel {tracking} could not be delivered. We will come back to you.",
        ),
        DeliveryStatus.LOST: (
            "Your order {order} is lost",
            "The carrier lost your parcel {tracking}. We will come back to you.",
        ),
        Trouble.LATE: (
            "Your order {order} is late",
            "Your parcel {tracking} takes longer than the carrier said. We keep an eye on it.",
        ),
        Trouble.SILENT: (
            "We are looking for your order {order}",
            "Your parcel {tracking} has not been seen for a while. We asked where it is.",
        ),
    }
)


def worth_telling(news: DeliveryStatus | Trouble) -> bool:
    """Whether a customer hears of this; what they know already is no news to write about."""
    return news in _LETTERS


def letter(question: NotifyCustomer) -> Letter:
    """Write what the customer is told."""
    subject, text = _LETTERS[question.trouble or question.status]
    facts = {
        "order": question.order_id,
        "tracking": question.tracking_number,
        "again": " Nobody could take it before." if question.attempts else "",
    }
    return Letter(subject=subject.format_map(facts), text=text.format_map(facts))
