from datetime import timedelta

import pytest

from shared import retry
from shared.retry import Backoff, BackoffRetryOptions


def test_a_policy_tells_the_host_about_growth_and_cap() -> None:
    assert retry.TRANSIENT.to_json() == {
        "firstRetryIntervalInMilliseconds": 1000,
        "maxNumberOfAttempts": 5,
        "backoffCoefficient": 2.0,
        "maxRetryIntervalInMilliseconds": 30000,
    }


def test_waits_grow_to_the_cap_and_are_one_fewer_than_attempts() -> None:
    backoff = Backoff(first=timedelta(seconds=5), factor=2.0, cap=timedelta(seconds=30), attempts=6)

    assert [wait.total_seconds() for wait in backoff.waits()] == [5, 10, 20, 30, 30]


@pytest.mark.parametrize(
    ("policy", "seconds"),
    [
        (retry.BEST_EFFORT, 3),
        (retry.TRANSIENT, 15),
        (retry.COMPENSATION, 123),
        (retry.PERSISTENT, 2311),
    ],
)
def test_each_policy_waits_as_long_as_its_comment_says(
    policy: BackoffRetryOptions, seconds: int
) -> None:
    assert sum(wait.total_seconds() for wait in policy.backoff.waits()) == seconds


@pytest.mark.parametrize(
    "policy", [retry.BEST_EFFORT, retry.TRANSIENT, retry.COMPENSATION, retry.PERSISTENT]
)
def test_no_interval_is_longer_than_the_host_can_wait(policy: BackoffRetryOptions) -> None:
    assert policy.backoff.cap < timedelta(days=6)
    assert "retryTimeoutInMilliseconds" not in policy.to_json()
