"""What the HTTP functions of this domain take and answer, for the API's description."""

from typing import Any, Final

from shared.descriptions import Answer, Follow, Operation
from shared.models import WireModel
from shared.ordering import Identifier
from workflows.order_processing.models import (
    AmendOrder,
    CancelOrder,
    OrderRequest,
    PaymentChanged,
)
from workflows.order_processing.views import OrderView

_ORDER: Final = {"orderId": Identifier}
_HERE: Final = {"instanceId": "$response.body#/instanceId"}
_THIS: Final = {"orderId": "$response.body#/orderId"}
_FOLLOW: Final = (
    Follow(function="management_get_workflow", parameters=_HERE),
    Follow(function="order_processing_get_order", parameters=_THIS),
    Follow(
        function="order_processing_cancel_order",
        parameters=_THIS,
        body={"reason": "not wanted any more"},
    ),
    Follow(
        function="management_terminate_workflow",
        parameters=_HERE,
        body={"reason": "not wanted any more"},
    ),
)


class OrderAccepted(WireModel):
    """An order is taken; ``links`` lead to its status, its history and its parcel."""

    order_id: Identifier
    instance_id: str
    links: dict[str, str]


class OrderAmended(WireModel):
    """What is still wanted is kept: the order goes on with it, as far as it is there."""

    order_id: Identifier
    links: dict[str, str]


class OrderCancelled(WireModel):
    """The wish is kept: everything begun will be undone."""

    order_id: Identifier
    links: dict[str, str]


ACCEPTED: Final = {
    202: Answer(
        description="It is being worked on.",
        model=OrderAccepted,
        headers=("Location", "Retry-After"),
        follow=_FOLLOW,
    ),
    200: Answer(
        description="The same order was sent before, and has ended.",
        model=OrderAccepted,
        headers=("Location",),
        follow=_FOLLOW,
    ),
}
SUBMIT_ORDER: Final = Operation(
    request=OrderRequest,
    example={
        "orderId": "order-1001",
        "customer": {"customerId": "customer-7", "email": "customer@example.com"},
        "items": [{"sku": "notebook", "quantity": 2, "unitPriceMinor": 650}],
        "currency": "EUR",
        "shippingAddress": {
            "street": "1 Example Road",
            "city": "Exampleton",
            "postalCode": "12345",
            "country": "DE",
        },
        "payment": {"token": "tok_sandbox_approved"},
    },
    answers=ACCEPTED,
    refuses=("conflicting_request", "instance_purged"),
    repeats="`orderId` is the key. The same order is the same instance; another one is a conflict.",
)
GET_ORDER: Final = Operation(
    path=_ORDER,
    answers={200: Answer(description="The order.", model=OrderView, headers=("Retry-After",))},
)
CANCEL_ORDER: Final = Operation(
    path=_ORDER,
    request=CancelOrder,
    example={"reason": "ordered by mistake"},
    answers={
        202: Answer(
            description="It will be undone.",
            model=OrderCancelled,
            headers=("Location", "Retry-After"),
        )
    },
    refuses=("past_cancelling", "provider_unavailable"),
    repeats="an order is cancelled once; the first reason is kept.",
)
AMEND_ORDER: Final = Operation(
    path=_ORDER,
    request=AmendOrder,
    example={"items": [{"sku": "notebook", "quantity": 1}]},
    answers={
        202: Answer(
            description="The order goes on with less.",
            model=OrderAmended,
            headers=("Location", "Retry-After"),
        )
    },
    refuses=("amendment_not_asked", "conflicting_request", "provider_unavailable"),
    repeats="the first word stands; the same one again changes nothing.",
)

_TAKEN: Final = {204: Answer(description="It is taken.", media_types=())}
_ONCE: Final = "a notice wakes its order once, by the id that its sender gave it."
STRIPE_NOTICE: Final = Operation(
    tag="Webhooks",
    request=dict[str, Any],
    answers=_TAKEN,
    refuses=("notice_refused",),
    repeats=_ONCE,
)
PAYMENT_NOTICE: Final = Operation(
    tag="Webhooks",
    request=PaymentChanged,
    answers=_TAKEN,
    refuses=("notice_refused",),
    repeats=_ONCE,
)
