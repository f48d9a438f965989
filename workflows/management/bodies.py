"""What operators send: why, and what exactly."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from shared.models import EdgeModel
from shared.operations.batches import LARGEST_BATCH
from shared.personal import PlainText


class BatchAction(StrEnum):
    """What can be done to many at once."""

    CANCEL = "cancel"
    TERMINATE = "terminate"
    SUSPEND = "suspend"
    RESUME = "resume"
    PURGE = "purge"


Reason = Annotated[PlainText, Field(min_length=1, max_length=300)]


class Reasoned(EdgeModel):
    """The body of an action on one workflow alone."""

    reason: Reason


class Cascading(Reasoned):
    """The body of an action that reaches the workflow's children, unless they are to be spared."""

    cascade: bool = True


class EventBody(Reasoned):
    """The body of an event; the type of workflow says what ``data`` may be."""

    data: dict[str, Any] = Field(default_factory=dict[str, Any])


class BatchFilter(EdgeModel):
    """Which workflows, in the words of the list's query; at least one of them."""

    type: str | None = None
    status: str | None = None
    outcome: str | None = None
    created_from: str | None = None
    created_to: str | None = None
    id_prefix: str | None = None
    text: str | None = None
    children: bool | None = None

    def as_query(self) -> dict[str, str]:
        """Return it as the list's query has it."""
        given = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in given.items()
        }


class BatchBody(Reasoned):
    """The body of an action on many workflows; without ``dryRun: false`` nothing is done."""

    action: BatchAction
    filter: BatchFilter
    dry_run: bool = True
    limit: Annotated[int, Field(ge=1, le=LARGEST_BATCH)] = 100
    cursor: str | None = None
