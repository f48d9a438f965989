"""A function's own retry policy: how long to wait before which retry. Pure.

The platform adds chance to the exponential form; here it is exact, so that a test can say when.
"""

from datetime import timedelta
from typing import Final

from funchost.worker.functions import RetryOptions

FIXED: Final = "fixed_delay"
DEFAULT_DELAY: Final = timedelta(seconds=5)
DEFAULT_MOST: Final = timedelta(minutes=15)
WITHOUT_END: Final = -1
MOST_DOUBLINGS: Final = 40  # beyond it every delay is the longest


def delay_before(retry: int, options: RetryOptions) -> timedelta | None:
    """Return how long to wait before a retry, counted from 1; None when there is none left."""
    if options.max_retry_count != WITHOUT_END and retry > options.max_retry_count:
        return None
    if options.strategy == FIXED:
        return options.delay if options.delay is not None else DEFAULT_DELAY
    least = options.minimum if options.minimum is not None else DEFAULT_DELAY
    most = options.maximum if options.maximum is not None else DEFAULT_MOST
    doublings = min(retry - 1, MOST_DOUBLINGS)
    return most if least > most / 2**doublings else least * 2**doublings
