"""host.json's keys for queue and blob triggers, with the defaults of local development."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

from funchost.settings.section import Section
from funchost.settings.timespan import timespan

_QUEUES: Final = "extensions.queues"
_BLOBS: Final = "extensions.blobs"
BATCH_SIZE: Final = 16
ATTEMPTS: Final = 5
MOST_AT_ONCE: Final = 32  # what one request to a queue can return


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """How queues are read.

    Attributes:
        longest_pause: Between two polls of a queue that stays empty; 2 s as the platform in
            development, a minute in Azure.
        retried_after: How long a failed message stays hidden.
        batch_size: How many messages one poll may take.
        new_batch_threshold: How many may still be at work when the next are taken.
        most_attempts: After so many failures a message goes to the poison queue.
        is_base64: How the text of a message carries its body.
    """

    longest_pause: timedelta = timedelta(seconds=2)
    retried_after: timedelta = timedelta(0)
    batch_size: int = BATCH_SIZE
    new_batch_threshold: int = BATCH_SIZE // 2
    most_attempts: int = ATTEMPTS
    is_base64: bool = True

    @classmethod
    def of(cls, section: Section) -> Self:
        """Read ``extensions.queues``; raises SettingsError."""
        batch = section.whole(f"{_QUEUES}.batchSize", minimum=1)
        if batch is not None and batch > MOST_AT_ONCE:
            raise section.error(f"{_QUEUES}.batchSize", f"must be at most {MOST_AT_ONCE}")
        batch_size = batch or BATCH_SIZE
        threshold = section.whole(f"{_QUEUES}.newBatchThreshold")
        return cls(
            longest_pause=_span(section, "maxPollingInterval", timedelta(seconds=2)),
            retried_after=_span(section, "visibilityTimeout", timedelta(0)),
            batch_size=batch_size,
            new_batch_threshold=batch_size // 2 if threshold is None else threshold,
            most_attempts=section.whole(f"{_QUEUES}.maxDequeueCount", minimum=1) or ATTEMPTS,
            is_base64=_is_base64(section),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobSettings:
    """How blobs are handled: after ``most_attempts`` failures a version is given up."""

    most_attempts: int = ATTEMPTS
    most_at_once: int = 16

    @classmethod
    def of(cls, section: Section) -> Self:
        """Read ``extensions.blobs``; raises SettingsError."""
        return cls(
            most_attempts=section.whole(f"{_BLOBS}.poisonBlobThreshold", minimum=1) or ATTEMPTS,
            most_at_once=section.whole(f"{_BLOBS}.maxDegreeOfParallelism", minimum=1) or 16,
        )


def _span(section: Section, key: str, default: timedelta) -> timedelta:
    text = section.text(f"{_QUEUES}.{key}")
    if text is None:
        return default
    span = timespan(text)
    if span is None or span < timedelta(0):
        raise section.error(f"{_QUEUES}.{key}", f"must be a time span (hh:mm:ss), not {text!r}")
    return span


def _is_base64(section: Section) -> bool:
    text = (section.text(f"{_QUEUES}.messageEncoding") or "base64").casefold()
    if text not in {"base64", "none"}:
        raise section.error(f"{_QUEUES}.messageEncoding", f"must be base64 or none, not {text!r}")
    return text == "base64"
