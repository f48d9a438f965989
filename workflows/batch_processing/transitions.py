"""The decisions of a batch job, as tables and pure functions: what is allowed, what comes next.

Nothing here waits or has effects; orchestrators and entities ask, the tables answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from shared.errors import ProviderUnavailableError, StorageUnavailableError, WorkflowError
from workflows.batch_processing.models import FailureBudget, Unit


class JobFailedError(WorkflowError):
    """A job ended badly: a person has to look. Fails the instance, which alerts look for."""

    code = "job_failed"


class JobEndedError(WorkflowError):
    """The job has ended: there is nothing to pause, resume or cancel."""

    code = "job_ended"


class JobNotEndedError(WorkflowError):
    """The job goes on: what it leaves behind is not there yet."""

    code = "job_not_ended"


class JobStatus(StrEnum):
    """Where a job stands; the last block are ends."""

    OPENING = "opening"  # the source is looked at, and unpacked when it has to be
    PLANNING = "planning"
    PROCESSING = "processing"
    RECONCILING = "reconciling"
    PUBLISHING = "publishing"

    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    STOPPED_BY_BUDGET = "stopped_by_budget"
    CANCELLED = "cancelled"
    REJECTED = "rejected"  # the source cannot be used; nothing was done
    FAILED = "failed"


ALLOWED: Mapping[JobStatus, frozenset[JobStatus]] = MappingProxyType(
    {
        JobStatus.OPENING: frozenset({JobStatus.PLANNING, JobStatus.REJECTED, JobStatus.FAILED}),
        JobStatus.PLANNING: frozenset(
            {JobStatus.PROCESSING, JobStatus.CANCELLED, JobStatus.REJECTED, JobStatus.FAILED}
        ),
        JobStatus.PROCESSING: frozenset({JobStatus.RECONCILING, JobStatus.FAILED}),
        JobStatus.RECONCILING: frozenset({JobStatus.PUBLISHING, JobStatus.FAILED}),
        JobStatus.PUBLISHING: frozenset(
            {
                JobStatus.COMPLETED,
                JobStatus.COMPLETED_WITH_ERRORS,
                JobStatus.STOPPED_BY_BUDGET,
                JobStatus.CANCELLED,
                JobStatus.FAILED,
            }
        ),
    }
)


# Every row of these is in the result or a dead letter: an export need not be made again.
EXPORTED = frozenset({JobStatus.COMPLETED, JobStatus.COMPLETED_WITH_ERRORS})


def advance(current: JobStatus, to: JobStatus) -> JobStatus:
    """Return the new status.

    Raises:
        ValueError: The table does not allow it.
    """
    if to not in ALLOWED.get(current, frozenset()):
        raise ValueError(f"a job cannot go from {current} to {to}")
    return to


# --- Shards -------------------------------------------------------------------------------------

_MOST_SHARDS = 16
# With so few for each, no window is wider than a short history can hold.
_CHUNKS_WORTH_A_SHARD = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One shard's part of the plan: chunks [first, end), and how many at the same time."""

    first: int
    end: int
    window: int


def shares(chunks: int, max_parallelism: int) -> tuple[Share, ...]:
    """Divide chunks and parallelism among shards: all windows together are max_parallelism.

    Few chunks are one shard's work; a shard has a window of one at least.
    """
    if not chunks:
        return ()
    worth = max(1, chunks // _CHUNKS_WORTH_A_SHARD)
    count = min(worth, max_parallelism, _MOST_SHARDS)
    return tuple(
        Share(
            first=number * chunks // count,
            end=(number + 1) * chunks // count,
            window=(number + 1) * max_parallelism // count - number * max_parallelism // count,
        )
        for number in range(count)
    )


# --- Failed units -------------------------------------------------------------------------------

_OUTAGES = frozenset({StorageUnavailableError.code, ProviderUnavailableError.code})
# An outage is waited for, half an hour in all; it says nothing about the rows.
MOST_OUTAGE_ATTEMPTS = 14
# A failure without a name may come from a row: after so many, the unit is taken apart.
MOST_ATTEMPTS = 3
MOST_ATTEMPTS_OF_A_ROW = 2
MOST_BURIED = 20  # for each shard: more is no bad rows but bad code

_LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Try the unit again after a pause."""

    unit: Unit
    pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeApart:
    """Do the halves instead, so that one of them ends well."""

    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bury:
    """Give up the one row of the unit."""

    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """End the shard: no unit of it can be done."""

    reason: str


type Consequence = Again | TakeApart | Bury | GiveUp


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubling, five minutes at most."""
    doublings = min(attempts - 1, MOST_OUTAGE_ATTEMPTS)
    return min(timedelta(seconds=1 << doublings), _LONGEST_PAUSE)


def after_failure(unit: Unit, code: str, *, batch_size: int) -> Consequence:
    """Decide what a failed attempt leads to.

    Args:
        unit: As it was tried.
        code: What failed it; a code without a name says nothing of the cause.
        batch_size: How many rows a whole chunk has at most.
    """
    attempts = unit.attempts + 1
    tried = unit.model_copy(update={"attempts": attempts})
    if code in _OUTAGES:
        if attempts < MOST_OUTAGE_ATTEMPTS:
            return Again(unit=tried, pause=pause_after(attempts))
        return GiveUp(reason=code)
    if attempts < _most_attempts(unit):
        return Again(unit=tried, pause=pause_after(attempts))
    return after_suspicion(unit, batch_size=batch_size)


def after_suspicion(unit: Unit, *, batch_size: int) -> Consequence:
    """Decide about a unit that would fail again: smaller, or not at all."""
    count = unit.count or batch_size
    if count == 1:
        return Bury(unit=Unit(chunk=unit.chunk, start=unit.start, count=1, condemned=True))
    half = count // 2
    return TakeApart(
        units=(
            Unit(chunk=unit.chunk, start=unit.start, count=half),
            Unit(chunk=unit.chunk, start=unit.start + half, count=count - half),
        )
    )


def ancestors(unit: Unit, *, batch_size: int) -> tuple[Unit, ...]:
    """Return the units that a unit is a part of, the whole chunk first."""
    found: list[Unit] = []
    whole = Unit(chunk=unit.chunk)
    while whole.count != unit.count:
        found.append(whole)
        start, count = whole.start, whole.count or batch_size
        half = count // 2
        in_first = unit.start < start + half
        whole = Unit(
            chunk=unit.chunk,
            start=start if in_first else start + half,
            count=half if in_first else count - half,
        )
    return tuple(found)


def _most_attempts(unit: Unit) -> int:
    match unit.count:
        case 0:
            return MOST_ATTEMPTS
        case 1:
            return MOST_ATTEMPTS_OF_A_ROW
        case _:
            return 1


# --- Budget and ends ----------------------------------------------------------------------------


def over_budget(rejected: int, planned: int, budget: FailureBudget) -> bool:
    """Tell whether more rows have failed than may; measured against all rows planned."""
    if budget.rows is not None and rejected > budget.rows:
        return True
    return budget.percent is not None and rejected * 100 > budget.percent * planned


class Stop(StrEnum):
    """Why the control of a job stops it."""

    OVER_BUDGET = "failure_budget"
    CANCELLED = "cancelled"


_STOPPED: Mapping[Stop, JobStatus] = MappingProxyType(
    {Stop.OVER_BUDGET: JobStatus.STOPPED_BY_BUDGET, Stop.CANCELLED: JobStatus.CANCELLED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that decides how a job ends.

    Attributes:
        rejected: how many rows are dead letters.
        stopped: why the control stopped it, if it did.
        failure: why a shard gave up, if one did.
        findings: what does not agree with the plan.
        repeated_keys: results that another row has overwritten.
    """

    rejected: int = 0
    stopped: Stop | None = None
    failure: str | None = None
    findings: Sequence[str] = ()
    repeated_keys: int = 0


def end_of(account: Account) -> tuple[JobStatus, str | None]:
    """Say how a job ends, and why; the worst counts."""
    if account.findings:
        return JobStatus.FAILED, "not_reconciled"
    if account.failure:
        return JobStatus.FAILED, account.failure
    if account.stopped:
        return _STOPPED[account.stopped], account.stopped
    if account.rejected or account.repeated_keys:
        reason = "rows_rejected" if account.rejected else "keys_repeated"
        return JobStatus.COMPLETED_WITH_ERRORS, reason
    return JobStatus.COMPLETED, None
