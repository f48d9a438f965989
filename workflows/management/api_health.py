"""What the functions about the app as a whole answer, for the API's description."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from shared.descriptions import Answer, Operation, Parameter
from shared.models import WireModel
from shared.operations.overview_buckets import MOST_HOURS


class Live(WireModel):
    """The process answers."""

    live: bool


class Ready(WireModel):
    """Whether every check is ``ok``."""

    ready: bool
    checks: dict[str, Literal["ok", "failing"]]


class InFlightView(WireModel):
    """What has not ended, parts of workflows included."""

    running: int
    pending: int
    suspended: int
    oldest_pending_seconds: float | None
    by_type: dict[str, int]
    is_drained: bool


LIVE: Final = Operation(tag="Health", answers={200: Answer(description="It lives.", model=Live)})
READY: Final = Operation(
    tag="Health",
    answers={
        200: Answer(description="It is ready.", model=Ready),
        503: Answer(description="It is not.", model=Ready, headers=("Retry-After",)),
    },
)
IN_FLIGHT: Final = Operation(
    tag="Operations",
    answers={200: Answer(description="What is left.", model=InFlightView)},
    refuses=("provider_unavailable",),
)
OVERVIEW: Final = Operation(
    tag="Operations",
    parameters=(
        Parameter(
            name="hours",
            description="How far to look back.",
            type=Annotated[int, Field(ge=1, le=MOST_HOURS)],
        ),
    ),
    answers={200: Answer(description="The last hours.", model=dict[str, Any])},
    refuses=("provider_unavailable",),
)
