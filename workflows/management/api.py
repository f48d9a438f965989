"""What the HTTP functions of this domain take and answer, for the API's description."""

from typing import Annotated, Any, Final

from pydantic import AwareDatetime, Field

from shared.descriptions import Answer, Operation, Parameter
from shared.models import WireModel
from shared.operations.listing import LARGEST_LIMIT
from workflows.management.models import WorkflowItem, WorkflowStatus
from workflows.management.watching import LONGEST_WAIT_S

_TAG: Final = "Workflows"


class WorkflowPage(WireModel):
    """A page of instances; ``nextCursor`` is null at the end.

    A page may be short and go on all the same: ``examined`` says how many were looked at, and
    ``searchedBackTo`` how far.
    """

    items: tuple[WorkflowItem, ...]
    next_cursor: str | None
    searched_back_to: AwareDatetime | None
    examined: int


def _flag(*values: str) -> Any:
    return Annotated[str, Field(json_schema_extra={"enum": list(values)})]


_FILTER: Final = (
    Parameter(name="type", description="Names of types, with commas between."),
    Parameter(name="status", description="Runtime statuses, with commas between."),
    Parameter(name="outcome", description="What domains call the state, with commas between."),
    Parameter(name="createdFrom", description="Not before this instant.", type=AwareDatetime),
    Parameter(name="createdTo", description="Before this instant.", type=AwareDatetime),
    Parameter(name="idPrefix", description="How the id begins."),
    Parameter(name="text", description="Found in the custom status."),
    Parameter(name="children", description="Parts, too.", type=_flag("true", "false")),
    Parameter(name="sort", description="The order.", type=_flag("-createdAt", "createdAt")),
)

GET_WORKFLOW: Final = Operation(
    tag=_TAG,
    parameters=(
        Parameter(
            name="include",
            description="`history` adds the events, for operators and readers.",
            type=_flag("history"),
        ),
        Parameter(
            name="limit",
            description="How many of the newest events.",
            type=Annotated[int, Field(ge=1, le=1000)],
        ),
        Parameter(
            name="wait",
            description="Seconds to wait for something new, at most.",
            type=Annotated[int, Field(ge=0, le=LONGEST_WAIT_S)],
        ),
        Parameter(
            name="If-None-Match", place="header", description="The ETag of what is known already."
        ),
    ),
    answers={
        200: Answer(
            description="Where it stands.", model=WorkflowStatus, headers=("ETag", "Retry-After")
        ),
        304: Answer(description="As it is known.", media_types=(), headers=("ETag",)),
    },
    refuses=("role_required",),
)
LIST_WORKFLOWS: Final = Operation(
    tag=_TAG,
    parameters=(
        *_FILTER,
        Parameter(
            name="limit",
            description="How many at most.",
            type=Annotated[int, Field(ge=1, le=LARGEST_LIMIT)],
        ),
        Parameter(name="cursor", description="The `nextCursor` of the page before."),
    ),
    answers={200: Answer(description="A page.", model=WorkflowPage)},
)
OPENAPI: Final = Operation(
    tag="Description",
    answers={200: Answer(description="OpenAPI 3.1.", model=dict[str, Any])},
)
