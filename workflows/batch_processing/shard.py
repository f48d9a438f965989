"""One shard's story: a sliding window over its chunks, refilled as each of them ends.

A failed unit goes back into the window after a pause; one that fails again and again is taken apart
until the row that fails it is alone. Every effect is an activity called by name, without a retry
policy: those and a window do not go together (docs/fidelity.md). What a failure leads to is decided
in transitions; pausing, cancelling and the failure budget by the job's control.
"""

import logging
from dataclasses import dataclass, field
from datetime import timedelta

import azure.durable_functions as df
from azure.durable_functions.models import TaskBase
from azure.durable_functions.models.Task import TimerTask

from shared.durable import Orchestration, StoryLogger
from shared.errors import code_of
from shared.models import JsonObject
from workflows.batch_processing import names
from workflows.batch_processing.models import (
    Directive,
    Granted,
    ProcessUnit,
    ShardReport,
    ShardResult,
    ShardWork,
    TakeTokens,
    Tally,
    Unit,
    UnitResult,
)
from workflows.batch_processing.transitions import (
    MOST_BURIED,
    Again,
    Bury,
    Consequence,
    GiveUp,
    TakeApart,
    after_failure,
    after_suspicion,
)

# A generation ends when it has asked for so much. A replay reads the whole history, so short
# generations are cheap ones; what they cost is that the window runs empty at their end.
MOST_EVENTS = 400
_EVENTS_OF_A_TASK = 4  # scheduled, completed, and the begin and end of an episode

_FIRST_LOOK = timedelta(seconds=1)
_MOST_DOUBLINGS = 5
_LONGEST_LOOK = timedelta(seconds=30)

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@blueprint.function_name(names.SHARD)
@blueprint.orchestration_trigger(context_name="context")
def work_through(context: df.DurableOrchestrationContext) -> Orchestration[JsonObject | None]:
    """Do all units; start anew with an empty window when the history gets long."""
    shard = _Shard.of(context, ShardWork.from_json(context.get_input()))
    yield from shard.report()
    while True:
        yield from shard.fill()
        if shard.slots:
            yield from shard.take_one()
        elif shard.is_over:
            return shard.result().to_json()
        elif shard.is_long:
            context.continue_as_new(shard.handed_on().to_json())
            return None
        else:
            yield from shard.wait_for_word()


@dataclass(slots=True, kw_only=True)
class _Slot:
    """One task in the window: an attempt at a unit, or the pause before one."""

    unit: Unit
    attempt: TaskBase | None = None
    pause: TimerTask | None = None

    @property
    def task(self) -> TaskBase:
        task = self.attempt or self.pause
        if task is None:
            raise ValueError("a slot holds an attempt or a pause")
        return task


@dataclass(slots=True, kw_only=True)
class _Shard:
    """What one generation remembers; rebuilt by every replay."""

    context: df.DurableOrchestrationContext
    work: ShardWork
    log: StoryLogger
    directive: Directive
    next_chunk: int
    tally: Tally
    units: int
    buried: int
    queue: list[Unit]  # before the chunks that nobody has begun
    granted: list[Unit] = field(default_factory=list[Unit])  # have waited; may begin at once
    slots: list[_Slot] = field(default_factory=list[_Slot])
    failure: str | None = None
    looks: int = 0  # in a row, without work
    events: int = 0

    @classmethod
    def of(cls, context: df.DurableOrchestrationContext, work: ShardWork) -> "_Shard":
        return cls(
            context=context,
            work=work,
            log=StoryLogger(_logger, context),
            directive=Directive(go_on=False, stop=False),
            next_chunk=work.next_chunk,
            tally=work.tally,
            units=work.units,
            buried=work.buried,
            queue=list(work.queue),
        )

    @property
    def is_long(self) -> bool:
        """Whether the history may get too long, with all that is in flight."""
        in_flight = 2 * len(self.slots)  # each ends with a report
        return self.events + in_flight * _EVENTS_OF_A_TASK >= MOST_EVENTS

    @property
    def is_stopped(self) -> bool:
        return self.directive.stop or self.failure is not None

    @property
    def has_units(self) -> bool:
        return bool(self.granted or self.queue or self.next_chunk < self.work.end_chunk)

    @property
    def is_over(self) -> bool:
        return self.is_stopped or not self.has_units

    def result(self) -> ShardResult:
        return ShardResult(
            shard=self.work.shard,
            tally=self.tally,
            units=self.units,
            complete=not self.has_units,
            failure=self.failure,
        )

    def handed_on(self) -> ShardWork:
        """What the next generation goes on with; nothing is in flight."""
        return self.work.model_copy(
            update={
                "next_chunk": self.next_chunk,
                "queue": (*self.granted, *self.queue),
                "tally": self.tally,
                "units": self.units,
                "buried": self.buried,
            }
        )

    def fill(self) -> Orchestration[None]:
        """Begin units while there is room for them, and nothing speaks against it."""
        if self.is_stopped:
            self._drop_pauses()
        while (
            self.directive.go_on
            and not self.is_stopped
            and not self.is_long
            and self.has_units
            and len(self.slots) < self.work.window
        ):
            if self.granted:
                self._begin(self.granted.pop(0))
            else:
                yield from self._begin_next()

    def _begin_next(self) -> Orchestration[None]:
        """Begin the next unit, or the pause that the downstream's rate asks for."""
        unit = self.queue.pop(0) if self.queue else self._next_chunk()
        if self.work.rows_per_s is None or unit.condemned:
            self._begin(unit)
            return
        share = TakeTokens(
            rows=unit.count or self.work.task.batch_size,
            rows_per_s=self.work.rows_per_s,
            at=self.context.current_utc_datetime,
        )
        pace = df.EntityId(names.RATE, self.work.task.pipeline)
        raw = yield self._counted(
            self.context.call_entity(pace, names.TAKE_OPERATION, share.to_json())
        )
        wait_s = Granted.from_json(raw).wait_s
        if wait_s:
            self._pause(unit, timedelta(seconds=wait_s))
        else:
            self._begin(unit)

    def _next_chunk(self) -> Unit:
        unit = Unit(chunk=self.next_chunk)
        self.next_chunk += 1
        return unit

    def _begin(self, unit: Unit) -> None:
        activity = names.BURY_ROW if unit.condemned else names.PROCESS_UNIT
        question = ProcessUnit(task=self.work.task, unit=unit)
        attempt = self._counted(self.context.call_activity(activity, question.to_json()))
        self.slots.append(_Slot(unit=unit, attempt=attempt))

    def _pause(self, unit: Unit, pause: timedelta) -> None:
        timer = self.context.create_timer(self.context.current_utc_datetime + pause)
        self.slots.append(_Slot(unit=unit, pause=self._counted(timer)))

    def _drop_pauses(self) -> None:
        """Cancel what only waits: a shard that stops is not to wait for it."""
        for slot in tuple(self.slots):
            if slot.pause is not None:
                if not slot.pause.is_completed:
                    slot.pause.cancel()
                self.queue.append(slot.unit)
                self.slots.remove(slot)

    def take_one(self) -> Orchestration[None]:
        """Wait until something in the window ends, and draw the conclusions."""
        winner = yield self.context.task_any([slot.task for slot in self.slots])
        [slot] = [slot for slot in self.slots if slot.task is winner]
        self.slots.remove(slot)
        if slot.pause is not None:
            self.granted.append(slot.unit)
            return
        self._conclude(slot.unit, winner.result)
        yield from self.report()

    def _conclude(self, unit: Unit, result: object) -> None:
        """Draw the conclusions from how an attempt ended."""
        batch_size = self.work.task.batch_size
        if isinstance(result, Exception):
            self._follow(after_failure(unit, code_of(result), batch_size=batch_size))
            return
        done = UnitResult.from_json(result)
        match done.outcome:
            case "done":
                self.tally += done.tally
                self.units += 1
            case "suspect":
                self._follow(after_suspicion(unit, batch_size=batch_size))
            case "stopped":
                self.failure = done.reason

    def _follow(self, consequence: Consequence) -> None:
        match consequence:
            case Again(unit=unit, pause=pause):
                self._pause(unit, pause)
            case TakeApart(units=units):
                self.log.warning("chunk %d is taken apart", units[0].chunk)
                self.queue[:0] = units
            case Bury(unit=unit) if self.buried < MOST_BURIED:
                self.log.warning("a row of chunk %d is given up", unit.chunk)
                self.buried += 1
                self.queue.insert(0, unit)
            case Bury():
                self.failure = "too_many_poison_rows"
            case GiveUp(reason=reason):
                self.failure = reason

    def report(self) -> Orchestration[None]:
        """Tell the control what has been done in all, and hear what to do."""
        report = ShardReport(
            shard=self.work.shard, tally=self.tally, units=self.units, failure=self.failure
        )
        control = df.EntityId(names.CONTROL, self.work.task.job_id)
        call = self.context.call_entity(control, names.REPORT_OPERATION, report.to_json())
        self.directive = Directive.from_json((yield self._counted(call)))

    def wait_for_word(self) -> Orchestration[None]:
        """Ask again after a while, ever longer, whether work may go on."""
        pause = min(_FIRST_LOOK * 2 ** min(self.looks, _MOST_DOUBLINGS), _LONGEST_LOOK)
        self.looks += 1
        self._show("paused")
        timer = self.context.create_timer(self.context.current_utc_datetime + pause)
        yield self._counted(timer)
        yield from self.report()
        if self.directive.go_on:
            self.looks = 0
            self._show("working")

    def _show(self, status: str) -> None:
        self.context.set_custom_status(
            {"jobId": self.work.task.job_id, "shard": self.work.shard, "status": status}
        )

    def _counted[T: TaskBase](self, task: T) -> T:
        self.events += _EVENTS_OF_A_TASK
        return task
