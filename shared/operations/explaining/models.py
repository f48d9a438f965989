"""What an explanation is made of; the JSON of ``GET /api/workflows/{instanceId}/explain``."""

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime

from shared.models import JsonObject, WireModel


class WaitKind(StrEnum):
    """What kind of thing an instance waits for."""

    START = "start"  # a host that takes it
    EVENT = "event"
    TIMER = "timer"
    ACTIVITY = "activity"  # or an entity
    CHILD = "child"
    RETRY = "retry"  # the pause before another attempt


class WaitingFor(WireModel):
    """One thing that is waited for; ``attempt`` and ``of`` count attempts at an activity from 1.

    ``until`` is when the wait is over by itself; ``detail`` is a child's id, or what a person has
    to decide about.
    """

    kind: WaitKind
    name: str
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    attempt: int | None = None
    of: int | None = None
    detail: str | None = None


class Coming(WireModel):
    """What happens next by itself, and when."""

    at: AwareDatetime
    what: str


class LastError(WireModel):
    """The latest failure that has not healed: a code, and what people call the step."""

    code: str
    step: str
    attempts: int
    at: AwareDatetime | None
    said: str


class Explanation(WireModel):
    """Why an instance is where it is; ``sentence`` says it in one sentence to whoever is on call.

    ``is_stuck`` means that it will not go on by itself, or should have gone on long ago.
    """

    instance_id: str
    type: str
    runtime_status: str
    sentence: str
    since: AwareDatetime | None
    waiting_for: tuple[WaitingFor, ...]
    next: tuple[Coming, ...]
    last_error: LastError | None
    is_stuck: bool

    def to_document(self) -> JsonObject:
        """Return the JSON with every member, null where there is nothing."""
        document: dict[str, Any] = self.model_dump(mode="json", by_alias=True)
        return document
