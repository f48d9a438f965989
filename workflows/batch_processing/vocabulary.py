"""What jobs and their shards do, as people call it where an instance is explained."""

from typing import Final

from shared import retry
from shared.operations.explaining.words import Words
from workflows.batch_processing import names
from workflows.batch_processing.transitions import JobStatus

_PREFIXES: Final = ("batch_processing_",)
_PATIENT: Final = retry.PERSISTENT.backoff.attempts

JOB: Final = Words(
    prefixes=_PREFIXES,
    calls={names.SHARD: "shard"},
    attempts=dict.fromkeys(
        (
            names.OPEN_SOURCE,
            names.PLAN_SEGMENT,
            names.RECONCILE,
            names.CHECK_LOAD,
            names.PUBLISH,
        ),
        _PATIENT,
    ),
    ends=frozenset(JobStatus)
    - {
        JobStatus.OPENING,
        JobStatus.PLANNING,
        JobStatus.PROCESSING,
        JobStatus.RECONCILING,
        JobStatus.PUBLISHING,
    },
)

SHARD: Final = Words(
    prefixes=_PREFIXES,
    timers={
        "": "the end of a pause before it goes on",
        "paused": "the next look whether the pause of its job is over",
    },
    windowed=True,
)

EXPORT: Final = Words(
    prefixes=_PREFIXES,
    calls={names.ORCHESTRATOR: "its job"},
    attempts=dict.fromkeys((names.NEXT_WINDOW, names.MOVE_WATERMARK), _PATIENT),
)
