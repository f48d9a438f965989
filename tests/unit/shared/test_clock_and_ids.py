"""The two places where the outside world's time and chance come in."""

from datetime import UTC, datetime, timedelta

from shared.clock import system_clock
from shared.ids import derived_id, new_id


def test_the_system_clock_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    now = system_clock().now()

    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)


def test_new_ids_differ() -> None:
    assert len({new_id() for _ in range(100)}) == 100


def test_a_derived_id_is_the_same_every_time() -> None:
    assert derived_id("pay", "order-1:authorize") == derived_id("pay", "order-1:authorize")
    assert derived_id("pay", "order-1").startswith("pay_")


def test_parts_of_a_derived_id_are_kept_apart() -> None:
    assert derived_id("x", "a", "bc") != derived_id("x", "ab", "c")
    assert derived_id("x", "ab") != derived_id("x", "a", "b")
