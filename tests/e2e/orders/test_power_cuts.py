"""The host is killed in the middle of many orders, again and again: all end, nothing is doubled.

Customers go on sending while the host is away, as they would: the same order until it is taken.
When the kills happen is random, and the same in every run of the test.
"""

import http.client
import random
import shutil
import sqlite3
import time
from collections.abc import Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import pytest

from tests.e2e.orders.conftest import OpenShop, Shop
from tests.support.funchost import FuncHost
from tests.support.orders import Body, ended, look, order, submit, total_of
from tests.support.stories import (
    PAYMENT_EXPIRED,
    STORIES,
    Story,
    expected_traces,
    is_told_in_order,
    traces,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("order-outcomes")]

ORDERS = 50
SEED = 20_261_122
CUSTOMERS = 6
SUBMIT_PATIENCE_S = 60.0
SETTINGS = {
    "ORDER_PAYMENT_DEADLINE_S": "10",
    "ORDER_PAYMENT_CHECK_INTERVAL_S": "0.5",
    "DELIVERY_LIMIT_S": "60",  # long after the last delivery, whatever the kills have cost
    "SANDBOX_TRANSIT_S": "4",
}
MIXED = (
    "an-approved-order-is-delivered",
    "many-lines-are-delivered-together",
    "a-declined-payment-is-told",
    "a-lost-answer-charges-once",
    "a-short-outage-of-the-provider-heals",
    "a-long-outage-of-the-carrier-gives-the-money-back",
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


@contextmanager
def sent_until_taken(host: FuncHost, crowd: Crowd) -> Generator[list[Future[str]]]:
    """Send all orders from a few customers while the block runs; give the ids that were taken."""
    with ThreadPoolExecutor(CUSTOMERS) as customers:
        taken = [customers.submit(send_until_taken, host, body) for body in crowd.bodies.values()]
        try:
            yield taken
        finally:
            for future in taken:
                future.cancel()


def send_until_taken(host: FuncHost, body: Body) -> str:
    """Repeat the order until somebody has taken responsibility for it; return its id."""
    give_up_at = time.monotonic() + SUBMIT_PATIENCE_S
    while time.monotonic() < give_up_at:
        try:
            answer = submit(host, body)
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


def cut_power(shop: Shop, times: int, taken: list[Future[str]], copy: Path) -> None:
    """Kill at random moments while work is in flight; also once in a while during recovery."""
    host, moments = shop.host, random.Random(SEED)  # noqa: S311 - moments, not secrets
    for number in range(times):
        time.sleep(moments.uniform(0.1, 1.2))
        acknowledged = [future.result() for future in taken if future.done()]
        assert host.unfinished(), f"no work was in flight at kill {number}"
        host.kill()
        assert_intact(host.state, copy)
        if number % 4 == 3:
            host.launch()
            time.sleep(moments.uniform(0.1, 1.5))
            host.kill()
        host.restart()
        lost = [each for each in acknowledged if look(host, each).status != 200]
        assert not lost, f"acknowledged and gone after kill {number}"


def told(story: Story, status: str) -> Story:
    """What a story must leave: the time that the kills cost may make a pending payment expire."""
    may_expire = story is STORIES["a-pending-payment-settles"]
    return PAYMENT_EXPIRED if may_expire and status == PAYMENT_EXPIRED.status else story


@pytest.mark.parametrize("kills", [10, pytest.param(40, marks=pytest.mark.long)])
def test_orders_outlive_the_hosts_power_cuts(
    open_shop: OpenShop, tmp_path: Path, kills: int
) -> None:
    shop, crowd = open_shop(**SETTINGS), crowd_of(ORDERS * kills // 10)

    with sent_until_taken(shop.host, crowd) as taken:
        cut_power(shop, kills, taken, tmp_path / "copy")
        assert {future.result() for future in taken} == set(crowd.bodies)

    ends = ended(shop.host, crowd.bodies)
    assert shop.host.unfinished() == []
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
    reading.audit(
        sold={n: total_of(crowd.bodies[n]) for n, story in stories.items() if story.is_sold}
    )
