"""What sending an order back takes and answers, for the API's description."""

from typing import Final

from shared.descriptions import Answer, Operation
from shared.models import WireModel
from shared.ordering import Identifier
from workflows.order_processing.returns.models import ReturnOrder


class ReturnAccepted(WireModel):
    """The customer gets a label; the money goes back when the goods are back."""

    order_id: Identifier
    instance_id: str
    links: dict[str, str]


RETURN_ORDER: Final = Operation(
    path={"orderId": Identifier},
    request=ReturnOrder,
    example={"reason": "too small"},
    answers={
        202: Answer(
            description="It may come back, and is waited for.",
            model=ReturnAccepted,
            headers=("Location", "Retry-After"),
        ),
        200: Answer(
            description="That was said before, and the return has ended.",
            model=ReturnAccepted,
            headers=("Location",),
        ),
    },
    refuses=("instance_purged", "not_shipped_yet", "nothing_to_return", "return_window_over"),
    repeats="an order is sent back once; the first reason is kept.",
)
