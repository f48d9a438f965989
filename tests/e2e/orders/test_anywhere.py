"""What an app has to do wherever it runs: funchost, `func start`, or Azure (``--against URL``).

Only HTTP is spoken, ids are new in each run, and nothing depends on how fast the host is.
"""

import json
from typing import Any, Final

import pytest

from tests.e2e.orders.conftest import OpenShop, Shop
from tests.support.approvals import a_request
from tests.support.funchost import Answer, until
from tests.support.orders import JSON, accepted, ended, look, order, submit, total_of
from tests.support.site import Site, fresh

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PATIENCE_S: Final = 180.0  # a cold start, and a parcel that takes its ten seconds
PRICES: Final = (
    b"sku,priceMinor,currency,taxClass,stock\nstool,2990,EUR,standard,12\nshelf,x,EUR,standard,3\n"
)


@pytest.fixture(scope="module")
def shop(open_shop: OpenShop) -> Shop:
    return open_shop(SANDBOX_TRANSIT_S="0.5")


def post(site: Site, path: str, body: Any) -> Answer:
    return site.request("POST", path, body=json.dumps(body).encode(), headers=JSON)


def end_of(site: Site, instance_id: str) -> Any:
    """Wait until an instance has ended, and return what is shown of it."""

    def projection() -> Any:
        answer = site.request("GET", f"/api/workflows/{instance_id}")
        assert answer.status == 200, answer
        return None if answer.json["runtimeStatus"] in {"Pending", "Running"} else answer.json

    return until(projection, patience_s=PATIENCE_S, what=f"{instance_id} ends", pause_s=0.3)


def test_an_order_is_delivered_and_charged_once(site: Site) -> None:
    body = order(fresh("delivered"))
    accepted(site, body)
    again = submit(site, body)

    projection = ended(site, [body["orderId"]], patience_s=PATIENCE_S)[body["orderId"]]

    assert again.status in {200, 202}
    assert projection["businessStatus"] == "delivered"
    assert projection["output"]["amounts"]["capturedMinor"] == total_of(body)


def test_an_order_that_is_refused_by_its_carrier_is_undone(site: Site) -> None:
    body = order(fresh("refused"), service="sandbox_refused")
    accepted(site, body)

    output = ended(site, [body["orderId"]], patience_s=PATIENCE_S)[body["orderId"]]["output"]

    assert (output["status"], output["amounts"]["capturedMinor"]) == ("compensated", 0)
    assert [(each["step"], each["status"]) for each in output["compensations"]] == [
        ("book_shipment", "compensated"),
        ("authorize_payment", "compensated"),
        ("reserve_stock", "compensated"),
    ]


def test_a_declined_payment_ends_the_order(site: Site) -> None:
    body = order(fresh("declined"), token="tok_sandbox_declined")  # noqa: S106 - of the sandbox
    accepted(site, body)

    projection = ended(site, [body["orderId"]], patience_s=PATIENCE_S)[body["orderId"]]

    assert projection["businessStatus"] == "payment_declined"


def test_another_order_under_the_same_id_is_a_conflict(site: Site) -> None:
    body = order(fresh("taken"))
    accepted(site, body)

    assert submit(site, {**body, "currency": "USD"}).status == 409


def test_an_order_shows_nothing_private(site: Site) -> None:
    body = order(fresh("private"))
    accepted(site, body)
    ended(site, [body["orderId"]], patience_s=PATIENCE_S)

    for answer in (look(site, body["orderId"]), look(site, body["orderId"], history=True)):
        assert b"@example.com" not in answer.body
        assert b"tok_" not in answer.body
        assert b"/runtime/webhooks" not in answer.body


def test_a_saga_is_carried_through(site: Site) -> None:
    body = order(fresh("saga"))
    order_id = body.pop("orderId")

    answer = post(site, f"/api/saga/order/{order_id}", body)

    assert answer.status == 202, answer
    assert end_of(site, f"saga-order-{order_id}")["businessStatus"] == "completed"


def test_an_approval_waits_for_its_first_level(site: Site) -> None:
    request_id = fresh("approval")

    answer = post(site, "/api/approvals", a_request(request_id=request_id))

    assert answer.status == 202, answer

    def is_asked() -> bool:
        shown = site.request("GET", f"/api/workflows/approval-{request_id}").json
        return bool(shown.get("businessStatus") == "awaiting_decision")

    assert until(is_asked, patience_s=PATIENCE_S, what="somebody is asked", pause_s=0.3)


def test_a_file_is_worked_through_and_a_bad_row_costs_one_dead_letter(site: Site) -> None:
    job = fresh("batch")
    put = site.request("PUT", f"/api/batches/sources/imports/{job}.csv", body=PRICES)
    assert put.status == 201, put

    started = post(
        site,
        "/api/batches",
        {
            "jobId": job,
            "pipeline": "catalogue_import",
            "dataSource": put.json["dataSource"],
            "dryRun": True,
            "failureBudget": {"percent": 60},
        },
    )
    assert started.status == 202, started

    def end() -> Any:
        document = site.request("GET", f"/api/batches/{job}").json
        return document if document["completedAt"] else None

    rows = until(end, patience_s=PATIENCE_S, what="the job ends", pause_s=0.3)["rows"]
    assert (rows["planned"], rows["accepted"], rows["rejected"]) == (2, 1, 1)
