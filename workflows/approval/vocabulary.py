"""What an approval waits for, as people call it where an instance is explained."""

from typing import Final

from shared import retry
from shared.operations.explaining.words import EventWait, Moment, Words
from workflows.approval import names
from workflows.approval.models import ApprovalStatus
from workflows.approval.state import ENDS

_DEADLINE: Final = "deadlineAt"

WORDS: Final = Words(
    prefixes=("approval_",),
    calls={names.ADVANCE: "a look into the log", names.NOTIFY: "the letters"},
    attempts={
        names.ADVANCE: retry.PERSISTENT.backoff.attempts,
        names.NOTIFY: retry.BEST_EFFORT.backoff.attempts,
        names.PUBLISH_DOCUMENT: retry.PERSISTENT.backoff.attempts,
    },
    waits={
        ApprovalStatus.AWAITING_DECISION: EventWait(
            event="decision",
            phrase="approval of level {level}",
            since="openedAt",
            moments=(
                Moment(member="remindAt", what="a reminder goes out"),
                Moment(member=_DEADLINE, what="it expires"),
            ),
            deadline=_DEADLINE,
        ),
        ApprovalStatus.CHANGES_REQUESTED: EventWait(
            event="resubmission",
            phrase="the requester to change the request at level {level}",
            moments=(Moment(member=_DEADLINE, what="it expires"),),
            deadline=_DEADLINE,
        ),
    },
    ends=frozenset(ENDS),
)
