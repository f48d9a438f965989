"""What is wrong with a definition, said before anything runs: every problem names saga and step.

Pure. Which activities exist is told by whoever loads the app.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Final

from workflows.saga.plan import At, Definition, KeyOf, Now, Source, Step, Value

_SAGA_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,23}")  # it becomes a part of instance ids
# What is shown of all steps together has to fit into a custom status of 16 KB.
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SAGA_MEMBERS: Final = frozenset({"id", "instanceId", "requestId", "requestsTable"})
_MOST_STEPS: Final = 30
_MOST_ATTEMPTS: Final = 100


class InvalidSagaError(ValueError):
    """A definition cannot work; the message names every problem."""


def problems_in(definition: Definition, activities: Collection[str]) -> list[str]:
    """Return what is wrong with a definition, one sentence each; empty when nothing is.

    Args:
        definition: The saga.
        activities: The names of the activities that are registered.
    """
    saga = f"saga {definition.name!r}"
    found = [f"{saga}: {problem}" for problem in _whole(definition)]
    for index, step in enumerate(definition.steps):
        where = f"{saga}, step {step.name!r}"
        found += [f"{where}: {problem}" for problem in _alone(step, activities)]
        found += [f"{where}: {problem}" for problem in _beside_the_pivot(definition, index)]
        found += [f"{where}: {problem}" for problem in _sources(definition, index)]
    for name, source in definition.outputs.items():
        reach = _Reach(definition, len(definition.steps))
        found += [f"{saga}, output {name!r}: {problem}" for problem in reach.problems_of(source)]
    return found


def _whole(definition: Definition) -> Iterator[str]:
    if not _SAGA_NAME.fullmatch(definition.name):
        yield "its name is not 1 to 24 of a-z, 0-9 and _, beginning with a letter"
    if definition.version < 1:
        yield "versions count from 1"
    if not definition.steps:
        yield "it has no steps"
    if len(definition.steps) > _MOST_STEPS:
        yield f"it has {len(definition.steps)} steps; at most {_MOST_STEPS}"
    for name, times in Counter(step.name for step in definition.steps).items():
        if times > 1:
            yield f"{times} steps are called {name!r}"
    pivots = [step.name for step in definition.steps if step.pivot]
    if len(pivots) > 1:
        yield f"it has {len(pivots)} pivots: {', '.join(pivots)}"
    groups = [stage[0].group for stage in definition.stages if stage[0].group]
    for group, times in Counter(groups).items():
        if times > 1:
            yield f"the steps of group {group!r} are not beside one another"


def _alone(step: Step, activities: Collection[str]) -> Iterator[str]:
    if not _NAME.fullmatch(step.name):
        yield "its name is not 1 to 40 of a-z, 0-9 and _, beginning with a letter"
    if step.action not in activities:
        yield f"its action {step.action!r} is no registered activity"
    if step.compensation is not None and step.compensation not in activities:
        yield f"its compensation {step.compensation!r} is no registered activity"
    if step.compensation is not None and step.reads_only:
        yield "it only reads, and has a compensation"
    if step.timeout is not None and step.timeout <= timedelta():
        yield "its timeout is not longer than nothing"
    if step.retry is not None and not 1 <= step.retry.attempts <= _MOST_ATTEMPTS:
        yield f"its retry has {step.retry.attempts} attempts; 1 to {_MOST_ATTEMPTS}"
    for expected in step.expects:
        if not _NAME.fullmatch(expected.otherwise):
            yield f"{expected.otherwise!r} is no error code: a-z, 0-9 and _"
        if not all(expected.path.split(".")):
            yield f"{expected.path!r} is no path"


def _beside_the_pivot(definition: Definition, index: int) -> Iterator[str]:
    step = definition.steps[index]
    if step.pivot and step.group is not None:
        yield "the pivot is in a group"
    if step.pivot and step.continue_on_error:
        yield "nothing can go on without the pivot"
    if index < definition.pivot and step.compensation is None and not step.reads_only:
        yield "it comes before the pivot without a compensation; say reads_only if it has no effect"
    if index >= definition.pivot and step.compensation is not None:
        yield "its compensation never runs: from the pivot on, the saga only goes forward"


def _sources(definition: Definition, index: int) -> Iterator[str]:
    reach = _Reach(definition, index)
    for name, source in definition.steps[index].inputs.items():
        for problem in reach.problems_of(source):
            yield f"input {name!r}: {problem}"


class _Reach:
    """What a step can refer to: what is over when its stage begins."""

    def __init__(self, definition: Definition, index: int) -> None:
        self._definition = definition
        steps = definition.steps
        own = steps[index] if index < len(steps) else None
        group = own.group if own else None
        before = steps[:index]
        self._before = {s.name: s for s in before if group is None or s.group != group}
        self._keys = frozenset(s.name for s in steps[: index + 1])

    def problems_of(self, source: Source) -> Iterator[str]:
        match source:
            case At(path=path, optional=optional):
                yield from self._path(path, is_optional=optional)
            case KeyOf(step=str(step)) if step not in self._keys:
                yield f"there is no step {step!r} up to here"
            case KeyOf() | Value() | Now():
                pass

    def _path(self, path: str, *, is_optional: bool) -> Iterator[str]:
        root, *rest = path.split(".")
        if not all(rest) or root not in {"input", "results", "saga"}:
            yield f"{path!r} is no path; they begin with input, results or saga"
        elif root == "saga":
            if rest not in [[member] for member in sorted(_SAGA_MEMBERS)]:
                yield f"{path!r} is not one of saga.{', saga.'.join(sorted(_SAGA_MEMBERS))}"
        elif root == "input" and rest:
            yield from self._input_path(path, rest)
        elif root == "results":
            yield from self._result_path(path, rest, is_optional=is_optional)

    def _input_path(self, path: str, rest: Sequence[str]) -> Iterator[str]:
        known = self._definition.input_model.known_fields()
        if rest[0] not in known:
            yield f"{path!r}: the input has no such field, or it is private"

    def _result_path(self, path: str, rest: Sequence[str], *, is_optional: bool) -> Iterator[str]:
        step = self._before.get(rest[0]) if rest else None
        if step is None:
            yield f"{path!r} names no step that is over by then"
        elif step.continue_on_error and not is_optional:
            yield f"{path!r} may be missing, since {step.name!r} may fail: say optional"
