"""Named retry policies, the only ones that orchestrators use.

A policy cannot tell permanent failures from transient ones, so a permanent answer must come back
from the activity as a value: only what may succeed next time is raised.
"""

from dataclasses import dataclass
from datetime import timedelta

import azure.durable_functions as df


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Exponential waits between attempts: ``first``, then times ``factor``, at most ``cap``."""

    first: timedelta
    factor: float
    cap: timedelta
    attempts: int

    def waits(self) -> tuple[timedelta, ...]:
        """Return the pauses between the attempts, one fewer than attempts."""
        pauses: list[timedelta] = []
        pause = self.first
        for _ in range(self.attempts - 1):
            pauses.append(min(pause, self.cap))
            pause = min(pause, self.cap) * self.factor
        return tuple(pauses)


class BackoffRetryOptions(df.RetryOptions):
    """The SDK's retry options plus the two members that it cannot say and the host honours.

    The SDK mirrors only the number of attempts, never the length of a pause, so the richer policy
    does not change how tasks are numbered. ``retryTimeoutInMilliseconds`` is never sent: it would
    end the host's loop earlier than the SDK expects.
    """

    def __init__(self, backoff: Backoff) -> None:
        super().__init__(
            first_retry_interval_in_milliseconds=_milliseconds(backoff.first),
            max_number_of_attempts=backoff.attempts,
        )
        self.backoff = backoff

    def to_json(self) -> dict[str, str | int]:
        """Return the wire form: the SDK's members, the coefficient and the cap."""
        document: dict[str, str | int | float] = {
            **super().to_json(),
            "backoffCoefficient": self.backoff.factor,
            "maxRetryIntervalInMilliseconds": _milliseconds(self.backoff.cap),
        }
        return document  # type: ignore[return-value] # the coefficient is a float on the wire


def _milliseconds(duration: timedelta) -> int:
    return round(duration / timedelta(milliseconds=1))


def _policy(*, first: timedelta, cap: timedelta, attempts: int) -> BackoffRetryOptions:
    return BackoffRetryOptions(Backoff(first=first, factor=2.0, cap=cap, attempts=attempts))


# A forward step before the pivot: 15 s of waiting, then the story turns to compensation.
TRANSIENT = _policy(first=timedelta(seconds=1), cap=timedelta(seconds=30), attempts=5)

# A compensation: two minutes, because giving up costs a person's time.
COMPENSATION = _policy(first=timedelta(seconds=1), cap=timedelta(minutes=1), attempts=8)

# A step after the pivot: forty minutes, because there is no way back.
PERSISTENT = _policy(first=timedelta(seconds=1), cap=timedelta(minutes=5), attempts=16)

# A courtesy (a mail): three seconds, then the story goes on without it.
BEST_EFFORT = _policy(first=timedelta(seconds=1), cap=timedelta(seconds=30), attempts=3)
