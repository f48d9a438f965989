"""Instances that are under way survive a deployment: their histories are replayed by this code.

An orchestrator that is changed on purpose so that it asks for something else needs another
``defaultVersion`` in host.json, and its histories are recorded anew:
``python -m tests.support.record_histories``.
"""

from pathlib import Path
from typing import Final

import pytest

import function_app
from funchost.testing import Recording
from shared.registered import functions_of
from tests.support.inner_pytest import run_pytest

HERE: Final = Path(__file__).parent


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    return {
        path.stem: Recording.from_text(path.read_text("utf-8"))
        for path in HERE.glob("recordings/*.jsonl")
    }


@pytest.mark.e2e
@pytest.mark.slow
def test_todays_code_does_what_was_recorded() -> None:
    run_pytest(HERE / "scenes.py")


def test_every_orchestrator_has_been_recorded(recordings: dict[str, Recording]) -> None:
    orchestrators = functions_of(function_app.app, trigger="orchestrationTrigger")

    assert {recording.head.name for recording in recordings.values()} == orchestrators


def test_no_recording_holds_what_no_history_may(recordings: dict[str, Recording]) -> None:
    for name, recording in recordings.items():
        text = recording.to_text()
        for secret in ("tok_", "Canary Street", "12345", "code="):
            assert secret not in text, (name, secret)
