"""Told to stop in the middle of orders, the host ends quickly, and later goes on where it was."""

import signal
import sqlite3
import time
from contextlib import closing

import pytest

from tests.e2e.orders.conftest import OpenShop, Shop
from tests.support.funchost import STOP_PATIENCE_S, until
from tests.support.orders import accepted, ended, order
from tests.support.stories import STORIES, audit, expected_traces, is_told_in_order, traces

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KINDS = (
    "an-approved-order-is-delivered",
    "a-short-outage-of-the-provider-heals",
    "a-declined-payment-is-told",
    "a-lost-answer-charges-once",
    "a-refusal-of-the-carrier-gives-the-money-back",
    "a-second-attempt-delivers",
)


@pytest.fixture
def fresh_shop(open_shop: OpenShop) -> Shop:
    return open_shop()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_a_stop_amid_orders_is_quick_and_loses_nothing(
    fresh_shop: Shop, how: signal.Signals
) -> None:
    host, stories = fresh_shop.host, {kind: STORIES[kind] for kind in KINDS}
    bodies = {
        kind: order(kind, lines=story.lines, token=story.token, service=story.service)
        for kind, story in stories.items()
    }
    for body in bodies.values():
        accepted(host, body)
    until(
        lambda: b"Executed 'Functions.order_processing_reserve_stock'" in host.log.read_bytes(),
        patience_s=60,
        what="the first effect",
    )

    begun = time.monotonic()
    code = host.stop(how)

    assert time.monotonic() - begun < STOP_PATIENCE_S
    assert code == 0
    with closing(sqlite3.connect(host.state)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    host.restart()
    ends = ended(host, bodies)
    assert {kind: end["businessStatus"] for kind, end in ends.items()} == {
        kind: story.status for kind, story in stories.items()
    }
    reading = fresh_shop.books.read()
    for kind, story in stories.items():
        assert traces(reading, kind) == expected_traces(story)
        assert is_told_in_order(reading.mails_to(kind), story)
    audit(reading, stories, bodies)
