"""What the warner found: how an orchestration would fare in Azure, and why.

Values and their words only; who finds them is ``gate``'s business.
"""

from dataclasses import dataclass
from enum import StrEnum


class Divergence(StrEnum):
    """What would become of the instance in Azure."""

    HANGS = "would hang"
    NON_DETERMINISTIC = "would fail as non-deterministic"
    OTHER_VALUE = "would see another value"
    LATER = "would start its next step later"


class Cause(StrEnum):
    """What in the code leads there, and what to write instead."""

    FAIL_FAST = (
        "a call with retries is in flight beside a task_all whose failure was caught: put the "
        "retried call into a sub-orchestration, or return failures as values"
    )
    YIELDED_AGAIN = (
        "a task that is already scheduled was yielded again (a task_any loop, or a yield after "
        "one) while a call with retries is in flight: put the retried call into a "
        "sub-orchestration"
    )
    CANCELED_TIMER = (
        "a timer was canceled after a call with retries beside it had failed: put the retried "
        "call into a sub-orchestration"
    )
    OPEN_SIBLINGS = (
        "a task_all failed and the code went on; Azure starts the next step only when every "
        "sibling has finished"
    )
    EVENT_AMONG_SIBLINGS = (
        "a task_all failed and the code went on; Azure still waits for the external event among "
        "its tasks"
    )
    LONG_TIMER = (
        "a timer longer than six days cannot be canceled: its current link of three days still "
        "has to fire; wait in steps of at most six days"
    )
    EVENT_TAKEN_TWICE = (
        "an external event came before anybody waited for it, and its name is waited for again: "
        "the SDK hands the same event to each wait; use a new name for each wait"
    )
    EVENT_OVERWRITTEN = (
        "two external events of one name came before anybody waited for them: the SDK keeps "
        "only the last; use a new name for each wait"
    )
    EVENT_IN_OTHER_CASE = (
        "an external event has the name that is waited for, but in another case: the extension "
        "takes it, the SDK does not"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One way in which a generation of an instance would fare differently in Azure.

    ``recorded`` and ``gate`` say what is here and what would be there: under the number ``id`` when
    the two sides number differently, else in words of their own.
    """

    divergence: Divergence
    cause: Cause
    recorded: str
    gate: str
    id: int | None = None

    def __str__(self) -> str:
        """Say it in one line, for the log."""
        number = "" if self.id is None else f" under id {self.id}"
        return (
            f"in Azure it {self.divergence}: {self.cause} "
            f"(here{number}: {self.recorded}; there: {self.gate})"
        )
