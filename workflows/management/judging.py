"""What is wrong with an instance, as far as its row tells; pure.

A row holds no history, so a suspicion of standing still has to be confirmed by an explanation.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import azure.durable_functions as df

from shared.durable import InstanceView
from shared.operations.explaining.words import NO_WORDS, document_in, instant_in
from shared.operations.explanation import Explanation, WaitingFor, WaitKind
from shared.operations.findings import FindingKind, finding_key
from shared.operations.types import WorkflowType

# What is due is done a moment later; a host that restarts takes a few more.
_GRACE: Final = timedelta(minutes=15)
_RUNS: Final = frozenset(
    {df.OrchestrationRuntimeStatus.Running, df.OrchestrationRuntimeStatus.ContinuedAsNew}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What counts as too long."""

    pending: timedelta
    silence: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Something that may be wrong; ``is_certain`` when the row alone tells."""

    instance_id: str
    kind: FindingKind
    since: datetime
    is_certain: bool = True

    @property
    def key(self) -> str:
        """The key of the finding that it may become."""
        return finding_key(self.instance_id, self.kind, self.since)


def suspicions(
    view: InstanceView, type_: WorkflowType, *, now: datetime, limits: Limits
) -> tuple[Suspicion, ...]:
    """Return what may be wrong with an instance; nothing for one that has ended or is suspended."""
    if view.runtime_status is df.OrchestrationRuntimeStatus.Pending:
        found = _pending(view, now, limits)
    elif view.runtime_status in _RUNS:
        found = _running(view, type_, now, limits)
    else:
        found = ()
    return tuple(
        Suspicion(instance_id=view.instance_id, kind=kind, since=since, is_certain=is_certain)
        for kind, since, is_certain in found
    )


type _Found = tuple[FindingKind, datetime, bool]


def _pending(view: InstanceView, now: datetime, limits: Limits) -> Iterable[_Found]:
    if view.created_at is not None and now - view.created_at > limits.pending:
        yield FindingKind.PENDING_TOO_LONG, view.created_at, True


def _running(
    view: InstanceView, type_: WorkflowType, now: datetime, limits: Limits
) -> Iterable[_Found]:
    """Yield the first that is wrong: what follows from it is not told as well."""
    words = type_.words or NO_WORDS
    status = document_in(view.custom_status)
    attention = document_in(status.get("attention"))
    wait = words.waits.get(str(status.get("status")))
    deadline = instant_in(status, wait.deadline) if wait else None
    heard_at = instant_in(status, words.silence)
    updated = view.last_updated_at
    if attention:
        since = instant_in(attention, "at") or updated
        if since is not None:
            yield FindingKind.NEEDS_ATTENTION, since, True
    elif deadline is not None and now - deadline > _GRACE:
        kind = FindingKind.LEVEL_OVERDUE if "level" in status else FindingKind.NO_PROGRESS
        yield kind, deadline, True
    elif heard_at is not None and now - heard_at > limits.silence:
        yield FindingKind.SHIPMENT_SILENT, heard_at, True
    elif updated is not None and now - updated > type_.service_level:
        yield FindingKind.NO_PROGRESS, updated, False


def stands_still(explanation: Explanation, *, now: datetime) -> bool:
    """Tell whether it really makes no progress: it waits for nothing that is still to come.

    A child that goes on is progress of its parent, and who sleeps until tomorrow is not late.
    """
    if explanation.is_stuck:
        return True
    return not any(_by_right(wait, now) for wait in explanation.waiting_for)


def _by_right(wait: WaitingFor, now: datetime) -> bool:
    if wait.kind is WaitKind.CHILD:
        return True
    return wait.until is not None and wait.until > now
