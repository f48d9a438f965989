"""Taking a failed instance back to before its failure, so that only what failed runs again.

The failed answers and the end leave the history; the calls stay in it and are open again, under the
numbers they had. That works when the failure ended the code: a failure that the code caught, or one
that a retry already answered, has shaped what came after, and taking it away would make the replay
depart from the history. Such an instance is refused. (Azure rewinds it, and it fails for good.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

from funchost.engine.errors import RewindRefusedError
from funchost.engine.events import (
    Event,
    EventSent,
    EventWaited,
    ExecutionCompleted,
    RuntimeStatus,
    SubOrchestrationCreated,
    SubOrchestrationFailed,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewound:
    """What is left: the history, the activities to run again, the children to rewind too."""

    history: tuple[Event, ...]
    activities: tuple[TaskScheduled, ...]
    children: tuple[SubOrchestrationCreated, ...]


def rewind(instance_id: str, history: Sequence[Event]) -> Rewound:
    """Return the instance as it was before its failure.

    Raises:
        RewindRefusedError: it has not failed, or its code went on after a failure.
    """
    last = history[-1] if history else None
    if not isinstance(last, ExecutionCompleted) or last.status is not RuntimeStatus.FAILED:
        raise RewindRefusedError(
            f"The rewind operation is only supported on failed orchestration instances, and "
            f"'{instance_id}' has not failed."
        )
    failed: dict[int, TaskFailed | SubOrchestrationFailed] = {}
    for event in history:
        if isinstance(event, TaskFailed | SubOrchestrationFailed):
            failed[event.task_id] = event
        elif failed and _goes_on(event):
            raise RewindRefusedError(
                f"The instance '{instance_id}' cannot be rewound: its code went on after a "
                f"failed task (number {min(failed)}), so taking the failure away would make the "
                "replay depart from the history."
            )
    again = [e for e in history if not isinstance(e, EventWaited) and _id(e) in failed]
    return Rewound(
        history=tuple(event for event in history if not _is_failure(event)),
        activities=tuple(event for event in again if isinstance(event, TaskScheduled)),
        children=tuple(event for event in again if isinstance(event, SubOrchestrationCreated)),
    )


def _goes_on(event: Event) -> bool:
    return isinstance(
        event, TaskScheduled | SubOrchestrationCreated | TimerCreated | EventSent | EventWaited
    )


def _id(event: Event) -> int | None:
    return event.id if isinstance(event, TaskScheduled | SubOrchestrationCreated) else None


def _is_failure(event: Event) -> bool:
    return isinstance(event, TaskFailed | SubOrchestrationFailed | ExecutionCompleted)
