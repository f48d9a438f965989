"""The SDK's parser is asked once for each text, and answers as before."""

import sys
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df

from funchost.worker.sdk_dates import MODULE, remember_dates

TEXT = "20260102T030405.678901Z"


def test_the_sdk_parses_a_timestamp_once_and_to_the_same_instant() -> None:
    assert df.__name__ in MODULE  # importing the SDK brings the module
    module: Any = sys.modules[MODULE]
    remember_dates()
    remember_dates()

    event = module.HistoryEvent(EventType=12, EventId=-1, IsPlayed=False, Timestamp=TEXT)
    again = module.HistoryEvent(EventType=12, EventId=-1, IsPlayed=False, Timestamp=TEXT)

    assert event.timestamp == datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    assert again.timestamp is event.timestamp
