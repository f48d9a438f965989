"""The plot of a saga in its largest form; everything else is proven on the real host."""

import json
from typing import Any

import pytest

from shared import attention, cancellation
from shared.errors import StorageUnavailableError
from tests.support.playing import Call, play
from workflows.saga.definitions import Registry
from workflows.saga.models import SagaInput, SagaStart
from workflows.saga.orchestrator import run_saga
from workflows.saga.plan import Definition, Step

MOST_STEPS = 30
# The host counts the status as UTF-16 and takes 16 KB.
MOST_CHARACTERS = 8 * 1024


@pytest.fixture
def largest(monkeypatch: pytest.MonkeyPatch) -> Definition:
    steps = tuple(
        Step(name=f"{number:02}".rjust(40, "s"), action="act", compensation="undo")
        for number in range(MOST_STEPS)
    )
    definition = Definition(name="x" * 24, input_model=SagaInput, steps=steps)
    monkeypatch.setattr("workflows.saga.orchestrator.REGISTRY", Registry(definition))
    return definition


def test_the_largest_status_fits_into_what_the_host_takes(largest: Definition) -> None:
    last = largest.steps[-1].name
    acted: list[Call] = []

    def answer(call: Call) -> Any:
        match call.name:
            case "act":
                acted.append(call)
                if len(acted) >= MOST_STEPS:
                    raise ValueError("the last one fails")
                return {}
            case "undo":
                return {"undone": False, "reason": "r" * 1000}
            case attention.FIND_DECISION:
                return {"decision": {"action": "accept"}}
            case cancellation.CLOSE_CANCELLATION:
                return {"cancelled": False}
            case _:
                return None

    start = SagaStart(saga=largest.name, version=1, saga_id="i" * 64, request_id="r", input={})
    run = play(run_saga, start.to_json(), answer, instance_id="saga-x")

    assert run.output["status"] == "settled_by_operator"
    assert run.output["reason"] == f"{last}: unexpected_failure"
    sizes = [len(json.dumps(status)) for status in run.context.custom_statuses]
    assert MOST_CHARACTERS / 2 < max(sizes) < MOST_CHARACTERS


def test_a_saga_that_cannot_close_its_way_back_says_so_and_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = Step(name="book", action="act", compensation="undo")
    definition = Definition(name="small", input_model=SagaInput, steps=(step,))
    monkeypatch.setattr("workflows.saga.orchestrator.REGISTRY", Registry(definition))

    def answer(call: Call) -> Any:
        match call.name:
            case cancellation.CLOSE_CANCELLATION:
                raise StorageUnavailableError("away")
            case "undo":
                return {"undone": True}
            case _:
                return {}

    start = SagaStart(saga="small", version=1, saga_id="i", request_id="r", input={})
    run = play(run_saga, start.to_json(), answer, instance_id="saga-x")

    assert run.output["status"] == "compensated"
    assert run.output["reason"] == "close_cancellation: storage_unavailable"
