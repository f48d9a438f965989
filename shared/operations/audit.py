"""Who did what to which workflow, and why: written down before it is done.

One hash-chained log per instance, kept when the instance itself is purged. An entry says what is
about to be done, a later one what came of it; where the second is missing, whoever wanted it did
not live to hear the answer. Actors are personal data and are in no history, status or log but this.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.chain import Entry, NewEntry
from shared.chained_log import ChainedLogs
from shared.settings import current_settings
from shared.storage import open_storage

TABLE: Final = "operationsaudit"
UNHEARD: Final = "unknown"  # no answer was recorded

_RESULT: Final = "result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody is about to do to an instance.

    Attributes:
        instance_id: to which.
        action: what, in the API's words.
        actor: who; an address, or how they proved that they may.
        proof: how the actor was known.
        reason: why, in the actor's words.
        detail: plain JSON with what else there is to it.
    """

    instance_id: str
    action: str
    actor: str
    proof: str
    reason: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An act and what came of it."""

    sequence: int
    at: datetime
    action: str
    actor: str
    proof: str
    reason: str
    result: str


class Audit:
    """The book of acts. Every call may raise ``StorageUnavailableError``, and blocks.

    Args:
        logs: One log per instance.
    """

    def __init__(self, logs: ChainedLogs) -> None:
        self._logs = logs

    def begin(self, act: Act, *, at: datetime) -> int:
        """Write down what is about to be done; return its sequence."""
        new = NewEntry(
            kind=act.action,
            actor=act.actor,
            proof=act.proof,
            payload={"reason": act.reason, **act.detail},
        )
        return self._append(act.instance_id, new, at=at).sequence

    def end(self, instance_id: str, sequence: int, result: str, *, at: datetime) -> None:
        """Write down what came of it."""
        new = NewEntry(kind=_RESULT, payload={"of": sequence, "result": result})
        self._append(instance_id, new, at=at)

    def of(self, instance_id: str) -> tuple[Sequence[Recorded], bool]:
        """Return all acts on an instance, the newest first, and whether they are as written."""
        log = self._logs.read_unchecked(instance_id)
        entries = log.entries
        results = {
            entry.payload.get("of"): str(entry.payload.get("result"))
            for entry in entries
            if entry.kind == _RESULT
        }
        acts = [
            Recorded(
                sequence=entry.sequence,
                at=entry.at,
                action=entry.kind,
                actor=entry.actor,
                proof=entry.proof,
                reason=str(entry.payload.get("reason", "")),
                result=results.get(entry.sequence, UNHEARD),
            )
            for entry in reversed(entries)
            if entry.kind != _RESULT
        ]
        return acts, log.broken_at is None

    def _append(self, instance_id: str, new: NewEntry, *, at: datetime) -> Entry:
        """Append one entry; should its answer be lost, it may stand there twice, and say so."""
        return self._logs.settle(functools.partial(self._try, instance_id, new, at))

    def _try(self, instance_id: str, new: NewEntry, at: datetime) -> Entry:
        log = self._logs.read(instance_id)
        return self._logs.append(log, [new], at=at)[-1]


@functools.cache
def audit() -> Audit:
    """Open the book, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return Audit(ChainedLogs(storage.table(TABLE)))
