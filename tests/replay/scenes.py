"""Every recorded history, held against today's code; run by test_recordings."""

from collections.abc import Generator
from pathlib import Path

import pytest

from funchost.testing import BlockingHost, Recording
from scripts.layout import ROOT

RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.jsonl"))


@pytest.fixture(scope="module")
def host() -> Generator[BlockingHost]:
    # Nothing is called, so nothing is kept there.
    with BlockingHost.open(
        ROOT, settings={"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
    ) as host:
        yield host


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_todays_code_does_what_was_recorded(host: BlockingHost, path: Path) -> None:
    host.replay(Recording.from_text(path.read_text("utf-8")))
