"""What the HTTP functions of this domain take and answer, for the API's description."""

from typing import Final

from shared.descriptions import Answer, Follow, Operation
from shared.models import JsonObject, WireModel
from shared.ordering import Identifier
from workflows.saga.definitions import ORDER
from workflows.saga.models import CancelRequest, request_model
from workflows.saga.orders import OrderSagaBody

_HERE: Final = {"instanceId": "$response.body#/instanceId"}
_FOLLOW: Final = (
    Follow(function="management_get_workflow", parameters=_HERE),
    Follow(function="saga_cancel", parameters=_HERE, body={"reason": "not wanted any more"}),
)
_REFUSES: Final = ("saga_unknown", "conflicting_request", "instance_purged")
_ORDER: Final[JsonObject] = {
    "customer": {"customerId": "customer-7", "email": "customer@example.com"},
    "items": [{"sku": "notebook", "quantity": 2}],
    "currency": "EUR",
    "shippingAddress": {
        "street": "1 Example Road",
        "city": "Exampleton",
        "postalCode": "12345",
        "country": "DE",
    },
    "payment": {"token": "tok_sandbox_approved"},
}


class SagaAccepted(WireModel):
    """A saga is taken; ``links`` lead to its status and history, and to cancelling it."""

    saga: str
    saga_id: Identifier
    instance_id: str
    links: dict[str, str]


class Cancelled(WireModel):
    """The wish is kept: everything begun will be undone."""

    instance_id: str
    links: dict[str, str]


_ANSWERS: Final = {
    202: Answer(
        description="It is being worked on.",
        model=SagaAccepted,
        headers=("Location", "Retry-After"),
        follow=_FOLLOW,
    ),
    200: Answer(
        description="The same was sent before, and has ended.",
        model=SagaAccepted,
        headers=("Location",),
        follow=_FOLLOW,
    ),
}

START: Final = Operation(
    tag="Sagas",
    request=request_model(ORDER.input_model),
    example={"sagaId": "saga-1001", "input": _ORDER},
    path={"name": Identifier},
    answers=_ANSWERS,
    refuses=_REFUSES,
    repeats="`sagaId` is the key. The same saga is the same instance; another one is a conflict.",
)
START_ORDER: Final = Operation(
    tag="Sagas",
    request=OrderSagaBody,
    example=_ORDER,
    path={"orderId": Identifier},
    answers=_ANSWERS,
    refuses=_REFUSES,
    repeats="the order's id is the key. The same is the same instance; another is a conflict.",
)
CANCEL: Final = Operation(
    tag="Sagas",
    request=CancelRequest,
    example={"reason": "the customer changed their mind"},
    answers={
        202: Answer(
            description="It will be undone.", model=Cancelled, headers=("Location", "Retry-After")
        )
    },
    refuses=("past_cancelling", "provider_unavailable"),
    repeats="a saga is cancelled once; the first reason is kept.",
)
