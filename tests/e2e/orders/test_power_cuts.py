"""The host is killed in the middle of many orders, again and again: all end, nothing is doubled.

Customers go on sending while the host is away, as they would: the same order until it is taken.
When the kills happen is random, and the same in every run of the test.
"""

import http.client
import random
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import batched, cycle, islice
from pathlib import Path
from typing import Self

import pytest

from tests.e2e.orders.conftest import OpenShop, Shop
from tests.support.funchost import FuncHost
from tests.support.orders import Body, ended, instance_of, order, submit
from tests.support.stories import (
    PAYMENT_EXPIRED,
    STORIES,
    Story,
    audit,
    expected_traces,
    is_told_in_order,
    traces,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

FRESH = 2  # orders that come in shortly before each kill
SEED = 20_261_122
CUSTOMERS = 6
SUBMIT_PATIENCE_S = 60.0
SETTINGS = {
    "ORDER_PAYMENT_DEADLINE_S": "10",
    "ORDER_PAYMENT_CHECK_INTERVAL_S": "0.5",
    "DELIVERY_LIMIT_S": "60",  # long after the last delivery, whatever the kills have cost
    "SANDBOX_TRANSIT_S": "3",
}
MIXED = (
    "a-long-outage-of-the-carrier-gives-the-money-back",
    "an-approved-order-is-delivered",
    "many-lines-are-delivered-together",
    "a-declined-payment-is-told",
    "a-lost-answer-charges-once",
    "a-short-outage-of-the-provider-heals",
    "a-pending-payment-settles",
    "one-missing-line-holds-nothing-of-the-others",
    "a-lost-answer-of-the-carrier-books-once",
    "an-outage-at-the-capture-heals",
    "a-refusal-of-the-carrier-gives-the-money-back",
    "a-payment-pending-for-ever-expires",
    "a-parcel-that-nobody-takes-comes-back",
    "a-wrong-price-is-rejected",
    "a-second-attempt-delivers",
    "a-short-outage-of-the-carrier-heals",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Many orders of every kind, and what each has to end with."""

    stories: Mapping[str, Story]
    bodies: Mapping[str, Body]


def crowd_of(count: int) -> Crowd:
    kinds = islice(cycle(MIXED), count)
    stories = {f"{number:03}-{kind}": STORIES[kind] for number, kind in enumerate(kinds)}
    bodies = {
        name: order(name, lines=story.lines, token=story.token, service=story.service)
        for name, story in stories.items()
    }
    return Crowd(stories=stories, bodies=bodies)


class Customers:
    """A few customers who send orders at the same time, and again until they are taken."""

    def __init__(self, host: FuncHost) -> None:
        self._host = host
        self._pool = ThreadPoolExecutor(CUSTOMERS)
        self._sent: list[Future[str]] = []

    def send(self, bodies: Iterable[Body]) -> None:
        self._sent += [self._pool.submit(self._send_until_taken, body) for body in bodies]

    def acknowledged(self) -> set[str]:
        """Return the ids of the orders that have been taken so far."""
        return {sent.result() for sent in self._sent if sent.done()}

    def all_taken(self) -> set[str]:
        """Wait until every order has been taken; return their ids."""
        return {sent.result() for sent in self._sent}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _send_until_taken(self, body: Body) -> str:
        give_up_at = time.monotonic() + SUBMIT_PATIENCE_S
        while time.monotonic() < give_up_at:
            try:
                answer = submit(self._host, body)
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)  # the host is away
                continue
            assert answer.status in {200, 202}, (answer.status, answer.body)
            return str(body["orderId"])
        raise AssertionError(f"nobody took {body['orderId']}")


def assert_intact(state: Path, copy: Path) -> None:
    """Check a copy of a state file: opening the file itself would repair it."""
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for part in state.parent.glob(f"{state.name}*"):
        shutil.copy(part, copy)
    with closing(sqlite3.connect(copy / state.name)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def cut_power(host: FuncHost, customers: Customers, coming: Iterator[Body], copy: Path) -> None:
    """Kill at random moments, with new orders on their first steps; sometimes amid recovery."""
    moments = random.Random(SEED)  # noqa: S311 - moments, not secrets
    for number, fresh in enumerate(batched(coming, FRESH, strict=True)):
        customers.send(fresh)
        time.sleep(moments.uniform(0.1, 1.2))
        acknowledged = customers.acknowledged()
        assert host.unfinished(), f"no work was in flight at kill {number}"
        host.kill()
        assert_intact(host.state, copy)
        if number % 4 == 3:
            host.launch()
            time.sleep(moments.uniform(0.1, 1.5))
            host.kill()
        host.restart()
        lost = set(map(instance_of, acknowledged)) - host.instances()
        assert not lost, f"acknowledged and gone after kill {number}"


def told(story: Story, status: str) -> Story:
    """What a story must leave: the time that the kills cost may make a pending payment expire."""
    may_expire = story is STORIES["a-pending-payment-settles"]
    return PAYMENT_EXPIRED if may_expire and status == PAYMENT_EXPIRED.status else story


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("kills", "orders"), [(3, len(MIXED)), pytest.param(40, 50, marks=pytest.mark.long)]
)
def test_orders_outlive_the_hosts_power_cuts(
    open_shop: OpenShop, tmp_path: Path, kills: int, orders: int
) -> None:
    shop, crowd = open_shop(**SETTINGS), crowd_of(orders + FRESH * kills)
    coming = iter(crowd.bodies.values())

    with Customers(shop.host) as customers:
        customers.send(islice(coming, orders))
        cut_power(shop.host, customers, coming, tmp_path / "copy")
        assert customers.all_taken() == set(crowd.bodies)

    ends = ended(shop.host, crowd.bodies, patience_s=60 + 6.0 * kills)
    assert shop.host.unfinished() == set()
    shop.host.stop()
    assert_intact(shop.host.state, tmp_path / "copy")
    assert_all_effects_once(
        shop, crowd, {name: end["businessStatus"] for name, end in ends.items()}
    )


def assert_all_effects_once(shop: Shop, crowd: Crowd, ends: Mapping[str, str]) -> None:
    stories = {name: told(story, ends[name]) for name, story in crowd.stories.items()}
    assert ends == {name: story.status for name, story in stories.items()}
    reading = shop.books.read()
    found = {name: traces(reading, name) for name in stories}
    assert found == {name: expected_traces(story) for name, story in stories.items()}
    out_of_order = [
        name
        for name, story in stories.items()
        if not is_told_in_order(reading.mails_to(name), story)
    ]
    assert not out_of_order
    audit(reading, stories, crowd.bodies)
