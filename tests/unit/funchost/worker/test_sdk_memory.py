"""The SDK makes what never changes once, and it is what it was before."""

import sys
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df

from funchost.worker.sdk_memory import DATES, TUPLES, remember

TEXT = "20260102T030405.678901Z"


def sdk_module(name: str) -> Any:
    assert name.startswith(df.__name__)  # importing the SDK brings the module
    remember()
    remember()
    return sys.modules[name]


def test_the_sdk_parses_a_timestamp_once_and_to_the_same_instant() -> None:
    module = sdk_module(DATES)

    event = module.HistoryEvent(EventType=12, EventId=-1, IsPlayed=False, Timestamp=TEXT)
    again = module.HistoryEvent(EventType=12, EventId=-1, IsPlayed=False, Timestamp=TEXT)

    assert event.timestamp == datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    assert again.timestamp is event.timestamp


def test_two_replays_share_the_class_of_their_named_tuples() -> None:
    module = sdk_module(TUPLES)

    first, second = module.TaskOrchestrationExecutor(), module.TaskOrchestrationExecutor()

    payloads: list[object] = [
        *first.event_to_SetTaskValuePayload.values(),
        *second.event_to_SetTaskValuePayload.values(),
    ]
    assert [kind.__name__ for kind in set(map(type, payloads))] == ["SetTaskValuePayload"]


def test_what_cannot_be_remembered_is_made_as_before() -> None:
    module = sdk_module(TUPLES)

    pair = module.namedtuple("Pair", ["left", "right"])

    assert pair(left=1, right=2) == (1, 2)
