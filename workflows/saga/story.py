"""What one run of a saga remembers, and what it shows of itself.

Deterministic: every replay rebuilds it from the same answers. How steps are run is in steps, the
plot in orchestrator.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import azure.durable_functions as df

from shared.attempts import Cancel
from shared.attention import Desk
from shared.durable import StoryLogger
from shared.models import JsonObject
from shared.saga import Begun, Ledger, StepStatus
from workflows.saga import names
from workflows.saga.models import SagaStart, SagaStatus
from workflows.saga.plan import (
    NOTHING,
    At,
    Definition,
    KeyOf,
    Now,
    Source,
    Stage,
    Step,
    Value,
    found_at,
)


@dataclass(slots=True, kw_only=True)
class Story:
    """What is known of one saga so far; rebuilt by every replay."""

    context: df.DurableOrchestrationContext
    start: SagaStart
    definition: Definition
    log: StoryLogger
    ledger: Ledger = field(default_factory=Ledger)
    status: SagaStatus = SagaStatus.RUNNING
    current: tuple[str, ...] = ()
    # While this is there, whoever waits hears a wish to stop; after the pivot nobody does.
    cancel: Cancel | None = field(init=False)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.cancel = Cancel(self.context)
        self.desk = Desk(
            self.context, workflow=names.ORCHESTRATOR, log=self.log, show=self._show_attention
        )

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody wished to stop, and may."""
        return self.cancel is not None and self.cancel.is_requested

    @property
    def is_past_pivot(self) -> bool:
        """Whether there is no way back any more."""
        return self.cancel is None

    def pass_pivot(self) -> None:
        """Go on without a way back: nobody who wishes to stop is heard from now on."""
        self.cancel = None

    def may_go_back(self, stage: Stage) -> bool:
        """Whether a stage that failed can be undone with all before it.

        The pivot itself can when it was refused: a clear no has had no effect. Silence may have.
        """
        if not self.is_past_pivot:
            return True
        return stage[0].pivot and self.ledger.of(stage[0].name).answered

    def enter(self, status: SagaStatus, *current: str) -> None:
        """Move on, and show it."""
        self.status, self.current = status, current
        self.show()

    def show(self, **more: JsonObject) -> None:
        """Tell whoever looks at the instance where the saga stands."""
        self.context.set_custom_status(
            {
                "sagaId": self.start.saga_id,
                "saga": self.definition.name,
                "status": self.status,
                "current": list(self.current),
                "done": self._with(StepStatus.COMPLETED),
                "failed": self._with(StepStatus.FAILED, StepStatus.COMPENSATION_FAILED),
                "compensated": self._with(StepStatus.COMPENSATED),
                **more,
            }
        )

    def key(self, step: str) -> str:
        """Return the idempotency key of a step: the same on every retry and every replay."""
        return f"{self.context.instance_id}:{step}"

    def begin(self, step: Step) -> Begun:
        """Note a step before it is called, with the input that it will get.

        A step whose input lacks something is never called: it has failed, with nothing to undo.
        """
        payload = self.payload(step)
        if payload is None:
            begun = self.ledger.begin(step.name, {}, key=self.key(step.name))
            begun.fail("input_missing", attempts=0)
            return begun
        return self.ledger.begin(step.name, payload, key=self.key(step.name), undo=step.undo)

    def payload(self, step: Step) -> JsonObject | None:
        """Make a step's input; None when something that it needs is not there."""
        made = self._made(step.inputs, self._results(StepStatus.COMPLETED), own=step.name)
        required = {
            name
            for name, source in step.inputs.items()
            if not (isinstance(source, At) and source.optional)
        }
        return made if required <= made.keys() else None

    def output(self) -> JsonObject:
        """Make the result's output of whatever was answered, undone or not."""
        return self._made(self.definition.outputs, self._results(*StepStatus))

    def _made(
        self, sources: Mapping[str, Source], results: JsonObject, *, own: str = ""
    ) -> JsonObject:
        """Make a document of what is there; what is not is left out."""
        facts = {
            "input": self.start.input,
            "results": results,
            "saga": {
                "id": self.start.saga_id,
                "instanceId": self.context.instance_id,
                "requestId": self.start.request_id,
                "requestsTable": names.REQUESTS_TABLE,
            },
        }
        values = {name: self._value(source, facts, own) for name, source in sources.items()}
        return {name: value for name, value in values.items() if value is not NOTHING}

    def _value(self, source: Source, facts: JsonObject, own: str) -> Any:
        match source:
            case At(path=path):
                return found_at(facts, path.split("."))
            case Value(value=value):
                return value
            case KeyOf(step=step):
                return self.key(step or own)
            case Now(plus=plus):
                return (self.context.current_utc_datetime + plus).isoformat()

    def _results(self, *statuses: StepStatus) -> JsonObject:
        return {
            begun.step: begun.result
            for begun in self.ledger.begun
            if begun.answered and begun.status in statuses
        }

    def _with(self, *statuses: StepStatus) -> list[str]:
        return [begun.step for begun in self.ledger.begun if begun.status in statuses]

    def _show_attention(self, attention: JsonObject) -> None:
        self.status = SagaStatus.NEEDS_ATTENTION
        self.show(attention=attention)
