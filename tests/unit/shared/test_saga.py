"""The ledger: what was begun, what came of it, and undoing it newest first."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
import pytest

from shared.errors import ProviderUnavailableError
from shared.saga import Begun, CompensateOn, Ledger, StepStatus, Undo, compensate
from tests.support.playing import Call, Run, play

UNDO = Undo(activity="undo")


def undone(ledger: Ledger, answers: dict[str, Any] | None = None, **only: Any) -> Run:
    """Compensate; an answer is given by the step's key, and is raised if it is an exception."""
    blueprint = df.Blueprint()

    @blueprint.orchestration_trigger(context_name="context")
    def orchestrator(context: Any) -> Generator[Any, Any, Any]:
        yield from compensate(context, ledger, **only)

    def answer(call: Call) -> Any:
        said = (answers or {}).get(call.input["idempotencyKey"], {"undone": True})
        if isinstance(said, Exception):
            raise said
        return said

    run = play(orchestrator, None, answer)
    assert run.failure is None, run.failure
    return run


def keys(run: Run) -> list[str]:
    return [call.input["idempotencyKey"] for call in run.calls if call.kind == "activity"]


def begin(ledger: Ledger, step: str, **more: Any) -> Begun:
    return ledger.begin(step, {"of": step}, key=step, **{"undo": UNDO, **more})


def test_everything_begun_is_undone_newest_first_whatever_came_of_it() -> None:
    ledger = Ledger()
    begin(ledger, "done").complete(1, attempts=1)
    begin(ledger, "silent").fail("provider_unavailable", attempts=5)
    begin(ledger, "no").refuse("refused", {"ok": False}, attempts=1)
    begin(ledger, "unheard")

    run = undone(ledger)

    assert keys(run) == ["unheard", "no", "silent", "done"]
    assert {entry.status for entry in ledger.entries(["done", "silent", "no", "unheard"])} == {
        StepStatus.COMPENSATED
    }


def test_a_second_undoing_does_nothing() -> None:
    ledger = Ledger()
    begin(ledger, "a").complete(1, attempts=1)
    undone(ledger)

    assert keys(undone(ledger)) == []


def test_what_has_nothing_to_undo_is_not_needed_or_stays_failed() -> None:
    ledger = Ledger()
    begin(ledger, "read", undo=None).complete(1, attempts=1)
    begin(ledger, "lost", undo=None).fail("timed_out", attempts=1)
    only_done = Undo(activity="undo", when=CompensateOn.COMPLETED)
    begin(ledger, "careful", undo=only_done).fail("timed_out", attempts=1)

    assert keys(undone(ledger)) == []
    assert [entry.status for entry in ledger.entries(["read", "lost", "careful", "never"])] == [
        StepStatus.NOT_NEEDED,
        StepStatus.FAILED,
        StepStatus.FAILED,
        StepStatus.NOT_STARTED,
    ]


@pytest.mark.parametrize(
    ("answer", "error", "attempts"),
    [
        ({"undone": False, "reason": "picked_up"}, "picked_up", 1),
        ({"undone": False}, "not_undone", 1),
        ({"undone": "false"}, "not_understood", 1),
        (None, "not_understood", 1),
        (ProviderUnavailableError("down"), "provider_unavailable", 8),
    ],
)
def test_one_that_cannot_be_undone_says_why_and_does_not_stop_the_others(
    answer: Any, error: str, attempts: int
) -> None:
    ledger = Ledger()
    begin(ledger, "a").complete(1, attempts=1)
    begin(ledger, "b").complete(1, attempts=1)

    run = undone(ledger, {"b": answer})

    assert list(dict.fromkeys(keys(run))) == ["b", "a"]
    stuck = ledger.of("b").entry
    assert stuck.status is StepStatus.COMPENSATION_FAILED
    assert stuck.compensation is not None
    assert (stuck.compensation.error, stuck.compensation.attempts) == (error, attempts)
    assert ledger.of("a").status is StepStatus.COMPENSATED


def test_only_what_is_named_is_tried_again_and_attempts_add_up() -> None:
    ledger = Ledger()
    begin(ledger, "a").complete(1, attempts=1)
    begin(ledger, "b").complete(1, attempts=1)
    undone(ledger, {"a": {"undone": False}, "b": {"undone": False}})

    run = undone(ledger, only={"b"})

    assert keys(run) == ["b"]
    assert ledger.of("b").entry.compensation is not None
    assert ledger.of("b").entry.to_json()["compensation"] == {"attempts": 2}
    assert [begun.step for begun in ledger.with_status(StepStatus.COMPENSATION_FAILED)] == ["a"]


@pytest.mark.parametrize("result", [0, False, "", [], {}, None, {"x": None}])
def test_a_compensation_gets_every_member_and_falsy_values_as_they_are(result: Any) -> None:
    ledger = Ledger()
    begin(ledger, "a").complete(result, attempts=1)

    (call,) = undone(ledger).calls

    assert call.input == {
        "input": {"of": "a"},
        "result": result,
        "error": None,
        "idempotencyKey": "a",
        "at": "2030-01-01T12:00:00Z",
    }
    assert type(call.input["result"]) is type(result)


def test_a_compensation_of_silence_gets_the_reason_and_no_result() -> None:
    ledger = Ledger()
    begin(ledger, "a").fail("timed_out", attempts=2)

    (call,) = undone(ledger).calls

    assert (call.input["result"], call.input["error"]) == (None, "timed_out")


def test_what_was_not_begun_is_not_found() -> None:
    with pytest.raises(LookupError, match="the step a was not begun"):
        Ledger().of("a")
