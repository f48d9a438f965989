"""One app and one browser for all scenes of the console."""

import os
from collections.abc import Generator
from datetime import timedelta

import pytest

from shared.settings.storage import STORAGE_SETTING
from tests.support.browser import opened_browser
from tests.support.console import World, opened_world


@pytest.fixture(scope="session")
def world() -> Generator[World]:
    """An hour with a little of everything."""
    with (
        opened_browser() as browser,
        opened_world(os.environ[STORAGE_SETTING], browser, before=timedelta(minutes=50)) as world,
    ):
        for number in range(1, 6):
            world.order(f"A{number}")
        world.order("declined", token="tok_sandbox_declined")  # noqa: S106 - a sandbox token is no secret
        world.host.advance(timedelta(minutes=1))
        world.stuck_order("stuck")
        world.stuck_order("forsaken")  # nobody decides about it
        world.batch("catalogue")
        world.waiting_order("waiting")
        world.approval("desks")
        yield world
