"""What a saga is made of: steps, where their inputs come from, and what counts as an answer.

Values only: which definitions there are is said in definitions, what is wrong with one in checks,
and how one is run in orchestrator.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final, cast

from shared import retry
from shared.attempts import Patience
from shared.retry import Backoff
from shared.saga import CompensateOn, Undo
from workflows.saga.models import SagaInput

NO_INPUTS: Final[Mapping[str, "Source"]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class At:
    """A value by its path: ``input.…``, ``results.<earlier step>.…`` or a member of ``saga``.

    ``saga`` has ``id``, ``instanceId``, ``requestId`` and ``requestsTable``. Whatever is found is
    taken, be it null, 0, false or empty. Where nothing is, the step fails without being called; an
    optional member is left out of the input instead.
    """

    path: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """The same JSON value every time."""

    value: Any


@dataclass(frozen=True, slots=True)
class KeyOf:
    """The idempotency key of a step up to this one; without a name, of this one."""

    step: str | None = None


@dataclass(frozen=True, slots=True)
class Now:
    """The instant at which the step is begun, or so much later."""

    plus: timedelta = timedelta()


type Source = At | Value | KeyOf | Now


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What an answer has to say, or else the step has failed.

    Attributes:
        path: where to look in the answer, such as ``status`` or ``shipment.shipmentId``.
        one_of: the values that count; unless given, any value but null does.
        otherwise: the error's code when it says something else.
    """

    path: str
    one_of: tuple[Any, ...] | None = None
    otherwise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: an action, and how it is undone.

    Attributes:
        name: unique within the saga.
        action: the activity to call, by its registered name.
        inputs: the members of its input.
        expects: what its answer has to say.
        compensation: the activity that undoes it; it gets a ``shared.saga.Compensation``.
        reads_only: it has no effect, so that there is nothing to undo.
        compensate_on: whether it is undone when it may have had an effect, or only when it said so.
        retry: the pauses between attempts; by default short before the pivot, long from it on.
        timeout: how long all attempts together may take.
        pivot: from this step on, the saga only goes forward.
        continue_on_error: the saga goes on without it when it fails.
        group: steps beside one another with the same group run at the same time.
    """

    name: str
    action: str
    inputs: Mapping[str, Source] = field(default=NO_INPUTS)
    expects: tuple[Expect, ...] = ()
    compensation: str | None = None
    reads_only: bool = False
    compensate_on: CompensateOn = CompensateOn.ATTEMPTED
    retry: Backoff | None = None
    timeout: timedelta | None = None
    pivot: bool = False
    continue_on_error: bool = False
    group: str | None = None

    @property
    def undo(self) -> Undo | None:
        """How it is undone."""
        if self.compensation is None:
            return None
        return Undo(activity=self.compensation, when=self.compensate_on)


type Stage = tuple[Step, ...]
"""Steps that run at the same time; most stages have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A saga that clients can start.

    Attributes:
        name: what clients call it.
        version: raised with every change of the steps; sagas in flight run the version that they
            were started with, so keep it registered until they have ended.
        input_model: what clients send.
        steps: in the order in which they are begun.
        outputs: the members of the result's ``output``; what is not there is left out.
    """

    name: str
    version: int = 1
    input_model: type[SagaInput]
    steps: tuple[Step, ...]
    outputs: Mapping[str, Source] = field(default=NO_INPUTS)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The steps, those of a group together."""
        numbered = enumerate(self.steps)
        grouped = groupby(numbered, key=lambda item: item[1].group or item[0])
        return tuple(tuple(step for _, step in stage) for _, stage in grouped)

    @property
    def pivot(self) -> int:
        """The index of the pivot; that of the end when there is none."""
        pivots = [index for index, step in enumerate(self.steps) if step.pivot]
        return pivots[0] if pivots else len(self.steps)

    def step(self, name: str) -> Step:
        """Return a step.

        Raises:
            LookupError: There is none of this name.
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise LookupError(f"saga {self.name} has no step {name}")

    def patience(self, step: Step) -> Patience:
        """How long a step is tried."""
        goes_forward = self.steps.index(step) >= self.pivot
        usual = (retry.PERSISTENT if goes_forward else retry.TRANSIENT).backoff
        return Patience(backoff=step.retry or usual, limit=step.timeout)


@dataclass(frozen=True, slots=True)
class Nothing:
    """What is found at a path where nothing is; null is something."""


NOTHING: Final = Nothing()


def found_at(document: Any, path: Sequence[str]) -> Any:
    """Return the value at a path into JSON, or ``NOTHING``; a number picks from a list."""
    value: Any = document
    for part in path:
        value = _member(value, part)
        if value is NOTHING:
            break
    return value


def _member(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).get(part, NOTHING)
    if isinstance(value, list) and part.isdecimal():
        return dict(enumerate(cast("Sequence[Any]", value))).get(int(part), NOTHING)
    return NOTHING


def unmet(step: Step, answer: Any) -> str | None:
    """Return the code of the first expectation that an answer does not meet."""
    for expected in step.expects:
        value = found_at(answer, expected.path.split("."))
        if expected.one_of is None:
            is_met = value is not NOTHING and value is not None
        else:
            is_met = any(_same(value, wanted) for wanted in expected.one_of)
        if not is_met:
            return expected.otherwise
    return None


def _same(value: Any, wanted: Any) -> bool:
    """Compare JSON values: true is not 1, and false is not 0."""
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)
