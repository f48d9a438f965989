"""What would go differently in Azure is said while the app is being developed, once."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from funchost.engine.findings import Cause, Divergence, Finding
from funchost.storage.memory import MemoryStore
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import PATIENCE_S, Hub, task_hub

type Story = Generator[Any, Any, Any]


def in_hub(
    worker: SdkWorker, play: Callable[[Hub], Coroutine[Any, Any, None]], **options: Any
) -> list[Finding]:
    findings: list[Finding] = []

    async def main() -> None:
        async with task_hub(worker, divergences=findings, **options) as hub:
            await play(hub)

    asyncio.run(main())
    return findings


def boom(text: str) -> str:
    raise ValueError(text)


def hello(name: str) -> str:
    return f"Hello {name}"


def approvals(context: Any) -> Story:
    yield context.wait_for_external_event("begin")
    for _ in range(3):
        yield context.wait_for_external_event("approval")


def slow_approvals(context: Any) -> Story:
    yield context.create_timer(context.current_utc_datetime + timedelta(minutes=1))
    for _ in range(2):
        yield context.wait_for_external_event("approval")


def tangled(context: Any) -> Story:
    options = df.RetryOptions(5000, 3)
    with contextlib.suppress(Exception):
        yield context.task_all(
            [
                context.call_activity("boom", "first"),
                context.call_activity_with_retry("boom", options, "second"),
            ]
        )
    yield context.call_activity("hello", "next")


def test_the_warning_names_the_instance_the_orchestrator_and_the_cause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def play(hub: Hub) -> None:
        await hub.ended(await hub.start("tangled", instance_id="t-1"))

    in_hub(SdkWorker(tangled, activities={"boom": boom, "hello": hello}), play)

    texts = [
        record.getMessage()
        for record in caplog.records
        if record.name == "funchost.azure" and record.levelno == logging.WARNING
    ]
    assert len(texts) == 1
    assert texts[0].startswith("Orchestration tangled (t-1): in Azure it would see another value")
    assert str(Cause.FAIL_FAST) in texts[0]


def test_a_finding_is_told_once_a_generation() -> None:
    async def play(hub: Hub) -> None:
        instance_id = await hub.start("approvals")
        await hub.at_rest()
        await hub.raise_event(instance_id, "approval", 1)
        await hub.at_rest()
        await hub.raise_event(instance_id, "begin")
        await hub.at_rest()
        await hub.raise_event(instance_id, "approval", 2)
        await hub.raise_event(instance_id, "approval", 3)
        await hub.ended(instance_id)

    findings = in_hub(SdkWorker(approvals), play)

    assert [(f.divergence, f.cause) for f in findings] == [
        (Divergence.HANGS, Cause.EVENT_TAKEN_TWICE)
    ]


def test_an_instance_read_back_after_a_restart_is_followed_from_where_it_was() -> None:
    store = KeptStore()

    async def before(hub: Hub) -> None:
        await hub.start("slow_approvals", instance_id="a")
        await hub.at_rest()
        await hub.raise_event("a", "approval", 1)
        await hub.at_rest()

    async def after(hub: Hub) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(await hub.service.history("a")) < 9:  # until the second wait
                await asyncio.sleep(0.001)
        await hub.raise_event("a", "approval", 2)
        await hub.ended("a")

    assert in_hub(SdkWorker(slow_approvals), before, store=store, time_passes=False) == []
    findings = in_hub(SdkWorker(slow_approvals), after, store=store)

    assert [f.cause for f in findings] == [Cause.EVENT_TAKEN_TWICE]


def test_the_tests_task_hub_makes_a_finding_an_error() -> None:
    async def main() -> None:
        async with task_hub(SdkWorker(tangled, activities={"boom": boom, "hello": hello})) as hub:
            await hub.ended(await hub.start("tangled"))

    with pytest.raises(AssertionError, match="in Azure it would see another value"):
        asyncio.run(main())


def counter(context: Any) -> None:
    if context.operation_name == "fail":
        raise ValueError("no")
    context.set_state(context.get_state(lambda: 0) + 1)
    context.set_result(context.get_state(lambda: 0))


def counting(context: Any) -> Story:
    entity = df.EntityId("counter", "c")
    context.signal_entity(entity, "add")
    yield context.call_activity_with_retry("flaky", df.RetryOptions(5000, 3), "once")
    yield context.call_entity(entity, "add")
    yield context.task_all([context.call_entity(entity, "add"), context.call_activity("hello", 1)])


def failing_entity(context: Any) -> Story:
    entity = df.EntityId("counter", "c")
    with contextlib.suppress(Exception):
        yield context.task_all(
            [
                context.call_entity(entity, "fail"),
                context.call_activity_with_retry("flaky", df.RetryOptions(5000, 3), "once"),
            ]
        )
    yield context.call_entity(entity, "add")


def flaky() -> Callable[[str], str]:
    runs: list[str] = []

    def run(label: str) -> str:
        runs.append(label)
        if len(runs) == 1:
            raise ValueError(label)
        return label

    return run


def test_signals_and_calls_of_entities_beside_retries_are_the_same_in_azure() -> None:
    async def play(hub: Hub) -> None:
        await hub.run("counting")

    activities = {"flaky": flaky(), "hello": hello}
    worker = SdkWorker(counting, activities=activities, entities={"counter": counter})

    assert in_hub(worker, play) == []


def test_an_entity_that_fails_beside_a_retry_counts_as_a_failed_task() -> None:
    async def play(hub: Hub) -> None:
        await hub.run("failing_entity")

    activities = {"flaky": flaky()}
    worker = SdkWorker(failing_entity, activities=activities, entities={"counter": counter})

    assert Divergence.LATER in {f.divergence for f in in_hub(worker, play)}


class KeptStore(MemoryStore):
    """A memory store that outlives its host."""

    def close(self) -> None:
        pass
