"""Records instances at rest: what the management API says of them, and their whole histories.

``python -m tests.support.record_histories`` runs the app under the test kit beside an Azurite of
its own and brings one instance after another to where it waits or ends. What is seen of those that
wait goes into ``tests/unit/shared/operations/histories``, without inputs and results, and beginning
at the same instant, so that recording again changes little. The histories go into
``tests/replay/recordings``, whole: later versions of the orchestrators are held against them.
"""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from funchost.testing import BlockingHost
from scripts import node
from scripts.azurite import Azurite
from scripts.layout import ROOT
from shared.clock import system_clock
from shared.principal import Role
from shared.settings.storage import STORAGE_SETTING
from tests.support.approvals import BOSS, DAY_S, FIRST, OPERATOR, REQUESTER, T0, a_level, a_request
from tests.support.books import Books
from tests.support.orders import order
from workflows.approval import names as approval
from workflows.batch_processing import names as batch
from workflows.delivery_tracking import names as delivery
from workflows.order_processing import names as order_processing
from workflows.saga import names as saga
from workflows.saga.definitions import REGISTRY

RECORDINGS: Final = ROOT / "tests" / "replay" / "recordings"
HISTORIES: Final = ROOT / "tests" / "unit" / "shared" / "operations" / "histories"
_HOOKS: Final = "/runtime/webhooks/durabletask/instances"
_AWAY: Final = ConnectionError("the provider is down")
# Without the fraction: instants are told with seven digits, with six and with none.
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_PARTLY_THERE: Final = (("notebook", 1, 650), ("retired-mug", 1, 1450))
_DAYS: Final = str(3 * DAY_S)
_OPERATOR: Final = {"X-Dev-Principal": OPERATOR, "X-Dev-Roles": str(Role.WORKFLOW_OPERATOR)}


_SAGA: Final[Mapping[str, Any]] = {
    "customer": {"customerId": "c-1", "email": "saga@example.com"},
    "items": [{"sku": "notebook", "quantity": 2}],
    "currency": "EUR",
    "shippingAddress": {
        "street": "Canary Street 7",
        "city": "Springfield",
        "postalCode": "12345",
        "country": "DE",
    },
    "payment": {"token": "tok_sandbox_approved"},
}


@dataclass(frozen=True, slots=True)
class Recorder:
    """A host, and what is written of its instances."""

    host: BlockingHost
    began: datetime

    def write(self, name: str, instance_id: str) -> None:
        """Keep what is seen of an instance now."""
        seen = self.host.call_http(
            "GET", f"{_HOOKS}/{instance_id}?showInput=false&showHistory=true"
        ).json()
        events: list[dict[str, Any]] = seen.get("historyEvents") or []
        for event in events:
            event.pop("Details", None)  # the failure's text once more, in the runtime's own form
        recording = {"now": self.host.now.isoformat(), "status": seen}
        text = _INSTANT.sub(self._moved, json.dumps(recording, indent=1))
        (HISTORIES / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")

        self.keep(name, instance_id)

    def keep(self, name: str, instance_id: str) -> None:
        """Keep the whole history of an instance."""
        text = self.host.record(instance_id).to_text()
        (RECORDINGS / f"{name}.jsonl").write_text(text, encoding="utf-8")

    def _moved(self, found: re.Match[str]) -> str:
        """Move an instant to where it would be had the recording begun at T0."""
        moved = datetime.fromisoformat(f"{found[0]}+00:00") - self.began + T0
        return f"{moved:%Y-%m-%dT%H:%M:%S}"

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """Send what has to be accepted."""
        answer = self.host.call_http("POST", path, json=body, headers=headers)
        assert answer.status in {200, 202}, answer.text
        return answer.json() if answer.text else None

    def told(self, instance_id: str, operation: str, reason: str) -> None:
        """Tell the runtime to do something with an instance."""
        self.host.call_http("POST", f"{_HOOKS}/{instance_id}/{operation}?reason={reason}")
        self.host.at_rest()


def orders(recorder: Recorder) -> None:
    """An order that is tried again, one that is stuck, two that wait for somebody, and one more."""
    host = recorder.host
    recorder.post("/api/orders", order("H1"))
    host.advance(timedelta(minutes=1))
    recorder.write("order-shipped", "order-H1")
    recorder.write("delivery-travelling", "tracking-H1")

    host.faults.fail(order_processing.BOOK_SHIPMENT, times=None, error=_AWAY)
    recorder.post("/api/orders", order("H2"))
    host.advance(timedelta(seconds=2))
    recorder.write("order-retrying", "order-H2")
    host.faults.fail(order_processing.VOID_PAYMENT, times=None, error=_AWAY)
    host.advance(timedelta(minutes=5))
    recorder.write("order-needs-attention", "order-H2")
    recorder.told("order-H2", "terminate", "settled+by+hand")
    recorder.write("order-terminated", "order-H2")
    host.faults.clear()

    recorder.post("/api/orders", order("H3", token="tok_sandbox_pending_forever"))  # noqa: S106 - a sandbox token is no secret
    host.advance(timedelta(minutes=2))
    recorder.write("order-awaiting-payment", "order-H3")
    host.until_done("order-H3")
    recorder.write("order-payment-expired", "order-H3")

    recorder.post("/api/orders", order("H7", lines=_PARTLY_THERE))
    host.at_rest()
    recorder.write("order-awaiting-customer", "order-H7")


def deliveries(recorder: Recorder) -> None:
    """A parcel that arrives while the carrier does not answer for a while."""
    host = recorder.host
    host.faults.fail(delivery.CHECK_SHIPMENT, times=None, error=_AWAY)
    host.advance(recorder.began + timedelta(hours=12, seconds=2) - host.now)
    recorder.write("delivery-carrier-away", "tracking-H1")
    host.advance(timedelta(seconds=20))
    recorder.write("delivery-after-giving-up", "tracking-H1")
    host.faults.clear()
    host.until_done("order-H1")
    recorder.write("order-delivered", "order-H1")


def approvals(recorder: Recorder) -> None:
    """A request at its second level, one that is suspended, one whose log is out of reach."""
    host = recorder.host
    chain = [a_level(FIRST), a_level(BOSS, timeoutS=2 * DAY_S, remindAt=[0.25])]
    recorder.post("/api/approvals", a_request(*chain, request_id="H1"), **_as(REQUESTER))
    host.at_rest()
    decided = {"decision": "approve"}
    recorder.post("/api/approvals/approval-H1/levels/1", decided, **_as(FIRST))
    host.advance(timedelta(hours=3))
    recorder.write("approval-level-2", "approval-H1")
    recorder.told("approval-H1", "suspend", "the+budget+is+looked+at")
    recorder.write("approval-suspended", "approval-H1")

    host.faults.fail(approval.ADVANCE, times=None, error=_AWAY)
    recorder.post("/api/approvals", a_request(a_level(FIRST), request_id="H2"), **_as(REQUESTER))
    host.advance(timedelta(seconds=20))
    recorder.write("approval-log-away", "approval-H2")
    host.faults.clear()


def sagas(recorder: Recorder) -> None:
    """A saga whose step is tried again, and the same when it is stuck."""
    host = recorder.host
    host.faults.fail(order_processing.BOOK_SHIPMENT, times=None, error=_AWAY)
    host.faults.fail(order_processing.RELEASE_STOCK, times=None, error=_AWAY)
    recorder.post("/api/saga/order/H1", _SAGA)
    host.advance(timedelta(seconds=5))
    recorder.write("saga-retrying", "saga-order-H1")
    host.advance(timedelta(minutes=10))
    recorder.write("saga-needs-attention", "saga-order-H1")
    host.faults.clear()


def batches(recorder: Recorder) -> None:
    """A job that is paused, and one of its shards."""
    host = recorder.host
    rows = b"".join(b"sku-%05d,100,EUR,standard,1\n" % number for number in range(60))
    content = b"sku,priceMinor,currency,taxClass,stock\n" + rows
    host.call_http("PUT", "/api/batches/sources/imports/h1.csv", body=content)
    host.faults.slow(batch.PROCESS_UNIT, timedelta(minutes=1), times=None)
    job = {
        "jobId": "H1",
        "pipeline": "catalogue_import",
        "dataSource": "imports/h1.csv",
        "batchSize": 10,
        "maxParallelism": 2,
    }
    recorder.post("/api/batches", job)
    host.advance(timedelta(seconds=10))
    recorder.write("batch-processing", "batch-H1")
    recorder.write("shard-processing", "batch-H1:shard:0")
    recorder.post("/api/batches/H1/pause", None, **_OPERATOR)
    host.advance(timedelta(minutes=5))
    recorder.write("shard-paused", "batch-H1:shard:0")
    host.faults.clear()


def endings(recorder: Recorder) -> None:
    """How it ends: what was left above, and more of every kind."""
    host = recorder.host
    recorder.post("/api/batches/H1/resume", None, **_OPERATOR)
    host.until_done("batch-H1")
    recorder.keep("batch-completed", "batch-H1")
    recorder.keep("shard-completed", "batch-H1:shard:0")
    host.until_done(host.start(batch.INCREMENT, {"pipeline": "order_export"}, instance_id="H1"))
    recorder.keep("export-increment", "H1")

    recorder.told("approval-H1", "resume", "it+was+enough")
    decided = {"decision": "approve"}
    recorder.post("/api/approvals/approval-H1/levels/2", decided, **_as(BOSS))
    host.until_done("approval-H1")
    recorder.keep("approval-approved", "approval-H1")

    recorder.post("/api/saga/order/H2", _SAGA)
    host.until_done("saga-order-H2")
    recorder.keep("saga-completed", "saga-order-H2")
    step = REGISTRY.find("order", 1).steps[0]
    alone = {"saga": "order", "version": 1, "step": step.name}
    done = host.activity_calls(step.action)[-1].input
    host.until_done(
        host.start(saga.STEP_ORCHESTRATOR, {**alone, "payload": done}, instance_id="H2")
    )
    recorder.keep("saga-step", "H2")
    ended_orders(recorder)


def ended_orders(recorder: Recorder) -> None:
    """Orders that were paid late, cancelled, sent back by carrier or customer, and amended."""
    host = recorder.host
    late, never = "tok_sandbox_pending_settles", "tok_sandbox_pending_forever"
    recorder.post("/api/orders", order("H4", token=late))
    host.until_done("order-H4")
    recorder.keep("order-settled-late", "order-H4")
    recorder.post("/api/orders", order("H5", token=never))
    host.advance(timedelta(minutes=1))
    recorder.post("/api/orders/H5/cancel", {"reason": "ordered twice"})
    host.until_done("order-H5")
    recorder.keep("order-cancelled", "order-H5")
    recorder.post("/api/orders", order("H6", service="sandbox_returned"))
    host.until_done("order-H6")
    recorder.keep("order-returned", "order-H6")
    recorder.keep("delivery-returned", "tracking-H6")
    recorder.post("/api/orders/H4/return", {"reason": "too small"})
    host.advance(timedelta(hours=1))
    recorder.keep("return-awaiting-parcel", "return-H4")
    host.until_done("return-H4")
    recorder.keep("return-received", "return-H4")
    recorder.post("/api/orders", order("H8", lines=_PARTLY_THERE))
    host.at_rest()
    word = {"items": [{"sku": "notebook", "quantity": 1}]}
    recorder.post("/api/orders/H8/amend", word)
    host.until_done("order-H8")
    recorder.keep("order-amended", "order-H8")


def lost_parcels(recorder: Recorder) -> None:
    """A parcel that its carrier tells of once, and then nobody sees it any more."""
    host = recorder.host
    recorder.post("/api/orders", order("H10", service="sandbox_lost"))
    host.advance(timedelta(hours=1))
    host.raise_event("tracking-H10", "scan:0", {})
    host.advance(timedelta(days=4))
    recorder.keep("delivery-silent", "tracking-H10")
    host.until_done("tracking-H10")
    recorder.keep("delivery-lost", "tracking-H10")


def _as(address: str) -> Mapping[str, str]:
    return {"X-Dev-Principal": address}


def main() -> None:
    """Record everything anew."""
    node.ensure_azurite()
    HISTORIES.mkdir(parents=True, exist_ok=True)
    RECORDINGS.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Azurite(log=Path(folder) / "azurite.log") as azurite,
    ):
        os.environ[STORAGE_SETTING] = azurite.connection_string
        books = Books(azurite.connection_string, stock={"notebook": 1000})
        settings = {
            "APP_DATA_PREFIX": books.prefix,
            "APP_IDENTITY": "development",
            "SANDBOX_TRANSIT_S": _DAYS,
        }
        began = system_clock().now().replace(microsecond=0)
        with BlockingHost.open(ROOT, settings=settings, begins_at=began) as host:
            recorder = Recorder(host, began)
            for record in (orders, deliveries, approvals, sagas, batches, endings, lost_parcels):
                record(recorder)


if __name__ == "__main__":
    main()
