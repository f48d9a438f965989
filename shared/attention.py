"""Asks an operator what to do when an orchestration cannot go on by itself, and waits for the word.

Safe for orchestrators. The instance stays Running meanwhile, so that nothing is lost and nothing is
forgotten: operators are reminded until one of them decides. Their word is kept in storage first,
one per round; the event only says that it is there, so a lost event costs time and nothing else.
Storing, mailing and the way in for operators are the domain workflows.attention.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

import azure.durable_functions as df
from azure.durable_functions.models import TaskBase
from pydantic import AwareDatetime, Field

from shared import retry
from shared.attempts import Answered, GaveUp, Patience, attempted, waited
from shared.durable import Orchestration, StoryLogger, sleep
from shared.models import JsonObject, WireModel
from shared.saga import Begun, StepStatus

# Activities of the domain workflows.attention, which declares and registers them.
RAISE_ALERT: Final = "attention_raise_alert"
FIND_DECISION: Final = "attention_find_decision"

_PATIENCE: Final = Patience(backoff=retry.PERSISTENT.backoff)
_FIRST_REMINDER: Final = timedelta(hours=1)
_LONGEST_SILENCE: Final = timedelta(hours=24)

Round = Annotated[int, Field(ge=1)]


class Trouble(StrEnum):
    """What cannot go on: undoing, or going forward where there is no way back."""

    COMPENSATION = "compensation"
    FORWARD_RECOVERY = "forward_recovery"


class Action(StrEnum):
    """What an operator can say, of one open step or of all of them."""

    RETRY = "retry"  # try again
    SKIP = "skip"  # leave it as it is, and try the others again
    ACCEPT = "accept"  # leave it as it is, and end


class OpenStep(WireModel):
    """A step that an operator has to say something about."""

    step: str
    error: str | None
    attempts: int


class Alert(WireModel):
    """Input: an operator is needed, for the first time (reminder 0) or again, once per reminder."""

    instance_id: str
    workflow: str
    round: Round
    reminder: Annotated[int, Field(ge=0)]
    trouble: Trouble
    open: tuple[OpenStep, ...]
    undone: tuple[str, ...]
    at: AwareDatetime


class RoundKey(WireModel):
    """Input: has somebody decided this round of this instance?"""

    instance_id: str
    round: Round


class Decision(WireModel):
    """What an operator decided; without a step it is about every open one."""

    action: Action
    step: str | None = None


class FoundDecision(WireModel):
    """The answer: a decision, or none yet."""

    decision: Decision | None = None


def decision_event(round_: int) -> str:
    """Return the event that says that a round is decided; every round has its own."""
    return f"attention:{round_}"


class Desk:
    """Where one orchestration asks operators, round after round.

    Args:
        context: The orchestration's context.
        workflow: The name of the orchestrator, for the operators' list.
        log: Where it is told that an alert could not be raised.
        show: Called when a round opens, with what belongs into the custom status.
    """

    def __init__(
        self,
        context: df.DurableOrchestrationContext,
        *,
        workflow: str,
        log: StoryLogger,
        show: Callable[[JsonObject], None],
    ) -> None:
        self._context = context
        self._workflow = workflow
        self._log = log
        self._show = show
        self._rounds = 0

    def decision(
        self, trouble: Trouble, *, stuck: Sequence[Begun], undone: Sequence[Begun]
    ) -> Orchestration[Decision]:
        """Open a round, remind with growing pauses, and return what somebody decided."""
        self._rounds += 1
        alert = Alert(
            instance_id=self._context.instance_id,
            workflow=self._workflow,
            round=self._rounds,
            reminder=0,
            trouble=trouble,
            open=tuple(_open_step(begun, trouble) for begun in stuck),
            undone=tuple(begun.step for begun in undone),
            at=self._context.current_utc_datetime,
        )
        self._show(alert.model_dump(mode="json", by_alias=True, include=_SHOWN))
        poke = self._context.wait_for_external_event(decision_event(self._rounds))
        pause = _FIRST_REMINDER
        while True:
            yield from self._raise(alert)
            found = yield from self._word(poke, self._context.current_utc_datetime + pause)
            if found is not None:
                return found
            pause = min(pause * 2, _LONGEST_SILENCE)
            alert = alert.model_copy(
                update={"reminder": alert.reminder + 1, "at": self._context.current_utc_datetime}
            )

    def _raise(self, alert: Alert) -> Orchestration[None]:
        outcome = yield from attempted(
            self._context, RAISE_ALERT, alert.to_json(), patience=_PATIENCE
        )
        if isinstance(outcome, GaveUp):
            self._log.error("operators could not be told: %s", outcome.error)

    def _word(self, poke: TaskBase, remind_at: datetime) -> Orchestration[Decision | None]:
        """Wait for the poke until the next reminder; whatever ended the wait, look."""
        while (now := self._context.current_utc_datetime) < remind_at:
            if poke.is_completed:  # somebody raised it with nothing behind it
                yield from sleep(self._context, remind_at - now)
            else:
                yield from waited(self._context, poke, until=remind_at)
            found = yield from self._found()
            if found is not None:
                return found
        return None

    def _found(self) -> Orchestration[Decision | None]:
        key = RoundKey(instance_id=self._context.instance_id, round=self._rounds)
        outcome = yield from attempted(
            self._context, FIND_DECISION, key.to_json(), patience=_PATIENCE
        )
        if isinstance(outcome, Answered):
            return FoundDecision.from_json(outcome.value).decision
        self._log.error("whether an operator decided could not be read: %s", outcome.error)
        return None


_SHOWN: Final = {"round", "trouble", "open", "undone", "at"}


def _open_step(begun: Begun, trouble: Trouble) -> OpenStep:
    """Say what went wrong where the trouble is: in the action or in undoing it."""
    if trouble is Trouble.COMPENSATION and begun.undoing is not None:
        return OpenStep(step=begun.step, error=begun.undoing.error, attempts=begun.undoing.attempts)
    return OpenStep(step=begun.step, error=begun.error, attempts=begun.attempts)


def settle(
    desk: Desk,
    trouble: Trouble,
    *,
    stuck: Callable[[], Sequence[Begun]],
    undone: Callable[[], Sequence[Begun]],
    again: Callable[[Begun], Orchestration[None]],
) -> Orchestration[None]:
    """Do what operators say until no step is stuck any more.

    Args:
        desk: Where they are asked.
        trouble: What it is that does not go on.
        stuck: Which steps are stuck now; asked before every round.
        undone: Which steps are undone now; operators see them.
        again: Tries one step once more, as patiently as the first time.
    """
    while open_steps := stuck():
        decision = yield from desk.decision(trouble, stuck=open_steps, undone=undone())
        chosen = [begun for begun in open_steps if decision.step in {None, begun.step}]
        others = [begun for begun in open_steps if decision.step not in {None, begun.step}]
        match decision.action:
            case Action.RETRY:
                yield from _each(chosen, again)
            case Action.SKIP:
                _leave(chosen, StepStatus.SKIPPED)
                yield from _each(others, again)
            case Action.ACCEPT:
                _leave(chosen, StepStatus.ACCEPTED)


def _each(
    steps: Sequence[Begun], again: Callable[[Begun], Orchestration[None]]
) -> Orchestration[None]:
    for begun in steps:
        yield from again(begun)


def _leave(steps: Sequence[Begun], status: StepStatus) -> None:
    for begun in steps:
        begun.status = status
