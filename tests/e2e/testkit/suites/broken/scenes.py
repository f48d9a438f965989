"""An app that cannot be loaded, as its tests see it; run by test_testkit."""

import os
from pathlib import Path

import pytest

from funchost.testing import BlockingHost, SecondAppError
from funchost.worker.errors import AppLoadError

APP = Path(__file__).parent


@pytest.mark.parametrize("attempt", [1, 2])
def test_an_app_that_cannot_be_loaded_says_so_each_time(attempt: int) -> None:
    del attempt
    before = dict(os.environ)

    with pytest.raises(AppLoadError, match="LookupError: a setting is missing"):
        open_and_close(APP)

    assert dict(os.environ) == before


def test_the_process_is_lost_to_other_apps(tmp_path: Path) -> None:
    with pytest.raises(AppLoadError):
        open_and_close(APP)
    with pytest.raises(SecondAppError):
        open_and_close(tmp_path)


def open_and_close(app: Path) -> None:
    with BlockingHost.open(app):
        pass
