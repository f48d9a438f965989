"""What was begun, what came of it, and undoing it: the mechanism that every saga stands on.

Safe for orchestrators. A step is noted as begun before it is called, since a call without an answer
may have had its effect; undoing goes newest first over everything begun, and one compensation that
fails does not stop the others. Deciding what to do is the caller's business; who is asked when a
compensation is exhausted is in shared.attention.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, override

import azure.durable_functions as df
from pydantic import AwareDatetime

from shared import retry
from shared.attempts import Answered, Outcome, Patience, attempted
from shared.durable import Orchestration
from shared.models import JsonObject, WireModel

_LONGEST_REASON = 64  # it is shown in the custom status, which holds 16 KB
_NO_REASON = "not_undone"


class StepStatus(StrEnum):
    """Where a step of a saga stands; all but RUNNING are ends."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    COMPENSATED = "compensated"  # undone, or there was nothing to undo
    COMPENSATION_FAILED = "compensation_failed"  # nobody knows whether it still has its effect
    NOT_NEEDED = "not_needed"  # completed, and nothing that would have to be undone
    SKIPPED = "skipped"  # left as it is, because an operator said so
    ACCEPTED = "accepted"  # the saga ended with it as it is, because an operator said so


# What an operator's word leaves behind.
LET_BE: Final = (StepStatus.SKIPPED, StepStatus.ACCEPTED)


class CompensateOn(StrEnum):
    """Which steps are undone: those that may have had an effect, or only those that said so."""

    ATTEMPTED = "attempted"
    COMPLETED = "completed"


class Compensation(WireModel):
    """What every compensation activity receives, whatever it undoes.

    ``input`` is what the action got, ``idempotency_key`` what it was called under. ``result`` is
    what it answered, null included; when that was a no, ``error`` says which. Without an answer,
    ``error`` says why, and ``result`` is null. ``at`` is when the undoing began.
    """

    input: Any
    result: Any
    error: str | None
    idempotency_key: str
    at: AwareDatetime

    @override
    def to_json(self) -> JsonObject:
        """Return plain JSON with every member: null, 0, false and empty are not the same thing."""
        return self.model_dump(mode="json", by_alias=True)


class Undone(WireModel):
    """What a compensation says: done, or a code for why not. Nothing to undo is done."""

    undone: bool
    reason: str | None = None


class Undoing(WireModel):
    """How a compensation went: so many attempts, and what the last one failed with."""

    attempts: int
    error: str | None = None


class Entry(WireModel):
    """One line of a saga's ledger; ``attempts`` and ``error`` are those of the action."""

    step: str
    status: StepStatus
    attempts: int = 0
    error: str | None = None
    compensation: Undoing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """How a step is undone."""

    activity: str
    patience: Patience = field(default=Patience(backoff=retry.COMPENSATION.backoff))
    when: CompensateOn = CompensateOn.ATTEMPTED


@dataclass(slots=True, kw_only=True)
class Begun:
    """A step that was begun; rebuilt by every replay from the same answers."""

    step: str
    input: Any
    key: str
    undo: Undo | None = None
    status: StepStatus = StepStatus.RUNNING
    answered: bool = False
    result: Any = None
    error: str | None = None
    attempts: int = 0
    undoing: Undoing | None = None

    def complete(self, result: Any, *, attempts: int) -> None:
        """Note an answer that counts, whatever its value."""
        self._note(StepStatus.COMPLETED, None, attempts)
        self.answered, self.result = True, result

    def refuse(self, error: str, result: Any, *, attempts: int) -> None:
        """Note an answer that is a no."""
        self._note(StepStatus.FAILED, error, attempts)
        self.answered, self.result = True, result

    def fail(self, error: str, *, attempts: int) -> None:
        """Note that there was no answer: nobody knows what came of it."""
        self._note(StepStatus.FAILED, error, attempts)
        self.answered, self.result = False, None

    def _note(self, status: StepStatus, error: str | None, attempts: int) -> None:
        self.status, self.error = status, error
        self.attempts += attempts

    @property
    def is_to_be_undone(self) -> bool:
        """Whether the step has a compensation that has not been done."""
        match self.status:
            case StepStatus.COMPLETED | StepStatus.RUNNING | StepStatus.COMPENSATION_FAILED:
                return self.undo is not None
            case StepStatus.FAILED:
                return self.undo is not None and self.undo.when is CompensateOn.ATTEMPTED
            case _:
                return False

    @property
    def entry(self) -> Entry:
        """The ledger's line."""
        return Entry(
            step=self.step,
            status=self.status,
            attempts=self.attempts,
            error=self.error,
            compensation=self.undoing,
        )


@dataclass(slots=True)
class Ledger:
    """Every step begun, in the order in which they were begun."""

    begun: list[Begun] = field(default_factory=list[Begun])

    def begin(self, step: str, payload: Any, *, key: str, undo: Undo | None = None) -> Begun:
        """Note a step before it is called, with the input it will get."""
        noted = Begun(step=step, input=payload, key=key, undo=undo)
        self.begun.append(noted)
        return noted

    def of(self, step: str) -> Begun:
        """Return what was begun under this name.

        Raises:
            LookupError: Nothing was.
        """
        for begun in reversed(self.begun):
            if begun.step == step:
                return begun
        raise LookupError(f"the step {step} was not begun")

    def with_status(self, *statuses: StepStatus) -> tuple[Begun, ...]:
        """Return the steps that stand so, newest first."""
        return tuple(begun for begun in reversed(self.begun) if begun.status in statuses)

    def entries(self, steps: Sequence[str]) -> tuple[Entry, ...]:
        """Return a line for each of these steps, those not begun included."""
        lines = {begun.step: begun.entry for begun in self.begun}
        return tuple(
            lines.get(step, Entry(step=step, status=StepStatus.NOT_STARTED)) for step in steps
        )


def _no_look(_begun: Begun) -> None:
    """Show nothing."""


def compensate(
    context: df.DurableOrchestrationContext,
    ledger: Ledger,
    *,
    only: Collection[str] | None = None,
    look: Callable[[Begun], None] = _no_look,
) -> Orchestration[None]:
    """Undo what was begun, newest first; what could not be undone has status COMPENSATION_FAILED.

    Args:
        context: The orchestration's context.
        ledger: What was begun; its lines tell afterwards what came of it.
        only: The steps to undo; everything that is still to be undone, unless given.
        look: Called with each step before it is undone.
    """
    for begun in reversed(ledger.begun):
        if begun.is_to_be_undone and (only is None or begun.step in only):
            look(begun)
            yield from _undo(context, begun)
        elif begun.status is StepStatus.COMPLETED and begun.undo is None:
            begun.status = StepStatus.NOT_NEEDED


def _undo(context: df.DurableOrchestrationContext, begun: Begun) -> Orchestration[None]:
    undo = begun.undo
    if undo is None:
        raise ValueError(f"the step {begun.step} has no compensation")
    question = Compensation(
        input=begun.input,
        result=begun.result,
        error=begun.error,
        idempotency_key=begun.key,
        at=context.current_utc_datetime,
    )
    outcome = yield from attempted(
        context, undo.activity, question.to_json(), patience=undo.patience
    )
    before = begun.undoing.attempts if begun.undoing else 0
    error = _reason_against(outcome)
    begun.undoing = Undoing(attempts=before + outcome.attempts, error=error)
    begun.status = StepStatus.COMPENSATION_FAILED if error else StepStatus.COMPENSATED


def _reason_against(outcome: Outcome) -> str | None:
    """Say why the step does not count as undone; None when it does."""
    if not isinstance(outcome, Answered):
        return outcome.error
    try:
        answer = Undone.from_json(outcome.value)
    except ValueError:
        return "not_understood"  # it may be done or not; nobody should believe it
    return None if answer.undone else (answer.reason or _NO_REASON)[:_LONGEST_REASON]
