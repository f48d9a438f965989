"""host.json's keys for queues and blobs: defaults, values, and complaints."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from funchost.settings.errors import SettingsError
from funchost.settings.host import HostSettings
from funchost.settings.timespan import timespan
from funchost.settings.triggers import BlobSettings, QueueSettings


def load(tmp_path: Path, **extensions: Any) -> HostSettings:
    document = {"version": "2.0", "extensions": extensions}
    (tmp_path / "host.json").write_text(json.dumps(document))
    return HostSettings.load(tmp_path, {})


def test_nothing_said_means_the_defaults_of_local_development(tmp_path: Path) -> None:
    settings = load(tmp_path)

    assert settings.queues == QueueSettings(
        longest_pause=timedelta(seconds=2),
        retried_after=timedelta(0),
        batch_size=16,
        new_batch_threshold=8,
        most_attempts=5,
        is_base64=True,
    )
    assert settings.blobs == BlobSettings(most_attempts=5, most_at_once=16)


def test_what_is_said_counts(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        queues={
            "maxPollingInterval": "00:00:05",
            "visibilityTimeout": "00:00:30",
            "batchSize": 4,
            "maxDequeueCount": 2,
            "messageEncoding": "None",
        },
        blobs={"poisonBlobThreshold": 1, "maxDegreeOfParallelism": 3},
    )

    assert settings.queues == QueueSettings(
        longest_pause=timedelta(seconds=5),
        retried_after=timedelta(seconds=30),
        batch_size=4,
        new_batch_threshold=2,
        most_attempts=2,
        is_base64=False,
    )
    assert settings.blobs == BlobSettings(most_attempts=1, most_at_once=3)


@pytest.mark.parametrize(
    ("queues", "complaint"),
    [
        ({"batchSize": 33}, "extensions.queues.batchSize: must be at most 32"),
        ({"batchSize": 0}, "extensions.queues.batchSize: must be a whole number of at least 1"),
        ({"maxPollingInterval": "soon"}, "maxPollingInterval: must be a time span"),
        ({"visibilityTimeout": "-00:00:01"}, "visibilityTimeout: must be a time span"),
        ({"messageEncoding": "rot13"}, "messageEncoding: must be base64 or none, not 'rot13'"),
    ],
)
def test_what_makes_no_sense_is_refused_by_key(
    tmp_path: Path, queues: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(SettingsError, match=complaint):
        load(tmp_path, queues=queues)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("00:05", timedelta(minutes=5)),
        ("1.02:03:04.5", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("-00:00:01", timedelta(seconds=-1)),
        ("5", None),
    ],
)
def test_time_spans_are_those_of_dotnet(text: str, span: timedelta | None) -> None:
    assert timespan(text) == span
