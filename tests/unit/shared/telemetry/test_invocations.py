"""What really runs is told each time it runs, with the attempt that it is."""

import asyncio
import inspect
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

from shared.clock import system_clock
from shared.errors import ProviderUnavailableError
from shared.telemetry.invocations import (
    concerns,
    departing,
    followed_activity,
    followed_message,
    followed_request,
    here,
    started,
)
from shared.telemetry.reporting import Reporter
from shared.telemetry.tracing import Carrier, loaded, place_of, span_id_of, trace_id_of, unloaded
from tests.support.listening import Listening

CARRIER = Carrier(
    root="order-A1",
    instance_id="order-A1",
    workflow="shop",
    at=datetime(2030, 1, 1, tzinfo=UTC),
    subject={"orderId": "A1"},
    task=3,
)


def reserve(payload: Any) -> Any:
    """Answer what it got."""
    if payload.get("fail"):
        raise ProviderUnavailableError("token=tok_live_secret")
    return payload


def run(heard: Listening, payload: Any, **bindings: Any) -> Any:
    return followed_activity("reserve", "payload", reserve, Reporter(heard))(
        payload=payload, **bindings
    )


def test_an_activity_gets_its_input_as_it_was_sent() -> None:
    assert run(Listening(), loaded({"a": 1}, CARRIER)) == {"a": 1}


def test_a_run_is_a_span_below_its_orchestration() -> None:
    heard = Listening()
    run(heard, loaded({}, CARRIER))

    [span] = heard.spans
    assert span.name == "reserve"
    assert span.place.trace_id == trace_id_of("order-A1")
    assert span.parent_id == span_id_of("order-A1")
    assert span.attributes["attempt"] == 1
    assert span.attributes["orderId"] == "A1"


def test_a_failure_is_told_by_its_code_alone() -> None:
    heard = Listening()
    with pytest.raises(ProviderUnavailableError):
        run(heard, loaded({"fail": True}, CARRIER))

    [span] = heard.spans
    assert span.failed
    assert span.attributes["error"] == "provider_unavailable"
    assert "tok_live" not in repr(heard)


def test_the_same_task_run_again_is_another_span_with_the_next_attempt() -> None:
    heard = Listening()
    activity = followed_activity("reserve", "payload", reserve, Reporter(heard))
    for _ in range(2):
        activity(payload=loaded({}, CARRIER))

    first, second = heard.spans
    assert first.place.span_id != second.place.span_id
    assert [span.attributes["attempt"] for span in heard.spans] == [1, 2]
    assert heard.counted("activity.retries") == 1
    assert len(heard.measured("queue.age")) == 1


def test_how_long_it_waited_is_told() -> None:
    heard = Listening()
    called_at = system_clock().now() - timedelta(seconds=90)
    run(heard, loaded({}, CARRIER.numbered(task=1, attempt=1, at=called_at)))

    [waited] = heard.measured("queue.age")
    assert waited >= 90


def test_without_a_carrier_an_activity_runs_untold() -> None:
    heard = Listening()

    assert run(heard, {"a": 1}) == {"a": 1}
    assert heard.spans == []


def test_a_carrier_of_another_version_fails_nothing() -> None:
    assert run(Listening(), {"a": 1, "__trace": {"who": "knows"}}) == {"a": 1}


def test_the_hosts_own_trace_is_named_where_there_is_one() -> None:
    heard = Listening()
    host = SimpleNamespace(
        trace_context=SimpleNamespace(trace_parent=f"00-{'1f' * 16}-{'2e' * 8}-01")
    )
    run(heard, loaded({}, CARRIER), context=host)

    assert heard.spans[0].attributes["hostOperationId"] == "1f" * 16


def test_the_worker_sees_the_bindings_and_its_own_context() -> None:
    followed = followed_activity("reserve", "payload", reserve, Reporter(Listening()))

    assert list(inspect.signature(followed).parameters) == ["payload", "context"]
    assert followed.__annotations__["context"] is func.Context


def request_for(method: str = "POST", **route_params: str) -> func.HttpRequest:
    return func.HttpRequest(method, "/api/x", route_params=route_params, body=b"")


def answer(
    heard: Listening, status: int, *, starts: str | None = None, method: str = "POST", **route: str
) -> None:
    async def handler(req: func.HttpRequest) -> func.HttpResponse:
        assert req.route_params == route
        if starts is not None:
            concerns(starts)
        return func.HttpResponse(status_code=status)

    followed = followed_request("x", "req", handler, Reporter(heard))

    async def serve() -> None:
        await followed(req=request_for(method, **route))

    asyncio.run(serve())


def test_a_decision_belongs_to_the_instance_that_it_names() -> None:
    heard = Listening()
    answer(heard, 200, instanceId="approval-7")

    [span] = heard.spans
    assert span.name == "POST x"
    assert span.place.trace_id == place_of("approval-7").trace_id
    assert span.parent_id == place_of("approval-7").span_id


def test_a_start_belongs_to_what_it_started() -> None:
    heard = Listening()
    answer(heard, 202, starts="order-A1")

    assert heard.spans[0].attributes["instanceId"] == "order-A1"


def test_what_a_followed_request_starts_knows_since_when_it_waits() -> None:
    inputs: list[Any] = []

    async def handler(req: func.HttpRequest) -> func.HttpResponse:
        assert req.method == "POST"
        concerns("order-A1")
        inputs.append(departing({"orderId": "A1"}, "shop", now=system_clock().now()))
        started()
        return func.HttpResponse(status_code=202)

    heard = Listening()
    followed = followed_request("x", "req", handler, Reporter(heard))

    async def serve() -> None:
        await followed(req=request_for())

    asyncio.run(serve())

    payload, carrier = unloaded(inputs[0])
    assert payload == {"orderId": "A1"}
    assert carrier is not None
    assert (carrier.root, carrier.instance_id) == ("order-A1", "order-A1")
    assert heard.spans[0].attributes["started"] is True


@pytest.mark.parametrize("starts", [True, False])
def test_a_message_is_told_when_it_starts_something_and_not_when_it_is_refused(
    starts: bool,  # noqa: FBT001 - of a parameter
) -> None:
    async def handler(message: str) -> None:
        assert message == "an order"
        concerns("order-A1")
        if starts:
            started()

    heard = Listening()
    followed = followed_message("take", handler, Reporter(heard))

    async def serve() -> None:
        await followed(message="an order")

    asyncio.run(serve())

    told = [(span.name, span.attributes["kind"], span.place.trace_id) for span in heard.spans]
    assert told == [("take", "message", trace_id_of("order-A1"))][: int(starts)]


def test_what_nobody_follows_starts_as_it_was_written() -> None:
    assert departing({"orderId": "A1"}, "shop", now=system_clock().now()) == {"orderId": "A1"}


def test_looking_is_not_told() -> None:
    heard = Listening()
    answer(heard, 200, method="GET", instanceId="approval-7")

    assert heard.spans == []


def test_what_was_refused_or_concerns_no_workflow_is_the_hosts_to_tell() -> None:
    heard = Listening()
    answer(heard, 404, instanceId="approval-7")
    answer(heard, 200)

    assert heard.spans == []


def test_nothing_runs_here_afterwards() -> None:
    run(Listening(), loaded({}, CARRIER))

    assert here() is None
