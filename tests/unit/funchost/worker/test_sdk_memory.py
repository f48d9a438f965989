"""The SDK does quickly what the host has taught it, and comes to the same."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from funchost.engine.events import OrchestratorStarted
from funchost.worker.history import encode
from funchost.worker.sdk_memory import DATES, DURATIONS, TUPLES, remember

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def sdk_module(name: str) -> Any:
    assert name.startswith(df.__name__)  # importing the SDK brings the module
    remember()
    remember()
    return sys.modules[name]


@pytest.mark.parametrize(
    "text",
    [
        encode(OrchestratorStarted(at=AT)).partition('"Timestamp":"')[2].rstrip('"}'),
        "2026-01-02T03:04:05.6789010Z",
        "2026-01-02T04:04:05.678901+01:00",
    ],
)
def test_the_sdk_reads_the_instant_that_its_own_parser_reads(text: str) -> None:
    module = sdk_module(DATES)

    event = module.HistoryEvent(EventType=12, EventId=-1, IsPlayed=False, Timestamp=text)

    assert event.timestamp == AT
    assert repr(event.timestamp) == repr(module.dt_parse.__wrapped__(text))


def test_two_replays_share_the_class_of_their_named_tuples() -> None:
    module = sdk_module(TUPLES)

    first, second = module.TaskOrchestrationExecutor(), module.TaskOrchestrationExecutor()

    payloads: list[object] = [
        *first.event_to_SetTaskValuePayload.values(),
        *second.event_to_SetTaskValuePayload.values(),
    ]
    assert [kind.__name__ for kind in set(map(type, payloads))] == ["SetTaskValuePayload"]


def test_the_same_duration_is_read_once() -> None:
    module = sdk_module(DURATIONS)

    first, second = (module.parse_timespan_attrib("3.00:00:00") for _ in range(2))

    assert first == timedelta(days=3)
    assert first is second


def test_what_cannot_be_remembered_is_made_as_before() -> None:
    module = sdk_module(TUPLES)

    pair = module.namedtuple("Pair", ["left", "right"])

    assert pair(left=1, right=2) == (1, 2)
