"""What the HTTP functions for refused messages take and answer, for the API's description."""

from typing import Annotated, Final

from pydantic import Field

from shared.descriptions import Answer, Operation, Parameter
from workflows.order_processing.api import ACCEPTED
from workflows.order_processing.messages.views import RefusedPage
from workflows.order_processing.models import RetryMessage

MESSAGE_ID_PATTERN: Final = "[A-Za-z0-9-]{1,100}"

_TAG: Final = "Orders"
_MESSAGE: Final = Annotated[str, Field(pattern=f"^{MESSAGE_ID_PATTERN}$")]
_PLACE: Final = Annotated[str, Field(pattern=f"^({MESSAGE_ID_PATTERN})?$")]

LIST_REFUSED: Final = Operation(
    tag=_TAG,
    parameters=(
        Parameter(name="after", description="the id of the last one that was seen", type=_PLACE),
    ),
    answers={200: Answer(description="A hundred, the oldest first.", model=RefusedPage)},
)
RETRY_REFUSED: Final = Operation(
    tag=_TAG,
    request=RetryMessage,
    example={"reason": "storage is back"},
    path={"messageId": _MESSAGE},
    answers=ACCEPTED,
    refuses=(
        "message_unknown",
        "message_incomplete",
        "conflicting_request",
        "instance_purged",
    ),
    repeats="the order is placed once; a message that has become an order is not there any more.",
)
