"""Every way an order can end, played at once against one host; then the books are compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.orders.conftest import Shop
from tests.support.books import Reading
from tests.support.canaries import left_by, seen_in
from tests.support.ledgers_at_the_end import ledgers_stand_as_said
from tests.support.orders import accepted, ended, look, order, total_of
from tests.support.stories import (
    STORIES,
    audit,
    expected_traces,
    is_told_in_order,
    traces,
)
from workflows.order_processing.outcomes import OUTCOMES
from workflows.order_processing.transitions import OrderStatus

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

BODIES = {
    name: order(
        name, lines=story.lines, token=story.token, service=story.service, currency=story.currency
    )
    for name, story in STORIES.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What is left when all stories are over."""

    shop: Shop
    projections: Mapping[str, Any]
    reading: Reading


@pytest.fixture(scope="module")
def played(shop: Shop) -> Played:
    for body in BODIES.values():
        accepted(shop.host, body)
    projections = ended(shop.host, BODIES)
    return Played(shop=shop, projections=projections, reading=shop.books.read())


@pytest.mark.parametrize("name", STORIES)
def test_an_order_ends_as_its_story_says(played: Played, name: str) -> None:
    projection, story = played.projections[name], STORIES[name]
    output = projection["output"]

    assert projection["runtimeStatus"] == "Completed"
    assert projection["businessStatus"] == output["status"] == story.status
    assert output.get("reason") == story.reason
    assert output["customerTold"]
    paid = total_of(BODIES[name]) if story.is_sold or story.is_refunded else 0
    assert output["amounts"] == {
        "totalMinor": total_of(BODIES[name]),
        "taxMinor": output["amounts"]["taxMinor"],
        "capturedMinor": paid,
        "refundedMinor": paid if story.is_refunded else 0,
        "currency": story.currency,
    }
    assert not story.is_sold or 0 < output["amounts"]["taxMinor"] < paid
    undone = [(entry["step"], entry["status"]) for entry in output["compensations"]]
    assert undone == [(step, "compensated") for step in story.undone]


@pytest.mark.parametrize("name", STORIES)
def test_an_order_leaves_each_of_its_effects_once(played: Played, name: str) -> None:
    assert traces(played.reading, name) == expected_traces(STORIES[name])
    assert is_told_in_order(played.reading.mails_to(name), STORIES[name])


def test_stock_money_and_parcels_add_up_over_all_orders(played: Played) -> None:
    audit(played.reading, STORIES, BODIES)


@pytest.mark.parametrize("name", STORIES)
def test_the_ledgers_stand_as_the_row_of_the_end_says(played: Played, name: str) -> None:
    end = OUTCOMES[OrderStatus(STORIES[name].status)]

    assert played.projections[name]["runtimeStatus"] == end.runtime
    ledgers_stand_as_said(played.reading, name, STORIES[name].status)
    shown = played.shop.host.request("GET", f"/api/orders/{name}").json
    assert (shown["status"], shown["mayCancel"]) == (STORIES[name].status, False)


def test_a_rejected_order_names_every_wrong_line(played: Played) -> None:
    problems = {
        name: [(found["code"], found.get("sku")) for found in projection["output"]["problems"]]
        for name, projection in played.projections.items()
        if projection["businessStatus"] == "rejected"
    }

    assert problems == {
        "an-unknown-sku-is-rejected": [("unknown_sku", "no-such-thing")],
        "a-wrong-price-is-rejected": [("price_differs", "notebook")],
        "another-currency-is-rejected": [("not_sold_in_currency", "ink-refill")],
        "nothing-to-pay-is-rejected": [("nothing_to_pay", None)],
    }


def test_a_sold_order_shows_its_parcel_and_the_parcel_its_own_story(played: Played) -> None:
    name = "an-approved-order-is-delivered"
    output = played.projections[name]["output"]
    parcel = played.shop.host.request("GET", f"/api/workflows/tracking-{name}")

    assert parcel.json["runtimeStatus"] == "Completed"
    assert parcel.json["businessStatus"] == "delivered"
    assert parcel.json["output"]["trackingNumber"] == output["trackingNumber"]


def test_no_instance_is_left_running(played: Played) -> None:
    assert played.shop.host.unfinished() == set()


def test_tokens_and_personal_data_are_in_no_answer_no_state_and_no_log(played: Played) -> None:
    host = played.shop.host
    answers = [look(host, name, history=True) for name in BODIES]
    answers += [look(host, name) for name in BODIES]
    places = {**left_by(host), "an answer": b"".join(answer.body for answer in answers)}

    assert {place: seen for place, content in places.items() if (seen := seen_in(content))} == {}
    # Had the places been unreadable, nothing would have been found either.
    assert b"an-approved-order-is-delivered" in b"".join(places.values())
    assert {answer.status for answer in answers} == {200}
