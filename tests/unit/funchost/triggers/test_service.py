"""All triggers of an app together, on a storage account in memory."""

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from funchost.dispatch.clock import SystemClock
from funchost.settings.triggers import BlobSettings, QueueSettings
from funchost.triggers.errors import TriggerError
from funchost.triggers.listeners import StorageSettings
from funchost.triggers.schedule_file import MemorySchedules
from funchost.triggers.service import Surroundings, TriggerService
from funchost.worker.answers import Failure
from funchost.worker.errors import BindingFailedError
from funchost.worker.functions import Binding, FoundFunction, Function, read_functions
from funchost.worker.library import Success
from funchost.worker.occasions import Occasion
from funchost.worker.protos import TypedData
from tests.support.fake_storage import FakeAccount
from tests.support.http_host import on_loop

STORAGE = {"AzureWebJobsStorage": "connection"}
SOON = timedelta(milliseconds=1)


class App:
    """Plays the app: notes what it was called with, fails by name of content."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, function: Function, occasion: Occasion) -> Success | Failure:
        self.seen.append((function.name, occasion.value.value))
        await self.gate.wait()
        if occasion.value.value == b"bad":
            return Failure(message="ValueError: bad", stack="")
        return Success(value=None)


class Bench:
    def __init__(self, *bindings: tuple[str, Mapping[str, Any]], **settings: str) -> None:
        found = [
            FoundFunction(
                name=name,
                function_id=name,
                is_async=False,
                raw_bindings=[json.dumps({"direction": "IN", "name": "x"} | dict(raw))],
            )
            for name, raw in bindings
        ]
        self.account = FakeAccount()
        self.app = App()
        self.functions = read_functions(found, {})
        self.service = TriggerService(
            self.functions.functions,
            Surroundings(
                run=self.app,
                clock=SystemClock(),
                schedules=MemorySchedules(),
                storage=StorageSettings(
                    queues=QueueSettings(longest_pause=SOON),
                    blobs=BlobSettings(most_attempts=2),
                    app={**STORAGE, **settings},
                    host_id="host",
                ),
                new_id=lambda: "fresh",
                open_account=lambda _connection: self.account,
            ),
        )

    def function(self, name: str) -> Function:
        return next(each for each in self.functions.functions if each.name == name)

    async def eventually(self, count: int) -> None:
        while len(self.app.seen) < count:
            await asyncio.sleep(0.001)

    async def stop(self, grace: timedelta = timedelta(seconds=5)) -> None:
        await self.service.stop(grace)


QUEUE = ("take", {"type": "queueTrigger", "queueName": "%Q%"})
BLOB = ("watch", {"type": "blobTrigger", "path": "in/{name}"})
TIMER = ("tick", {"type": "timerTrigger", "schedule": "0 0 0 1 1 *"})
ACTIVITY = ("say", {"type": "activityTrigger"})


@on_loop
async def test_a_blob_is_handled_once_and_leaves_a_receipt() -> None:
    bench = Bench(BLOB)
    await bench.account.blobs.write("in", "a", b"content")
    await bench.account.blobs.write("other", "b", b"content")
    bench.service.start()

    await bench.eventually(1)
    await bench.stop()

    assert bench.app.seen == [("watch", b"content")]
    receipts = [name for where, name in bench.account.blobs.kept if where == "azure-webjobs-hosts"]
    assert receipts == ["blobreceipts/host/watch/0x0/in/a"]
    assert bench.account.queue("azure-webjobs-blobtrigger-host").is_empty
    assert bench.account.is_closed


@on_loop
@pytest.mark.parametrize("passes", range(12))
async def test_a_stop_ends_in_whatever_pass_of_the_loop_it_comes(passes: int) -> None:
    bench = Bench(BLOB)
    bench.app.gate.clear()
    await bench.account.blobs.write("in", "a", b"content")
    bench.service.start()
    await bench.eventually(1)

    bench.app.gate.set()
    for _ in range(passes):
        await asyncio.sleep(0)
    await bench.stop()

    assert bench.account.is_closed


@on_loop
async def test_a_blob_that_is_gone_or_replaced_before_its_turn_is_let_be() -> None:
    bench = Bench(BLOB)
    queue = bench.account.queue("azure-webjobs-blobtrigger-host")
    await bench.account.blobs.write("in", "replaced", b"new")
    for blob in ("gone", "replaced"):
        message = {
            "FunctionId": "Host.Functions.watch",
            "ContainerName": "in",
            "BlobName": blob,
            "ETag": "0xold",
        }
        await queue.add(base64.b64encode(json.dumps(message).encode()).decode())
    bench.service.start()

    await bench.eventually(1)
    await bench.stop()

    assert bench.app.seen == [("watch", b"new")]  # once, for its own version
    assert queue.is_empty


@on_loop
async def test_a_failing_blob_is_poison_and_not_found_again_by_the_next_host() -> None:
    bench = Bench(BLOB)
    await bench.account.blobs.write("in", "a", b"bad")
    bench.service.start()
    await bench.eventually(2)
    await bench.stop()
    poison = bench.account.queue("webjobs-blobtrigger-poison")
    assert len(poison.visible) == 1

    again = Bench(BLOB)
    again.account.blobs = bench.account.blobs
    again.service = TriggerService(again.functions.functions, again.service._surroundings)
    again.service.start()
    await again.account.blobs.write("in", "b", b"good")
    await again.eventually(1)
    await again.stop()

    assert again.app.seen == [("watch", b"good")]


@on_loop
async def test_functions_can_be_run_by_hand() -> None:
    bench = Bench(QUEUE, BLOB, TIMER, ACTIVITY, Q="queue")
    await bench.account.blobs.write("in", "a", b"content")

    for name, text in (("take", "hi"), ("watch", "in/a"), ("watch", "in/no"), ("say", "you")):
        bench.service.run_by_hand(bench.function(name), text)
    bench.service.run_by_hand(bench.function("tick"), None)
    await bench.eventually(4)
    await bench.stop()

    seen = dict(bench.app.seen)
    assert (seen["take"], seen["watch"], seen["say"]) == ("hi", b"content", '"you"')
    assert json.loads(seen["tick"])["IsPastDue"] is False


@on_loop
async def test_stopping_waits_for_what_runs_and_begins_nothing_more() -> None:
    bench = Bench(QUEUE, Q="queue")
    queue = bench.account.queue("queue")
    bench.app.gate.clear()
    await queue.add(base64.b64encode(b"a").decode())
    bench.service.start()
    await bench.eventually(1)
    was_idle = bench.service.is_idle

    stopping = asyncio.create_task(bench.stop())
    await asyncio.sleep(0.01)
    await queue.add(base64.b64encode(b"b").decode())
    bench.app.gate.set()
    await stopping

    assert not was_idle
    assert bench.app.seen == [("take", "a")]
    assert queue.texts == [base64.b64encode(b"b").decode()]
    assert not queue.hidden


@on_loop
async def test_stopping_gives_up_on_what_does_not_end_in_time() -> None:
    bench = Bench(QUEUE, Q="queue")
    bench.app.gate.clear()
    queue = bench.account.queue("queue")
    await queue.add(base64.b64encode(b"a").decode())
    bench.service.start()
    await bench.eventually(1)

    await bench.stop(grace=SOON)

    assert len(queue.hidden) == 1  # it comes back when its time is over


def test_every_trigger_that_cannot_be_served_is_named() -> None:
    with pytest.raises(TriggerError) as caught:
        Bench(
            QUEUE,
            ("odd", {"type": "blobTrigger", "path": "{container}/x"}),
            ("never", {"type": "timerTrigger", "schedule": "0 0 0 30 2 *"}),
        )

    lines = str(caught.value).splitlines()
    assert [line.split("'")[1] for line in lines] == ["take", "odd", "never"]


@on_loop
async def test_outputs_go_where_their_expressions_say_and_inputs_may_be_missing() -> None:
    bench = Bench()
    bindings = bench.service.bindings

    def binding(kind: str, **members: str) -> Binding:
        return Binding(type=kind, name="x", direction="out", settings=members)

    data = {"id": "7"}
    await bindings.write(binding("queue", queueName="Q-{id}"), TypedData(string="hi"), data)
    await bindings.write(binding("blob", path="out/{id}"), TypedData(string="text"), data)
    found = await bindings.read(binding("blob", path="out/{id}"), data)
    missing = await bindings.read(binding("blob", path="out/none"), data)

    assert bench.account.queue("q-7").texts == [base64.b64encode(b"hi").decode()]
    assert found.value == b"text"
    assert missing.kind is None
    with pytest.raises(BindingFailedError, match=r"no value for '\{id\}'"):
        await bindings.read(binding("blob", path="out/{id}"), {})
    with pytest.raises(BindingFailedError, match="A blob cannot be made of int"):
        await bindings.write(binding("blob", path="out/x"), TypedData(int=5), {})


@pytest.mark.parametrize(
    ("kind", "members", "complaint"),
    [
        ("queue", {}, "it names no queue"),
        ("blob", {"path": "container"}, "names no blob"),
        ("blob", {"path": "%Gone%/x"}, "'Gone'"),
        ("queue", {"queueName": "q", "connection": "Other"}, "'Other' is not there"),
    ],
)
def test_a_binding_that_can_never_work_is_refused(
    kind: str, members: dict[str, str], complaint: str
) -> None:
    bindings = Bench().service.bindings

    with pytest.raises(TriggerError, match=complaint):
        bindings.check(Binding(type=kind, name="x", direction="out", settings=members))
