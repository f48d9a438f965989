"""Starting an order is idempotent: its id and its content decide, not how often it is sent."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.orders.conftest import OpenShop, Shop
from tests.support.funchost import Answer
from tests.support.orders import (
    JSON,
    ORDERS,
    Body,
    accepted,
    ended,
    look,
    order,
    submit,
    total_of,
)
from tests.support.stories import Story, expected_traces, is_told_in_order, traces

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

AT_ONCE = 30


@pytest.fixture(scope="module")
def shop(open_shop: OpenShop) -> Shop:
    return open_shop(SANDBOX_TRANSIT_S="0.5")


def submit_together(shop: Shop, bodies: list[Body]) -> list[Answer]:
    with ThreadPoolExecutor(len(bodies)) as customers:
        sent = [customers.submit(submit, shop.host, body) for body in bodies]
        return [answer.result() for answer in sent]


def assert_served_once(shop: Shop, order_id: str) -> None:
    reading = shop.books.read()
    assert traces(reading, order_id) == expected_traces(Story())
    assert is_told_in_order(reading.mails_to(order_id), Story())


def test_an_accepted_order_is_answered_with_where_to_look_and_when(shop: Shop) -> None:
    answer = submit(shop.host, order("links"))

    assert answer.status == 202
    assert answer.headers["location"] == "/api/workflows/order-links"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json == {
        "orderId": "links",
        "instanceId": "order-links",
        "links": {
            "self": "/api/workflows/order-links",
            "history": "/api/workflows/order-links?include=history",
            "delivery": "/api/workflows/tracking-links",
        },
    }
    assert b"/runtime/webhooks" not in answer.body
    assert b"code=" not in answer.body


def test_the_same_order_again_leads_to_the_same_instance_while_it_runs(shop: Shop) -> None:
    first, second = (submit(shop.host, order("again")) for _ in range(2))

    assert (first.status, second.status) == (202, 202)
    assert first.json == second.json
    ended(shop.host, ["again"])
    assert_served_once(shop, "again")


def test_the_same_order_after_its_end_is_answered_with_that_end(shop: Shop) -> None:
    accepted(shop.host, order("over"))
    before = ended(shop.host, ["over"])["over"]

    repeats = [submit(shop.host, order("over")) for _ in range(2)]

    assert [answer.status for answer in repeats] == [200, 200]
    assert look(shop.host, "over").json == before
    assert shop.host.unfinished() == set()
    assert_served_once(shop, "over")


def test_another_spelling_of_the_same_content_is_the_same_order(shop: Shop) -> None:
    body = order("spelling")
    accepted(shop.host, body)
    backwards = json.dumps(dict(reversed(body.items())), indent=3, ensure_ascii=False).encode()

    again = shop.host.request("POST", ORDERS, body=backwards, headers=JSON)

    assert again.status == 202
    ended(shop.host, ["spelling"])
    assert_served_once(shop, "spelling")


def test_thirty_customers_with_the_same_order_start_it_once(shop: Shop) -> None:
    answers = submit_together(shop, [order("thirty")] * AT_ONCE)

    assert {answer.status for answer in answers} <= {200, 202}
    assert {answer.json["instanceId"] for answer in answers} == {"order-thirty"}
    ended(shop.host, ["thirty"])
    assert_served_once(shop, "thirty")
    history: list[Any] = look(shop.host, "thirty", history=True).json["historyEvents"]
    assert [event["EventType"] for event in history].count("ExecutionStarted") == 1


def test_other_content_under_a_used_id_is_a_conflict_and_changes_nothing(shop: Shop) -> None:
    accepted(shop.host, order("taken"))
    other = order("taken", lines=(("notebook", 9, 650),))

    while_running = submit(shop.host, other)
    ended(shop.host, ["taken"])
    after_its_end = submit(shop.host, other)

    for answer in (while_running, after_its_end):
        assert answer.status == 409
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["type"].endswith(":conflicting-request")
    assert_served_once(shop, "taken")


def test_of_many_contents_under_one_id_exactly_one_is_taken(shop: Shop) -> None:
    rivals = [order("rivals", lines=(("notebook", pieces, 650),)) for pieces in range(1, 11)]

    answers = submit_together(shop, rivals)

    assert sorted(answer.status for answer in answers) == [202] + [409] * 9
    taken = next(body for body, answer in zip(rivals, answers, strict=True) if answer.status == 202)
    output = ended(shop.host, ["rivals"])["rivals"]["output"]
    assert output["amounts"]["capturedMinor"] == total_of(taken)
    assert_served_once(shop, "rivals")


def test_of_many_orders_for_the_last_pieces_as_many_succeed_as_there_are(shop: Shop) -> None:
    ids = [f"last-{number}" for number in range(8)]
    submit_together(shop, [order(each, lines=(("limited-print", 1, 25000),)) for each in ids])

    ends = ended(shop.host, ids)

    statuses = sorted(projection["businessStatus"] for projection in ends.values())
    assert statuses == ["delivered"] * 3 + ["out_of_stock"] * 5
    reading = shop.books.read()
    assert reading.levels["limited-print"].on_hand == 0
    assert reading.levels["limited-print"].reserved == 0
    charged = [each for each in ids if reading.money_of(each)]
    assert charged == [each for each in ids if ends[each]["businessStatus"] == "delivered"]
