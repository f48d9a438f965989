"""Which message numbers a write uses up, so that a restart never gives one out again."""

from collections.abc import Iterator
from typing import assert_never

from funchost.engine.ports import (
    AddMessage,
    CommitEpisode,
    CompleteActivity,
    CreateInstance,
    PurgeInstances,
    RewindInstance,
    Write,
)


def sequences(write: Write) -> Iterator[int]:
    """Yield the sequence of every message in a write, delivered or dropped."""
    match write:
        case CreateInstance(start=message) | CompleteActivity(message=message):
            yield message.sequence
        case AddMessage(outgoing=outgoing):
            yield outgoing.message.sequence
        case CommitEpisode(children=children, outgoing=messages):
            for child in children:
                yield child.create.start.sequence
                yield child.refusal.message.sequence
            for outgoing in messages:
                yield outgoing.message.sequence
        case RewindInstance(message=message):
            if message is not None:
                yield message.sequence
        case PurgeInstances():
            return
        case _:
            assert_never(write)
