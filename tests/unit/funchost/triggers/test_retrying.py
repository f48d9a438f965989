"""A function's own retry policy: how long before which retry."""

from datetime import timedelta

import pytest

from funchost.triggers.retrying import delay_before
from funchost.worker.functions import RetryOptions

FIXED = RetryOptions(max_retry_count=2, strategy="fixed_delay", delay=timedelta(seconds=7))
GROWING = RetryOptions(
    max_retry_count=-1,
    strategy="exponential_backoff",
    minimum=timedelta(seconds=10),
    maximum=timedelta(minutes=1),
)


def seconds(retry: int, options: RetryOptions) -> float | None:
    delay = delay_before(retry, options)
    return None if delay is None else delay.total_seconds()


def test_a_fixed_delay_is_the_same_before_each_retry_until_there_is_none_left() -> None:
    assert [seconds(retry, FIXED) for retry in (1, 2, 3)] == [7, 7, None]


def test_an_exponential_delay_doubles_up_to_the_longest() -> None:
    assert [seconds(retry, GROWING) for retry in (1, 2, 3, 4, 5)] == [10, 20, 40, 60, 60]


@pytest.mark.parametrize("retry", [1_000, 10**9])
def test_retries_without_end_go_on_at_the_longest_delay(retry: int) -> None:
    assert seconds(retry, GROWING) == 60
