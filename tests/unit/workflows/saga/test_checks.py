"""What is wrong with a definition is said when the app is loaded: which saga, which step, what."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from shared.retry import Backoff
from workflows.saga.checks import InvalidSagaError, problems_in
from workflows.saga.definitions import ORDER, REGISTRY, Registry
from workflows.saga.models import SagaInput
from workflows.saga.plan import At, Definition, Expect, KeyOf, Now, Step, Value

ACTIVITIES = {"act", "undo"}


class Given(SagaInput):
    """An input with something private."""

    private: ClassVar[frozenset[str]] = frozenset({"payment"})

    order_id: str
    payment: str


def step(name: str, **more: Any) -> Step:
    usual: dict[str, Any] = {"action": "act", "compensation": "undo"}
    return Step(name=name, **(usual | more))


def forward(name: str, **more: Any) -> Step:
    return step(name, compensation=None, **more)


def saga(*steps: Step, **more: Any) -> Definition:
    usual: dict[str, Any] = {"name": "trip", "input_model": Given}
    return Definition(steps=steps, **(usual | more))


def problems(*steps: Step, **more: Any) -> list[str]:
    return problems_in(saga(*steps, **more), ACTIVITIES)


def test_a_definition_that_can_work_has_no_problems() -> None:
    paths = {
        "id": At("input.orderId"),
        "all": At("input"),
        "earlier": At("results.a.deep.0.value"),
        "saga": At("saga.requestId"),
        "own": KeyOf(),
        "other": KeyOf("a"),
        "then": Now(plus=timedelta(hours=1)),
        "same": Value(None),
    }

    assert not problems(
        step("a"),
        step("b", group="g", inputs=paths),
        step("c", group="g"),
        step("reads", compensation=None, reads_only=True),
        forward("d", pivot=True),
        forward("e", group="h", continue_on_error=True),
        forward("f", group="h"),
        outputs={"e": At("results.e", optional=True)},
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (problems(), "saga 'trip': it has no steps"),
        (problems(step("a"), step("a")), "saga 'trip': 2 steps are called 'a'"),
        (problems(step("a"), name="Trip"), "saga 'Trip': its name is not 1 to 24"),
        (problems(step("a"), version=0), "saga 'trip': versions count from 1"),
        (problems(*(step(f"s{n}") for n in range(31))), "saga 'trip': it has 31 steps"),
        (problems(step("A")), "saga 'trip', step 'A': its name is not"),
        (
            problems(step("a", action="drop_table")),
            "saga 'trip', step 'a': its action 'drop_table' is no registered activity",
        ),
        (
            problems(step("a", compensation="nothing")),
            "saga 'trip', step 'a': its compensation 'nothing' is no registered activity",
        ),
        (
            problems(step("a", compensation=None), forward("b", pivot=True)),
            "saga 'trip', step 'a': it comes before the pivot without a compensation",
        ),
        (
            problems(step("a", compensation=None)),
            "saga 'trip', step 'a': it comes before the pivot without a compensation",
        ),
        (
            problems(forward("a", pivot=True), step("b")),
            "saga 'trip', step 'b': its compensation never runs",
        ),
        (
            problems(step("a", pivot=True)),
            "saga 'trip', step 'a': its compensation never runs",
        ),
        (
            problems(forward("a", pivot=True), forward("b", pivot=True)),
            "saga 'trip': it has 2 pivots: a, b",
        ),
        (
            problems(forward("a", pivot=True, group="g"), forward("b", group="g")),
            "saga 'trip', step 'a': the pivot is in a group",
        ),
        (
            problems(forward("a", pivot=True, continue_on_error=True)),
            "saga 'trip', step 'a': nothing can go on without the pivot",
        ),
        (
            problems(step("a", group="g"), step("b"), step("c", group="g")),
            "saga 'trip': the steps of group 'g' are not beside one another",
        ),
        (problems(step("a", reads_only=True)), "saga 'trip', step 'a': it only reads"),
        (problems(step("a", timeout=timedelta())), "saga 'trip', step 'a': its timeout"),
        (
            problems(
                step(
                    "a",
                    retry=Backoff(
                        first=timedelta(seconds=1),
                        factor=2,
                        cap=timedelta(seconds=1),
                        attempts=0,
                    ),
                )
            ),
            "saga 'trip', step 'a': its retry has 0 attempts",
        ),
        (
            problems(step("a", expects=(Expect(path="ok", otherwise="No way"),))),
            "saga 'trip', step 'a': 'No way' is no error code",
        ),
        (
            problems(step("a", expects=(Expect(path="ok..x", otherwise="no"),))),
            "saga 'trip', step 'a': 'ok..x' is no path",
        ),
        (
            problems(step("a", inputs={"x": At("results.b")}), step("b")),
            "saga 'trip', step 'a': input 'x': 'results.b' names no step that is over by then",
        ),
        (
            problems(step("a", inputs={"x": At("results.a")})),
            "saga 'trip', step 'a': input 'x': 'results.a' names no step that is over by then",
        ),
        (
            problems(step("a", group="g"), step("b", group="g", inputs={"x": At("results.a")})),
            "saga 'trip', step 'b': input 'x': 'results.a' names no step that is over by then",
        ),
        (
            problems(step("a", inputs={"x": At("results")})),
            "saga 'trip', step 'a': input 'x': 'results' names no step",
        ),
        (
            problems(step("a", inputs={"x": At("input.payment")})),
            "saga 'trip', step 'a': input 'x': 'input.payment': the input has no such field, or",
        ),
        (
            problems(step("a", inputs={"x": At("input.nothing")})),
            "saga 'trip', step 'a': input 'x': 'input.nothing': the input has no such field, or",
        ),
        (
            problems(step("a", inputs={"x": At("saga.secret")})),
            "saga 'trip', step 'a': input 'x': 'saga.secret' is not one of saga.id",
        ),
        (
            problems(step("a", inputs={"x": At("env.HOME")})),
            "saga 'trip', step 'a': input 'x': 'env.HOME' is no path",
        ),
        (
            problems(step("a", inputs={"x": KeyOf("b")}), step("b")),
            "saga 'trip', step 'a': input 'x': there is no step 'b' up to here",
        ),
        (
            problems(step("a", continue_on_error=True), step("b", inputs={"x": At("results.a")})),
            "saga 'trip', step 'b': input 'x': 'results.a' may be missing",
        ),
        (
            problems(step("a"), outputs={"x": At("results.b")}),
            "saga 'trip', output 'x': 'results.b' names no step",
        ),
    ],
)
def test_a_definition_that_cannot_work_is_told_with_saga_and_step(
    found: list[str], expected: str
) -> None:
    assert len(found) == 1, found
    assert found[0].startswith(expected)


def test_every_problem_of_every_definition_is_told_at_once() -> None:
    registry = Registry(saga(step("a", action="x")), saga(step("b", action="y"), name="other"))

    with pytest.raises(InvalidSagaError) as refused:
        registry.refuse_invalid(ACTIVITIES)

    assert str(refused.value).splitlines() == [
        "saga 'trip', step 'a': its action 'x' is no registered activity",
        "saga 'other', step 'b': its action 'y' is no registered activity",
    ]


def test_a_name_and_version_can_be_taken_once() -> None:
    registry = Registry(saga(step("a")))
    newer = saga(step("b"), version=2)
    registry.register(newer)

    with pytest.raises(InvalidSagaError, match="version 2 is defined twice"):
        registry.register(newer)

    assert registry.newest("trip") is newer
    assert registry.find("trip", 1).steps == (step("a"),)
    with pytest.raises(LookupError, match="has no version 3 any more"):
        registry.find("trip", 3)


def test_the_order_saga_can_work_with_the_activities_of_the_app() -> None:
    activities = {s.action for s in ORDER.steps} | {s.compensation or "" for s in ORDER.steps}

    assert problems_in(ORDER, activities) == []
    assert REGISTRY.newest("order") is ORDER


@pytest.mark.parametrize("missing", [s.name for s in ORDER.steps[:5] if s.compensation])
def test_no_effect_of_the_order_saga_could_lose_its_compensation(missing: str) -> None:
    """A guard of the guard: the check sees each of them."""
    steps = tuple(replace(s, compensation=None) if s.name == missing else s for s in ORDER.steps)
    activities = {s.action for s in ORDER.steps} | {s.compensation or "" for s in ORDER.steps}

    assert len(problems_in(replace(ORDER, steps=steps), activities)) == 1
