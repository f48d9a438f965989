"""Random sagas, the world that their steps change, and what must be left of both.

A script says what goes wrong with each step; the world keeps a ledger that is idempotent by key and
remembers what was called off, as every provider's must.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from hypothesis import strategies as st

from shared.retry import Backoff
from shared.saga import CompensateOn
from workflows.saga.models import SagaInput
from workflows.saga.plan import Definition, Expect, KeyOf, Step, Value

QUICK = Backoff(first=timedelta(seconds=1), factor=2.0, cap=timedelta(seconds=4), attempts=3)
NEVER = 10**6


class Way(StrEnum):
    """How a step fails while it fails."""

    BEFORE = "before"  # without an effect
    AFTER = "after"  # the effect happened, the answer is lost
    REFUSED = "refused"  # an answer that is a no


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What goes wrong with one step.

    Attributes:
        fails: how many calls of the action go wrong.
        way: how they do.
        undo_fails: how many calls of the compensation go wrong.
        undo_way: how they do.
    """

    fails: int = 0
    way: Way = Way.BEFORE
    undo_fails: int = 0
    undo_way: Way = Way.BEFORE


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """A definition, what goes wrong with it, and when the host crashes, in seconds."""

    definition: Definition
    scripts: dict[str, Script]
    crashes: tuple[int, ...]


@dataclass
class World:
    """What the steps have done, by key."""

    scripts: dict[str, Script]
    applied: set[str] = field(default_factory=set[str])
    called_off: set[str] = field(default_factory=set[str])
    effects: Counter[str] = field(default_factory=Counter[str])
    acts: Counter[str] = field(default_factory=Counter[str])
    undos: list[str] = field(default_factory=list[str])
    questions: list[Any] = field(default_factory=list[Any])

    def act(self, payload: Any) -> Any:
        step, key = payload["step"], payload["key"]
        script = self.scripts[step]
        self.acts[step] += 1
        goes_wrong = self.acts[step] <= script.fails
        if goes_wrong and script.way is Way.REFUSED:
            return {"ok": False}
        if goes_wrong and script.way is Way.BEFORE:
            raise ConnectionError("no answer, no effect")
        if key not in self.called_off and key not in self.applied:
            self.applied.add(key)
            self.effects[key] += 1
        if goes_wrong:
            raise ConnectionError("the answer is lost")
        return {"ok": key not in self.called_off}

    def undo(self, compensation: Any) -> Any:
        payload, key = compensation["input"], compensation["idempotencyKey"]
        assert payload["key"] == key
        self.questions.append(compensation)
        self.undos.append(payload["step"])
        script = self.scripts[payload["step"]]
        goes_wrong = self.undos.count(payload["step"]) <= script.undo_fails
        if goes_wrong and script.undo_way is Way.REFUSED:
            return {"undone": False, "reason": "too_late"}
        if goes_wrong and script.undo_way is Way.BEFORE:
            raise ConnectionError("no answer, no effect")
        self.called_off.add(key)
        self.applied.discard(key)
        if goes_wrong:
            raise ConnectionError("the answer is lost")
        return {"undone": True}


def a_step(name: str, *, before_pivot: bool, pivot: bool = False, **more: Any) -> Step:
    """Return a step over the probes."""
    return Step(
        name=name,
        action="probe_act",
        inputs={"step": Value(name), "key": KeyOf()},
        expects=(Expect(path="ok", one_of=(True,), otherwise="refused"),),
        compensation="probe_undo" if before_pivot else None,
        retry=QUICK,
        pivot=pivot,
        **more,
    )


_COUNTS = st.sampled_from([0, 0, 0, 1, 2, NEVER])
_SCRIPTS = st.builds(
    Script,
    fails=_COUNTS,
    way=st.sampled_from(Way),
    undo_fails=st.sampled_from([0, 0, 0, 1, 7, NEVER]),
    undo_way=st.sampled_from(Way),
)


@st.composite
def plays(draw: st.DrawFn, name: str) -> Play:
    """Draw a saga of one to eight steps and what goes wrong with it."""
    count = draw(st.integers(1, 8))
    pivot = draw(st.sampled_from([None, *range(count)]))
    steps: list[Step] = []
    group = 0
    for index in range(count):
        before = pivot is None or index < pivot
        joins = index > 0 and draw(st.booleans()) and draw(st.booleans())
        group += 0 if joins else 1
        alone = index == pivot or (index - 1 == pivot and joins)
        if alone:
            group += 1
        steps.append(
            a_step(
                f"s{index}",
                before_pivot=before,
                pivot=index == pivot,
                group=None if index == pivot else f"g{group}",
                continue_on_error=index != pivot and draw(st.integers(0, 5)) == 0,
                compensate_on=draw(st.sampled_from(CompensateOn)),
            )
        )
    return Play(
        definition=Definition(name=name, input_model=SagaInput, steps=tuple(steps)),
        scripts={step.name: draw(_SCRIPTS) for step in steps},
        crashes=tuple(draw(st.lists(st.integers(0, 8), max_size=3))),
    )
