"""The management API as the application speaks it, with a real host on the other side."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df
import pytest
from aiohttp import web

from shared.durable import InstanceId
from shared.errors import ProviderUnavailableError
from shared.operations import management_api
from shared.operations.management_api import Answer, Management, ManagementApi, PageQuery
from tests.support.http_host import http_host, on_loop
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import Hub, task_hub

pytestmark = pytest.mark.integration

type Story = Generator[Any, Any, Any]


def ask(context: Any) -> Story:
    context.set_custom_status({"status": "asking"})
    return (yield context.wait_for_external_event("answer"))


def parent(context: Any) -> Story:
    return (yield context.call_sub_orchestrator("ask", None, "child-1"))


def fail(context: Any) -> Story:
    yield context.call_activity("boom", None)


def boom(_value: None) -> None:
    raise ValueError("no")


@asynccontextmanager
async def engine() -> AsyncGenerator[tuple[Management, Hub]]:
    worker = SdkWorker(ask, parent, fail, activities={"boom": boom})
    async with task_hub(worker) as hub, http_host(hub=hub.service) as host:
        yield management_api.of(host.client), hub


@on_loop
async def test_an_instance_is_read_without_its_input() -> None:
    async with engine() as (management, hub):
        await hub.start("ask", {"secret": 1}, instance_id="a-1")
        await hub.at_rest()
        found = await management.find(InstanceId("a-1"), history=True)
        unknown = await management.find(InstanceId("a-2"))

    assert unknown is None
    assert found is not None
    assert (found.orchestrator, found.runtime_status.value) == ("ask", "Running")
    assert found.custom_status == {"status": "asking"}
    assert found.history is not None
    assert [event["EventType"] for event in found.history] == ["ExecutionStarted"]
    assert "secret" not in repr(found)


@on_loop
async def test_pages_lead_to_every_orchestration() -> None:
    async with engine() as (management, hub):
        for number in range(7):
            await hub.start("ask", instance_id=f"a-{number}")
        await hub.at_rest()
        seen: list[str] = []
        token: str | None = None
        while True:
            page = await management.page(PageQuery(top=3), token)
            seen += [view.instance_id for view in page.instances]
            if (token := page.token) is None:
                break

    assert seen == [f"a-{number}" for number in range(7)]


@on_loop
async def test_a_page_holds_what_was_created_from_one_instant_until_before_another() -> None:
    async with engine() as (management, hub):
        await hub.start("ask", instance_id="a-1")
        await hub.at_rest()
        created = (await hub.record("a-1")).created_at
        tick = timedelta(microseconds=1)

        async def found(begin: datetime, end: datetime) -> int:
            query = PageQuery(created_from=begin, created_before=end, id_prefix="a-")
            return len((await management.page(query)).instances)

        assert await found(created, created + tick) == 1
        assert await found(created - tick, created) == 0
        assert await found(created + tick, created + 2 * tick) == 0
        running = frozenset({df.OrchestrationRuntimeStatus.Running})
        ended = frozenset({df.OrchestrationRuntimeStatus.Completed})
        assert len((await management.page(PageQuery(statuses=running))).instances) == 1
        assert len((await management.page(PageQuery(statuses=ended))).instances) == 0


@on_loop
async def test_what_is_done_to_an_instance_is_done_or_the_answer_says_why_not() -> None:
    asked, unknown = InstanceId("a-1"), InstanceId("a-9")
    async with engine() as (management, hub):
        await hub.start("ask", instance_id=asked)
        await hub.at_rest()
        answers = [
            await management.suspend(asked, "a & b?"),
            await management.suspend(asked, "again"),
            await management.resume(asked, "go on"),
            await management.purge(asked),
            await management.raise_event(asked, "answer", {"yes": True}),
        ]
        ended = await hub.ended(asked)
        answers += [
            await management.terminate(asked, "late"),
            await management.rewind(asked, "late"),
            await management.purge(asked),
            await management.terminate(unknown, "who"),
            await management.purge(unknown),
        ]

    assert ended.output == '{"yes":true}'
    assert answers == [
        *(Answer.DONE, Answer.REFUSED, Answer.DONE, Answer.REFUSED, Answer.DONE),
        *(Answer.ENDED, Answer.ENDED, Answer.DONE, Answer.UNKNOWN, Answer.UNKNOWN),
    ]


@on_loop
async def test_a_failed_instance_is_rewound_and_a_known_one_started_again() -> None:
    async with engine() as (management, hub):
        await hub.start("fail", instance_id="f-1")
        await hub.ended("f-1")
        again = await management.restart(InstanceId("f-1"))
        nobody = await management.restart(InstanceId("f-2"))
        rewound = await management.rewind(InstanceId("f-1"), "the cause is gone")

    assert again not in {None, "f-1"}
    assert nobody is None
    assert rewound is Answer.DONE


@on_loop
async def test_the_children_that_an_instance_waits_for_are_known() -> None:
    async with engine() as (management, hub):
        await hub.start("parent", instance_id="p-1")
        await hub.at_rest()

        assert await management.children(InstanceId("p-1")) == ("child-1",)
        assert await management.children(InstanceId("child-1")) == ()


@on_loop
async def test_entities_and_what_has_no_id_of_ours_are_left_out() -> None:
    shown = [
        {"instanceId": instance_id, "name": "x", "runtimeStatus": "Running"}
        for instance_id in ("@tally@x", "a/b", "a-1")
    ]

    async def list_instances(_request: web.Request) -> web.Response:
        return web.json_response(shown, headers={"x-ms-continuation-token": "on"})

    async with _served(list_instances) as url:
        page = await ManagementApi(url).page(PageQuery())

    assert [view.instance_id for view in page.instances] == ["a-1"]
    assert page.token is not None


@pytest.mark.parametrize("last", ["", "null", "bnVsbA=="])
@on_loop
async def test_the_last_page_is_known_in_every_form_that_the_runtime_has(last: str) -> None:
    async def list_instances(_request: web.Request) -> web.Response:
        return web.json_response([], headers={"x-ms-continuation-token": last})

    async with _served(list_instances) as url:
        assert (await ManagementApi(url).page(PageQuery())).token is None


@on_loop
async def test_a_runtime_that_is_away_is_told_without_its_address() -> None:
    async def fall_over(_request: web.Request) -> web.Response:
        return web.Response(status=502, text="no")

    async with _served(fall_over) as url:
        for address in (url, "http://127.0.0.1:9/"):
            with pytest.raises(ProviderUnavailableError, match="the runtime") as told:
                await ManagementApi(address).page(PageQuery(created_from=datetime.now(UTC)))
            assert "127.0.0.1" not in str(told.value)


@asynccontextmanager
async def _served(handler: Any) -> AsyncGenerator[str]:
    app = web.Application()
    app.router.add_get("/instances/", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = runner.addresses[0]
    yield f"http://127.0.0.1:{address[1]}/"
    await runner.cleanup()
