"""Orchestrations are followed: told once, whatever is replayed, with the trace passed on."""

from collections.abc import Callable, Generator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from shared.errors import ProviderUnavailableError
from shared.telemetry.orchestrations import followed
from shared.telemetry.reporting import Reporter
from shared.telemetry.tracing import (
    CARRIER,
    Carrier,
    loaded,
    place_of,
    span_id_of,
    trace_id_of,
    unloaded,
)
from tests.support.functions import orchestrator_of
from tests.support.listening import Listening
from tests.support.playing import T0, Call, PlayedContext, Run, play
from workflows.order_processing.orchestrator import process_order  # a real one, for its contract

type Plot = Callable[[Any], Generator[Any, Any, Any]]

NAME = "shop_orchestrator"
INPUT = {"orderId": "A1", "total": 1}


def listened(plot: Plot, answer: Callable[[Call], Any], **how: Any) -> tuple[Run, Listening]:
    """Play a followed plot to its end."""
    heard = Listening()
    return play(_built(followed(NAME, plot, Reporter(heard))), INPUT, answer, **how), heard


def _built(orchestrator: Any) -> Any:
    function = SimpleNamespace(orchestrator_function=orchestrator)
    return SimpleNamespace(build=lambda: SimpleNamespace(get_user_function=lambda: function))


def carried(call: Call) -> dict[str, Any]:
    carrier: dict[str, Any] = call.input[CARRIER]
    return carrier


def two_steps(context: Any) -> Generator[Any, Any, Any]:
    context.set_custom_status({"status": "reserving"})
    yield context.call_activity("reserve", {"key": 1})
    context.set_custom_status({"status": "paying"})
    yield context.call_activity("pay", {"key": 2})
    return {"status": "fulfilled"}


def two_seconds(_call: Call) -> timedelta:
    return timedelta(seconds=2)


def test_an_orchestration_is_one_span_from_its_begin_to_its_end() -> None:
    _, heard = listened(two_steps, lambda _call: None, takes=two_seconds)

    [span] = heard.spans
    assert (span.name, span.place) == (NAME, place_of("order-A1"))
    assert span.parent_id is None
    assert (span.begin, span.end) == (T0, T0 + timedelta(seconds=4))
    assert not span.failed
    assert span.attributes["orderId"] == "A1"
    assert span.attributes["outcome"] == "fulfilled"


def test_how_it_ends_is_counted_by_outcome() -> None:
    _, heard = listened(two_steps, lambda _call: None)

    assert heard.counts == [
        ("workflow.started", {"workflow": NAME}),
        ("workflow.completed", {"workflow": NAME, "outcome": "fulfilled"}),
    ]


def test_each_status_is_an_event_of_its_own() -> None:
    _, heard = listened(two_steps, lambda _call: None)

    assert [(e.attributes["status"], e.attributes["sequence"]) for e in heard.events] == [
        ("reserving", 1),
        ("paying", 2),
    ]


def test_an_unchanged_status_is_no_news() -> None:
    def plot(context: Any) -> Generator[Any, Any, Any]:
        context.set_custom_status({"status": "waiting", "looked": 1})
        yield context.call_activity("look", {})
        context.set_custom_status({"status": "waiting", "looked": 2})

    _, heard = listened(plot, lambda _call: None)

    assert len(heard.events) == 1


def test_a_replay_tells_nothing() -> None:
    heard = Listening()
    context = PlayedContext(input=INPUT, instance_id="order-A1", is_replaying=True)
    replayed = followed(NAME, two_steps, Reporter(heard))(context)  # type: ignore[arg-type]

    first = next(replayed)
    with pytest.raises(StopIteration):
        for _ in (replayed.send(None), replayed.send(None)):
            pass

    assert isinstance(first, Call)
    assert heard == Listening()


def test_a_failure_is_told_by_its_code_and_goes_on() -> None:
    def plot(context: Any) -> Generator[Any, Any, Any]:
        yield context.call_activity("reserve", {})

    def away(_call: Call) -> Any:
        raise ProviderUnavailableError("the card 4111 1111 1111 1111 of ada@example.com")

    run, heard = listened(plot, away)

    assert run.failure is not None
    [span] = heard.spans
    assert span.failed
    assert span.attributes["error"] == "provider_unavailable"
    assert heard.counted("workflow.failed") == 1
    assert heard.counted("workflow.completed") == 0
    assert "ada" not in repr(heard)


def test_an_order_that_is_undone_counts_as_compensated() -> None:
    def plot(context: Any) -> Generator[Any, Any, Any]:
        yield context.call_activity("undo", {})
        return {"status": "compensated"}

    _, heard = listened(plot, lambda _call: None)

    assert heard.counted("workflow.compensated") == 1


def test_a_cry_for_help_is_counted_once_per_round() -> None:
    def plot(context: Any) -> Generator[Any, Any, Any]:
        for _ in range(2):
            context.set_custom_status({"status": "needs_attention"})
            yield context.call_activity("remind", {})
            context.set_custom_status({"status": "compensating"})

    _, heard = listened(plot, lambda _call: None)

    assert heard.counted("workflow.needs_attention") == 2


def test_the_orchestrator_sees_its_input_as_it_was_sent() -> None:
    seen: list[Any] = []

    def plot(context: Any) -> Generator[Any, Any, Any]:
        seen.append(context.get_input())
        yield context.call_activity("look", {"a": 1})

    run, _ = listened(plot, lambda _call: None)

    assert seen == [INPUT]
    assert unloaded(run.calls[0].input)[0] == {"a": 1}


def test_activities_learn_where_they_belong() -> None:
    run, _ = listened(two_steps, lambda _call: None)

    first, second = (carried(call) for call in run.calls)
    assert (first["root"], first["instanceId"], first["workflow"]) == ("order-A1", "order-A1", NAME)
    assert first["subject"] == {"orderId": "A1"}
    assert (first["task"], second["task"]) == (1, 2)


def test_the_same_question_after_a_failure_is_the_next_attempt() -> None:
    failures = iter([True, True, False, False])

    def plot(context: Any) -> Generator[Any, Any, Any]:
        for _ in range(4):
            call = context.call_activity("pay", {"key": 1})
            yield context.task_any([call])

    def sometimes(_call: Call) -> Any:
        if next(failures):
            raise ProviderUnavailableError("away")

    run, _ = listened(plot, sometimes)

    assert [carried(call)["attempt"] for call in run.calls] == [1, 2, 3, 1]


def test_a_child_goes_on_in_its_parents_trace() -> None:
    def parent(context: Any) -> Generator[Any, Any, Any]:
        yield context.call_sub_orchestrator("child", {"x": 1}, "tracking-A1")

    def child(context: Any) -> Generator[Any, Any, Any]:
        yield context.call_activity("look", {})

    run, _ = listened(parent, lambda _call: None)
    heard = Listening()
    context = PlayedContext(input=run.calls[0].input, instance_id="tracking-A1")
    going = followed("child", child, Reporter(heard))(context)  # type: ignore[arg-type]
    call = next(going)
    with pytest.raises(StopIteration):
        going.send(None)

    [span] = heard.spans
    assert span.place.trace_id == trace_id_of("order-A1")
    assert span.place.span_id == span_id_of("tracking-A1")
    assert span.parent_id == span_id_of("order-A1")
    assert span.attributes["orderId"] == "A1"
    assert isinstance(call, Call)
    assert carried(call)["root"] == "order-A1"
    assert heard.measured("queue.age") == [0.0]


def test_a_start_tells_how_long_it_waited_and_is_nobodys_child() -> None:
    called_at = T0 - timedelta(seconds=42)
    start = Carrier(root="order-A1", instance_id="order-A1", workflow=NAME, at=called_at)
    heard = Listening()
    context = PlayedContext(input=loaded(INPUT, start), instance_id="order-A1")
    going = followed(NAME, two_steps, Reporter(heard))(context)  # type: ignore[arg-type]

    assert len(list(going)) == 2
    assert heard.measured("queue.age") == [42.0]
    assert [(span.place, span.parent_id) for span in heard.spans] == [(place_of("order-A1"), None)]
    assert heard.counted("workflow.started") == 1


def test_a_restart_begins_anew_in_the_trace_of_what_it_restarts() -> None:
    start = Carrier(
        root="order-A1",
        instance_id="order-A1",
        workflow=NAME,
        at=T0 - timedelta(days=3),
        whose="order-A1",
        began=T0 - timedelta(days=3),
        status="paying",
        statuses=7,
    )
    heard = Listening()
    context = PlayedContext(input=loaded(INPUT, start), instance_id="again")
    going = followed(NAME, two_steps, Reporter(heard))(context)  # type: ignore[arg-type]

    assert len(list(going)) == 2
    [span] = heard.spans
    assert span.begin == T0
    assert span.place == place_of("again", "order-A1")
    assert span.parent_id == span_id_of("order-A1")
    assert heard.measured("queue.age") == [0.0]
    assert heard.counted("workflow.started") == 1
    assert [event.attributes["sequence"] for event in heard.events] == [1, 2]


def test_generations_are_one_life() -> None:
    def plot(context: Any) -> Generator[Any, Any, Any]:
        context.set_custom_status({"status": "in_transit"})
        yield context.create_timer(context.current_utc_datetime + timedelta(hours=1))
        if context.get_input().get("seen"):
            return {"status": "delivered"}
        context.continue_as_new({"orderId": "A1", "seen": True})
        return None

    run, heard = listened(plot, lambda _call: None)
    assert heard.spans == []

    context = PlayedContext(
        input=run.context.continued_with,
        instance_id="order-A1",
        current_utc_datetime=T0 + timedelta(hours=1),
    )
    going = followed(NAME, plot, Reporter(heard))(context)  # type: ignore[arg-type]
    next(going)
    with pytest.raises(StopIteration):
        going.send(None)

    [span] = heard.spans
    assert (span.begin, span.parent_id) == (T0, None)
    assert span.place == place_of("order-A1")
    assert heard.counted("workflow.started") == 1
    assert len(heard.events) == 1


def test_a_level_tells_how_long_it_waited_for_people() -> None:
    opened_at = T0.isoformat()

    def plot(context: Any) -> Generator[Any, Any, Any]:
        shown = {"status": "waiting", "round": 1, "openedAt": opened_at}
        context.set_custom_status({**shown, "level": 1})
        yield context.create_timer(context.current_utc_datetime + timedelta(minutes=5))
        context.set_custom_status({**shown, "level": 2})
        yield context.create_timer(context.current_utc_datetime + timedelta(minutes=5))
        return {"status": "approved"}

    _, heard = listened(plot, lambda _call: None)

    assert heard.measured("approval.age") == [300.0, 600.0]


def test_what_is_no_object_is_passed_on_untouched() -> None:
    def plot(context: Any) -> Generator[Any, Any, Any]:
        yield context.call_activity("say", "Tokyo")
        yield context.call_activity("wait")

    run, _ = listened(plot, lambda _call: None)

    assert [call.input for call in run.calls] == ["Tokyo", None]


def test_a_followed_orchestrator_keeps_its_name() -> None:
    plain = orchestrator_of(process_order)

    assert followed(NAME, plain, Reporter(Listening())).__name__ == plain.__name__
