"""Rewind, restart and versions."""

import asyncio
import json
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import azure.durable_functions as df
import pytest

from funchost.engine.errors import InstanceExistsError, InstanceNotFoundError, RewindRefusedError
from funchost.engine.versions import FailureStrategy, MatchStrategy, Versioning, compare
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import LIMITS, Hub, in_hub

type Story = Generator[Any, Any, Any]


class Switch:
    """An activity that fails until it is mended."""

    def __init__(self) -> None:
        self.mended = False
        self.calls = 0

    def __call__(self, value: Any) -> str:
        self.calls += 1
        if not self.mended:
            raise RuntimeError("broken")
        return f"mended {value}"


def test_a_rewound_instance_runs_only_what_failed_again() -> None:
    switch = Switch()

    def story(context: Any) -> Story:
        first = yield context.call_activity("say", "one")
        both = yield context.task_all(
            [context.call_activity("switch", "two"), context.call_activity("say", "three")]
        )
        return [first, *both, (yield context.call_activity("say", "four"))]

    code = SdkWorker(story, activities={"say": lambda x: f"said {x}", "switch": switch})

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("story")
        assert (await hub.ended(instance_id)).status == "Failed"
        switch.mended = True
        await hub.service.rewind(instance_id, "mended")
        record = await hub.ended(instance_id)
        assert record.status == "Completed", record.output
        assert json.loads(record.output or "") == [
            "said one", "mended two", "said three", "said four"
        ]  # fmt: skip
        assert [value for name, value in code.ran if name == "say"] == ["one", "three", "four"]

    in_hub(code, play)


def test_a_failed_child_is_rewound_and_its_parent_goes_on() -> None:
    switch = Switch()

    def parent(context: Any) -> Story:
        before = yield context.call_activity("say", "before")
        return [before, (yield context.call_sub_orchestrator("child", "x"))]

    def child(context: Any) -> Story:
        return (yield context.call_activity("switch", context.get_input()))

    code = SdkWorker(parent, child, activities={"say": lambda x: x, "switch": switch})

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("parent")
        assert (await hub.ended(instance_id)).status == "Failed"
        switch.mended = True
        await hub.service.rewind(instance_id, None)
        assert json.loads((await hub.ended(instance_id)).output or "") == ["before", "mended x"]
        assert switch.calls == 2

    in_hub(code, play)


def test_code_that_was_mended_runs_again_after_a_rewind() -> None:
    def story(context: Any) -> Story:
        yield context.call_activity("say", "one")
        raise ValueError("a mistake")

    def mended(context: Any) -> Story:
        return (yield context.call_activity("say", "one"))

    code = SdkWorker(story, activities={"say": lambda x: f"said {x}"})

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("story")
        assert (await hub.ended(instance_id)).status == "Failed"
        code._code["story"] = mended
        await hub.service.rewind(instance_id, "mended")
        assert (await hub.ended(instance_id)).output == '"said one"'
        assert code.ran == [("say", "one")]

    in_hub(code, play)


def test_a_failure_that_the_code_has_answered_cannot_be_rewound() -> None:
    def retried(context: Any) -> Story:
        yield context.call_activity_with_retry("switch", df.RetryOptions(1000, 2), "x")

    code = SdkWorker(retried, activities={"switch": Switch()})

    async def play(hub: Hub) -> None:
        instance_id = await hub.start("retried")
        before = await hub.ended(instance_id)
        with pytest.raises(RewindRefusedError, match="went on after a failed task"):
            await hub.service.rewind(instance_id, None)
        assert await hub.record(instance_id) == before
        with pytest.raises(InstanceNotFoundError):
            await hub.service.rewind("nobody", None)

    in_hub(code, play)


def test_a_restart_begins_anew_with_the_same_input() -> None:
    def story(context: Any) -> Story:
        value = context.get_input()
        return [value, (yield context.wait_for_external_event("go"))]

    async def play(hub: Hub) -> None:
        await hub.start("story", {"n": 1}, instance_id="first")
        with pytest.raises(InstanceExistsError):
            await hub.service.restart("first", with_new_id=False)
        second = await hub.service.restart("first", with_new_id=True)
        await hub.raise_event(second, "go", 2)
        assert json.loads((await hub.ended(second)).output or "") == [{"n": 1}, 2]
        await hub.raise_event("first", "go", 1)
        await hub.ended("first")
        assert await hub.service.restart("first", with_new_id=False) == "first"
        await hub.raise_event("first", "go", 3)
        assert json.loads((await hub.ended("first")).output or "") == [{"n": 1}, 3]
        with pytest.raises(InstanceNotFoundError):
            await hub.service.restart("nobody", with_new_id=True)

    in_hub(SdkWorker(story), play)


def test_an_instance_carries_the_default_version_and_its_children_too() -> None:
    def story(context: Any) -> Story:
        return [context.version, (yield context.call_sub_orchestrator("child"))]

    def child(context: Any) -> Story:
        yield context.call_activity("say", 1)
        return context.version

    code = SdkWorker(story, child, activities={"say": lambda x: x})

    async def play(hub: Hub) -> None:
        assert await hub.run("story") == ["2.0", "2.0"]

    in_hub(code, play, limits=replace(LIMITS, versioning=Versioning(default="2.0")))


def test_a_version_that_must_not_run_here_fails_when_the_host_is_told_so() -> None:
    def story(context: Any) -> Story:
        yield context.call_activity("say", 1)

    code = SdkWorker(story, activities={"say": lambda x: x})
    strict = Versioning(
        default="2.0", match=MatchStrategy.CURRENT_OR_OLDER, failure=FailureStrategy.FAIL
    )

    async def play(hub: Hub) -> None:
        newer = await hub.ended(await hub.start("story", version="3.0"))
        older = await hub.ended(await hub.start("story", version="1.9"))
        assert (newer.status, older.status) == ("Failed", "Completed")
        assert "'3.0' does not match the worker version '2.0'" in (newer.output or "")

    in_hub(code, play, limits=replace(LIMITS, versioning=strict))


def test_a_version_that_must_not_run_here_is_left_alone_unless_told_otherwise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def story(context: Any) -> Story:
        return (yield context.call_activity("say", context.version))

    strict = Versioning(default="2.0", match=MatchStrategy.STRICT)

    async def play(hub: Hub) -> None:
        own = await hub.ended(await hub.start("story"))
        other = await hub.start("story", version="1.9")
        async with asyncio.timeout(5):
            while "was abandoned" not in caplog.text:
                await asyncio.sleep(0.001)
        assert own.status == "Completed"
        assert (await hub.record(other)).status == "Pending"
        await hub.service.terminate(other, "nobody may run it")
        assert (await hub.ended(other)).status == "Terminated"

    code = SdkWorker(story, activities={"say": lambda x: x})
    in_hub(code, play, limits=replace(LIMITS, versioning=strict))

    assert "'1.9' does not match the worker version '2.0' under the strategy Strict" in caplog.text


@pytest.mark.parametrize(
    ("first", "second", "order"),
    [
        ("", "", 0), ("", "1.0", -1), ("1.0", "", 1), ("1.9", "1.10", -1), ("2.0", "2.0.0", -1),
        ("beta", "BETA", 0), ("alpha", "beta", -1), ("1.0", "beta", -1), ("1.0.0.1", "1.0.0", 1),
    ],
)  # fmt: skip
def test_versions_compare_by_number_where_they_are_numbers(
    first: str, second: str, order: int
) -> None:
    assert compare(first, second) == order
    assert compare(second, first) == -order
