"""Orders and a decision as Application Insights receives them, by each adapter."""

import json
import os
import re
from dataclasses import dataclass
from typing import Any, Final

import pytest

from scripts.layout import ROOT
from shared.telemetry.tracing import trace_id_of
from tests.support.approvals import FIRST, REQUESTER, a_request
from tests.support.books import Books
from tests.support.canaries import seen_in
from tests.support.drawn_trace import EVENT, LINE, NUMBER, SPAN, drawn, nodes_of, repeated
from tests.support.funchost import Answer, FuncHost, opened_host, until
from tests.support.ingestion import Item, opened_ingestion
from tests.support.orders import JSON, QUICK, accepted, ended, order, submit

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ORDER: Final = "canary"
DELIVERED: Final = "parcel"
CHAIR: Final = "chair"
_PERSON: Final = "X-Dev-Principal"
TOKEN: Final = "tok_sandbox_down_1"  # noqa: S105 - a sandbox token is no secret
BODY: Final = order(ORDER, token=TOKEN, service="sandbox_refused")
PAGE: Final = ROOT / "docs" / "observability.md"
# Set this to have the page's tree drawn anew: WRITE_TREE=1 ./dev test tests/e2e/telemetry
WRITE: Final = "WRITE_TREE"
_TREE: Final = re.compile(r"(<!-- tree -->\n```text\n)(.*?)(\n```\n<!-- /tree -->)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Everything that came in, and what the host logged."""

    items: tuple[Item, ...]
    log: str

    def trace(self, root: str) -> tuple[Item, ...]:
        """Return what is in the trace of an instance."""
        operation = trace_id_of(root)
        return tuple(i for i in self.items if i["tags"].get("ai.operation.id") == operation)

    def of(self, kind: str, root: str = f"order-{ORDER}") -> list[Any]:
        items = self.items if kind == NUMBER else self.trace(root)
        return [item["data"]["baseData"] for item in items if item["data"]["baseType"] == kind]

    def numbers(self) -> dict[tuple[str, str], float]:
        """Add up what was sent of each number, by its name and outcome."""
        sums: dict[tuple[str, str], float] = {}
        for data in self.of(NUMBER):
            for metric in data["metrics"]:
                key = (metric["name"], data.get("properties", {}).get("outcome", ""))
                sums[key] = sums.get(key, 0.0) + metric["value"]
        return sums


@pytest.fixture(scope="module", params=["azure_monitor", "opencensus"])
def received(
    request: pytest.FixtureRequest, azurite: str, tmp_path_factory: pytest.TempPathFactory
) -> Received:
    folder = tmp_path_factory.mktemp("telemetry")
    with opened_ingestion() as ingestion, Books(azurite, stock={"notebook": 10}) as books:
        settings = {
            **QUICK,
            "AzureWebJobsStorage": azurite,
            "APP_DATA_PREFIX": books.prefix,
            "APP_IDENTITY": "development",
            "APP_TELEMETRY": request.param,
            "APP_TELEMETRY_LOGS": "exporter",
            "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
        }
        with opened_host(folder, settings) as host:
            accepted(host, BODY)
            accepted(host, order(DELIVERED))
            _decide(host)
            ends = ended(host, [ORDER, DELIVERED])
            assert ends[ORDER]["businessStatus"] == "compensated", ends
            assert ends[DELIVERED]["businessStatus"] == "delivered", ends
            assert submit(host, BODY).status == 200  # a repeat belongs to the same transaction
            host.stop()  # what is left is sent now
        return Received(items=tuple(ingestion.taken), log=host.log_tail())


def _decide(host: FuncHost) -> None:
    """Have somebody ask, and somebody else agree."""

    def post(path: str, body: Any, who: str) -> Answer:
        headers = {**JSON, _PERSON: who, "X-Dev-Roles": "approval.operator"}
        return host.request("POST", path, body=json.dumps(body).encode(), headers=headers)

    request = a_request(request_id=CHAIR)
    asked = post("/api/approvals", request, REQUESTER)
    assert asked.status == 202, asked
    where = f"/api/approvals/{asked.json['instanceId']}/levels/1"
    agreed = {"decision": "approve"}
    until(
        lambda: post(where, agreed, FIRST).status in {200, 202},
        patience_s=20,
        what="the decision is taken",
    )
    until(
        lambda: (
            host.request("GET", f"/api/workflows/approval-{CHAIR}").json["runtimeStatus"]
            == "Completed"
        ),
        patience_s=20,
        what="the request ends",
    )


def _dimensions(item: Item) -> dict[str, str]:
    return item["data"]["baseData"].get("properties") or {}


def test_everything_is_in_one_trace_that_the_orders_id_leads_to(received: Received) -> None:
    of_the_order = [
        item for item in received.items if ORDER in _dimensions(item).get("instanceId", "")
    ]

    assert {item["data"]["baseType"] for item in of_the_order} == {SPAN, EVENT, LINE}
    assert tuple(of_the_order) == received.trace(f"order-{ORDER}")


def test_nothing_is_told_twice(received: Received) -> None:
    assert repeated(nodes_of(received.trace(f"order-{ORDER}"))) == []


def test_the_tree_of_the_trace_is_the_one_on_the_page(received: Received) -> None:
    tree = drawn(nodes_of(received.trace(f"order-{ORDER}")))
    page = PAGE.read_text("utf-8")
    if os.environ.get(WRITE):
        PAGE.write_text(_TREE.sub(lambda found: found[1] + tree + found[3], page), "utf-8")
        return
    [(_, shown, _)] = _TREE.findall(page)

    assert tree == shown


def test_a_child_is_told_below_its_parent_once_and_in_its_trace(received: Received) -> None:
    nodes = nodes_of(received.trace(f"order-{DELIVERED}"))
    tree = drawn(nodes)  # fails where anything hangs loose

    assert repeated(nodes) == []
    assert "├─ delivery_tracking_orchestrator (delivered)\n│  ├─ • workflow.status:" in tree
    assert "│  ├─ delivery_tracking_check_shipment (attempt 1)" in tree


def test_a_decision_is_told_in_the_trace_of_what_it_decides(received: Received) -> None:
    tree = drawn(nodes_of(received.trace(f"approval-{CHAIR}")))

    assert tree.startswith("approval_orchestrator (approved)\n├─ POST approvals (202)")
    assert "─ POST approvals/{instanceId}/levels/{level} (" in tree
    assert "• workflow.status: awaiting_decision" in tree
    assert received.numbers()["approval.age", ""] >= 0


def test_no_token_and_no_personal_data_is_in_any_item_or_line(received: Received) -> None:
    everything = json.dumps(received.items) + received.log

    assert seen_in(everything) == set()
    assert "N. N." not in everything


def test_every_span_tells_instance_order_and_attempt(received: Received) -> None:
    spans = [span["properties"] for span in received.of(SPAN)]
    activities = [span for span in spans if span["kind"] == "activity"]

    assert {span["instanceId"] for span in spans} == {f"order-{ORDER}"}
    assert {span["orderId"] for span in activities} == {ORDER}
    attempts = [
        (span["attempt"], span.get("error"))
        for span in activities
        if span["activity"] == "order_processing_authorize_payment"
    ]
    assert attempts == [("1", "provider_unavailable"), ("2", None)]


def test_events_and_lines_are_told_with_their_instance(received: Received) -> None:
    told = [*received.of(EVENT), *received.of(LINE)]

    assert told
    assert {each["properties"]["instanceId"] for each in told} == {f"order-{ORDER}"}


def test_what_happened_is_counted_once(received: Received) -> None:
    numbers = received.numbers()

    assert numbers["workflow.started", ""] == 4  # two orders, a parcel and a request
    assert numbers["workflow.completed", "compensated"] == 1
    assert numbers["workflow.completed", "delivered"] == 2
    assert numbers["workflow.compensated", ""] == 1
    assert numbers["activity.retries", ""] == 1
    assert ("workflow.failed", "") not in numbers
    assert numbers["activity.duration", "answered"] > 0
    assert numbers["queue.age", ""] > 0
