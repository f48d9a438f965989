"""Entries that follow one another, each sealed with the hash of the one before.

Changing, removing or reordering an entry breaks the chain from there on, and anybody who has the
entries can see it. Pure values; keeping them is ``shared.chained_log``'s work, what they mean is
their domain's.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from shared.models import JsonObject

_FIRST_SEQUENCE: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """What is to be recorded.

    Attributes:
        kind: what happened, in the domain's words.
        level: which level of the process it concerns, from 1; 0 for the whole.
        round: which round of that level, from 1; 0 where rounds mean nothing.
        actor: who did it; may be personal data, so it stays in the log.
        proof: how the actor was known, "system" for what nobody did.
        payload: plain JSON with the rest.
    """

    kind: str
    level: int = 0
    round: int = 0
    actor: str = ""
    proof: str = "system"
    payload: JsonObject = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(NewEntry):
    """What was recorded: where, when, after what. ``sequence`` counts from 1 without gaps."""

    sequence: int
    at: datetime
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where a chain stops being what was written: the first sequence that is wrong, and why."""

    sequence: int
    reason: str


def origin_of(log_id: str) -> str:
    """Return what the first entry of a log follows; of no other log, so none can be moved."""
    return hashlib.sha256(f"log\n{log_id}".encode()).hexdigest()


def sealed(
    log_id: str, earlier: Sequence[Entry], new: Sequence[NewEntry], *, at: datetime
) -> tuple[Entry, ...]:
    """Return the new entries as they follow the earlier ones.

    Args:
        log_id: whose entries they are.
        earlier: everything recorded so far, in order.
        new: what follows, in order.
        at: when; never told to be before the last entry, because clocks disagree and the log's
            order is the truth.
    """
    previous = earlier[-1] if earlier else None
    instant = max(at.astimezone(UTC), previous.at) if previous else at.astimezone(UTC)
    previous_hash = previous.hash if previous else origin_of(log_id)
    sequence = previous.sequence + 1 if previous else _FIRST_SEQUENCE
    entries: list[Entry] = []
    for entry in new:
        digest = _hash(entry, sequence=sequence, at=instant, previous_hash=previous_hash)
        entries.append(
            Entry(
                kind=str(entry.kind),  # an enumeration's member would not be what is read back
                level=entry.level,
                round=entry.round,
                actor=entry.actor,
                proof=str(entry.proof),
                payload=entry.payload,
                sequence=sequence,
                at=instant,
                previous_hash=previous_hash,
                hash=digest,
            )
        )
        previous_hash, sequence = digest, sequence + 1
    return tuple(entries)


def first_break(
    log_id: str, entries: Sequence[Entry], *, head: tuple[int, str] | None = None
) -> Break | None:
    """Check a chain from its origin; None when it is whole.

    Args:
        log_id: whose entries they should be.
        entries: everything that is kept, in order.
        head: sequence and hash of the last entry as noted elsewhere; without it a chain whose end
            was cut off looks whole.
    """
    previous_hash = origin_of(log_id)
    for expected, entry in enumerate(entries, _FIRST_SEQUENCE):
        if entry.sequence != expected:
            return Break(sequence=expected, reason="missing")
        if entry.previous_hash != previous_hash:
            return Break(sequence=expected, reason="does_not_follow")
        found = _hash(
            entry, sequence=entry.sequence, at=entry.at, previous_hash=entry.previous_hash
        )
        if entry.hash != found:
            return Break(sequence=expected, reason="changed")
        previous_hash = entry.hash
    if head is not None and head != (len(entries), previous_hash):
        return Break(sequence=len(entries) + 1, reason="not_the_head")
    return None


def _hash(entry: NewEntry, *, sequence: int, at: datetime, previous_hash: str) -> str:
    document = {
        "sequence": sequence,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "kind": entry.kind,
        "level": entry.level,
        "round": entry.round,
        "actor": entry.actor,
        "proof": entry.proof,
        "payload": entry.payload,
        "previousHash": previous_hash,
    }
    text = json.dumps(
        document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
