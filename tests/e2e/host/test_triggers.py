"""Timers, queues and blobs under the local host with Azurite, and functions run by hand."""

import base64
import json
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from tests.e2e.host.app_host import APPS, PATIENCE_S, AppHost, an_app, refused, served
from tests.support.funchost import until

pytestmark = pytest.mark.e2e

NEVER = "0 0 0 1 1 *"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The app of triggers, its storage, and what its functions noted."""

    host: AppHost
    folder: Path
    prefix: str
    queues: QueueServiceClient
    blobs: BlobServiceClient

    def noted(self, name: str) -> list[Any]:
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def eventually[T](self, question: Callable[[], T], what: str) -> T:
        return until(
            question, patience_s=PATIENCE_S, what=f"{what}\n{self.host.log_tail()}", pause_s=0.1
        )

    def messages(self, queue: str, *, whole_name: bool = False) -> list[str]:
        name = queue if whole_name else f"{self.prefix}-{queue}"
        try:
            found = self.queues.get_queue_client(name).peek_messages(max_messages=32)
        except ResourceNotFoundError:
            return []
        return [base64.b64decode(message.content).decode() for message in found]

    def write(self, name: str, text: str) -> None:
        container = self.blobs.get_container_client(f"{self.prefix}-shop")
        if not container.exists():
            container.create_container()
        container.upload_blob(name, text, overwrite=True)

    def order(self, *orders: dict[str, str]) -> None:
        answer = self.host.call("POST", "/api/orders", json.dumps(orders))
        assert answer.status == 202, answer


@pytest.fixture
def settings(tmp_path: Path, azurite: str) -> dict[str, str]:
    return {
        "AzureWebJobsStorage": azurite,
        "SCRATCH": str(tmp_path),
        "PREFIX": f"t{uuid.uuid4().hex[:20]}",
        "EVERY": NEVER,
        "AzureFunctionsWebHost__hostid": f"h{uuid.uuid4().hex[:20]}",  # others run the same app
    }


def shop_of(host: AppHost, folder: Path, settings: dict[str, str]) -> Shop:
    connection = settings["AzureWebJobsStorage"]
    return Shop(
        host=host,
        folder=folder,
        prefix=settings["PREFIX"],
        queues=QueueServiceClient.from_connection_string(connection),
        blobs=BlobServiceClient.from_connection_string(connection),
    )


@pytest.fixture
def shop(tmp_path: Path, settings: dict[str, str]) -> Generator[Shop]:
    with served(APPS / "storage", tmp_path, settings=settings) as host:
        shop = shop_of(host, tmp_path, settings)
        with shop.queues, shop.blobs:
            yield shop


def test_an_order_goes_from_http_by_queue_and_blob_to_another_queue(shop: Shop) -> None:
    shop.write("prices/lamp.txt", "12 EUR")

    shop.order({"id": "a", "item": "lamp"}, {"id": "b", "item": "lamp"})

    shop.eventually(lambda: len(shop.messages("sent")) == 2, "two bills are sent")
    sent = shop.messages("sent")
    name = f"{shop.prefix}-shop/bills"
    assert sorted(sent) == [f"sent {name}/a.txt", f"sent {name}/b.txt"]
    assert {note["text"] for note in shop.noted("send")} == {"lamp: 12 EUR"}
    assert {note["length"] for note in shop.noted("send")} == {len("lamp: 12 EUR")}
    assert [note["attempt"] for note in shop.noted("bill")] == [1, 1]
    assert shop.messages("orders") == []


def test_a_message_that_fails_five_times_is_poison(shop: Shop) -> None:
    shop.order({"id": "c", "item": "nothing"})

    poison = shop.eventually(lambda: shop.messages("orders-poison"), "poison")

    assert poison == ['{"id": "c", "item": "nothing"}']
    assert [note["attempt"] for note in shop.noted("bill")] == [1, 2, 3, 4, 5]
    assert shop.messages("orders") == []


def test_each_version_of_a_blob_is_handled_once_even_after_a_restart(shop: Shop) -> None:
    def sent() -> list[str]:
        return [note["text"] for note in shop.noted("send")]

    shop.write("bills/a.txt", "first")
    shop.eventually(lambda: len(shop.messages("sent")) == 1, "the first version is handled")
    shop.host.stop()
    shop.write("bills/b.txt", "meanwhile")
    shop.host.restart()
    shop.eventually(lambda: len(shop.messages("sent")) == 2, "the other blob is handled")
    shop.write("bills/a.txt", "second")
    shop.eventually(lambda: len(shop.messages("sent")) == 3, "the second version is handled")

    assert sent() == ["first", "meanwhile", "second"]


def test_a_blob_that_fails_five_times_is_poison(shop: Shop) -> None:
    shop.write("bills/d.txt", "bad")

    def poison() -> list[Any]:
        found = map(json.loads, shop.messages("webjobs-blobtrigger-poison", whole_name=True))
        return [each for each in found if each["ContainerName"] == f"{shop.prefix}-shop"]

    [version] = shop.eventually(poison, "poison")

    assert version["FunctionId"] == "Host.Functions.send_bill"
    assert version["BlobName"] == "bills/d.txt"
    assert len(shop.noted("send")) == 5


def test_a_timer_starts_an_orchestration_whose_activity_tells_a_queue(shop: Shop) -> None:
    said = shop.eventually(lambda: shop.messages("said"), "the activity tells")

    assert said == ["Hello timer"]
    assert shop.noted("timer") == [{"past_due": False}]


def test_a_timer_that_was_due_while_the_host_was_killed_runs_once_as_past_due(shop: Shop) -> None:
    file = shop.folder / "state.db.schedules.json"
    shop.eventually(lambda: shop.noted("timer"), "the run at the start")
    shop.host.kill()
    document = json.loads(file.read_text())
    due = "2026-01-01T00:00:00+00:00"
    document["start_by_timer"] |= {"next": due, "updated": "2025-12-31T00:00:00+00:00"}
    file.write_text(json.dumps(document))
    shop.host.restart()

    def noted() -> bool:
        last: object = json.loads(file.read_text())["start_by_timer"]["last"]
        return last == due

    shop.eventually(noted, "the run that was missed is noted")

    assert shop.noted("timer") == [{"past_due": False}, {"past_due": True}]


def test_functions_are_run_by_hand_through_the_admin_endpoint(shop: Shop) -> None:
    def by_hand(name: str, body: str | None) -> int:
        return shop.host.call("POST", f"/admin/functions/{name}", body).status

    shop.write("prices/lamp.txt", "12 EUR")
    order = json.dumps({"id": "h", "item": "lamp"})

    assert by_hand("stubborn", "{}") == 202
    assert by_hand("say", json.dumps({"input": "hand"})) == 202
    assert by_hand("bill_order", json.dumps({"input": order})) == 202
    assert by_hand("take_orders", "{}") == 400
    assert by_hand("greet", "{}") == 400
    assert by_hand("say", None) == 400
    assert by_hand("say", "[") == 400
    assert by_hand("none", "{}") == 404
    shop.eventually(lambda: len(shop.noted("stubborn")) == 3, "the timer's retries")
    shop.eventually(lambda: {"name": "hand"} in shop.noted("say"), "the activity")
    shop.eventually(lambda: shop.noted("bill"), "the queue's function")
    assert shop.noted("stubborn") == [
        {"count": 0, "limit": 2, "said": None},
        {"count": 1, "limit": 2, "said": "ValueError: not at run 0"},
        {"count": 2, "limit": 2, "said": "ValueError: not at run 1"},
    ]


HEAD = """
import azure.functions as func
app = func.FunctionApp()
"""


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        (
            """
@app.timer_trigger(arg_name="timer", schedule="0 61 * * * *")
def tick(timer: func.TimerRequest) -> None: ...
""",
            (
                "Function 'tick', binding 'timer' of type timerTrigger, cannot be served: "
                "'61' is no minute (0 to 59)."
            ),
        ),
        (
            """
@app.queue_trigger(arg_name="message", queue_name="q", connection="NOWHERE")
def take(message: func.QueueMessage) -> None: ...
""",
            (
                "Function 'take', binding 'message' of type queueTrigger, cannot be served: "
                "the app setting 'NOWHERE' is not there; set it to a connection string of a "
                "storage account, such as UseDevelopmentStorage=true."
            ),
        ),
        (
            """
@app.queue_trigger(arg_name="message", queue_name="q", connection="BROKEN")
def take(message: func.QueueMessage) -> None: ...
""",
            (
                "Function 'take', binding 'message' of type queueTrigger, cannot be served: "
                "its connection string cannot be read."
            ),
        ),
        (
            """
@app.service_bus_queue_trigger(arg_name="message", queue_name="q", connection="BROKEN")
def take(message: func.ServiceBusMessage) -> None: ...
""",
            (
                "Function 'take' has the binding 'message' of type serviceBusTrigger (in), which "
                "this host does not serve."
            ),
        ),
    ],
    ids=["schedule", "connection", "connection string", "service bus"],
)
def test_what_cannot_be_served_is_said_at_start_up(
    tmp_path: Path, code: str, complaint: str
) -> None:
    app = an_app(tmp_path / "app", f"{HEAD}{code}")

    said = refused(app, settings={"BROKEN": "secret=CANARY"})

    assert complaint in said
    assert "CANARY" not in said
