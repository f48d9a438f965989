"""What happened to an orchestration: the events a history is made of.

History is the truth; everything else the engine knows is a fold over it (``state``). The event
types follow the Durable Task Framework, with three differences, all of which keep the fold total,
so that a restart needs no replay to know where an instance stands:

* ``EventWaited`` and ``TimerCanceled`` are recorded (there they live only in the replaying code);
* a scheduling event carries its retry policy and attempt, a retry's timer names the attempt it
  follows;
* the end of an episode is not an event: the next ``OrchestratorStarted`` marks it.

Payloads (``input``, ``result``) are JSON text exactly as the worker gave or takes it; None is "no
value". Instants are aware UTC. Ids count up from 0 in each execution; -1 never occurs here.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

MAX_RETRY_INTERVAL = timedelta(days=6)


class RuntimeStatus(StrEnum):
    """Where an instance stands, spelled as on the wire."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TERMINATED = "Terminated"
    CANCELED = "Canceled"
    CONTINUED_AS_NEW = "ContinuedAsNew"

    @property
    def is_terminal(self) -> bool:
        """Tell whether nothing more can happen to the instance."""
        return self in TERMINAL


TERMINAL = frozenset(
    {
        RuntimeStatus.COMPLETED,
        RuntimeStatus.FAILED,
        RuntimeStatus.TERMINATED,
        RuntimeStatus.CANCELED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how patiently a failed call is made again."""

    first_interval: timedelta
    max_attempts: int
    backoff: float = 1.0
    max_interval: timedelta = MAX_RETRY_INTERVAL

    def delay(self, attempt: int) -> timedelta:
        """Return the wait after the given failed attempt (1-based); none after the last."""
        if attempt >= self.max_attempts:
            return timedelta(0)
        try:
            interval = self.first_interval * self.backoff ** (attempt - 1)
        except OverflowError:
            return self.max_interval
        return min(interval, self.max_interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The orchestration that waits for this one, and under which of its ids."""

    instance_id: str
    execution_id: str
    name: str
    task_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionStarted:
    """A generation of the instance begins."""

    at: datetime
    name: str
    execution_id: str
    input: str | None = None
    version: str | None = None
    parent: Parent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestratorStarted:
    """An episode begins; its instant is the orchestrator's clock."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskScheduled:
    """An activity was asked for."""

    id: int
    at: datetime
    name: str
    input: str
    retry: RetryPolicy | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCompleted:
    """An activity answered."""

    at: datetime
    task_id: int
    result: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailed:
    """An activity raised."""

    at: datetime
    task_id: int
    reason: str
    details: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubOrchestrationCreated:
    """A child orchestration was asked for.

    ``explicit_id`` keeps what the code asked for, so that a retry reuses it or makes a new one.
    """

    id: int
    at: datetime
    name: str
    instance_id: str
    input: str
    version: str | None = None
    explicit_id: str | None = None
    retry: RetryPolicy | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SubOrchestrationCompleted:
    """A child orchestration returned."""

    at: datetime
    task_id: int
    result: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubOrchestrationFailed:
    """A child orchestration failed, was terminated, or could not be started."""

    at: datetime
    task_id: int
    reason: str
    details: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerCreated:
    """A durable timer was set; ``retries`` is the id of the failed attempt it follows, if any."""

    id: int
    at: datetime
    fire_at: datetime
    retries: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerCanceled:
    """The code gave a timer up; it holds the instance open no longer."""

    at: datetime
    timer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    """A timer came due."""

    at: datetime
    timer_id: int
    fire_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventWaited:
    """The code began to wait for an external event of this name."""

    at: datetime
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRaised:
    """An external event, or an entity's answer, arrived."""

    at: datetime
    name: str
    input: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSent:
    """A message to an entity was sent; ``input`` is the request, ``call`` its id if answered."""

    id: int
    at: datetime
    instance_id: str
    name: str
    input: str
    call: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSuspended:
    """Processing pauses."""

    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionResumed:
    """Processing goes on."""

    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionTerminated:
    """Somebody asked for the end."""

    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionCompleted:
    """The instance ended; ``output`` is JSON text when completed, plain text otherwise."""

    id: int
    at: datetime
    status: RuntimeStatus
    output: str | None = None
    details: str | None = field(default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRequested:
    """Somebody asks an entity for an operation; only entities get these.

    ``input`` is JSON text, None when there is none. A request with a ``caller`` is a call: its
    answer goes there, as an event whose name is ``request_id``. Without one it is a signal.
    """

    at: datetime
    request_id: str
    operation: str
    input: str | None = None
    caller: str | None = None
    caller_execution_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRewound:
    """A failed instance was taken back to before its failure; its code is to run again."""

    at: datetime
    reason: str | None = None


type Scheduling = TaskScheduled | SubOrchestrationCreated | TimerCreated | EventSent
type Call = TaskScheduled | SubOrchestrationCreated
type Completion = (
    TaskCompleted | TaskFailed | SubOrchestrationCompleted | SubOrchestrationFailed | TimerFired
)
type Control = ExecutionSuspended | ExecutionResumed | ExecutionTerminated
type MessageEvent = (
    ExecutionStarted | Completion | EventRaised | Control | ExecutionRewound | OperationRequested
)
type Event = (
    MessageEvent
    | OrchestratorStarted
    | Scheduling
    | TimerCanceled
    | EventWaited
    | ExecutionCompleted
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An event on its way to an instance.

    ``sequence`` is the order of arrival over the whole task hub. ``execution_id`` ties answers to
    the generation that asked; None means "whichever runs" (external events, control).
    """

    sequence: int
    event: MessageEvent
    execution_id: str | None = None
