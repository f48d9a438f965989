"""What every test may use, and how much of the suite a run takes."""

import os
from typing import Final

import hypothesis
import pytest

from tests.support import azurite as shared_azurite

_TEST_RUN: Final = pytest.StashKey[shared_azurite.TestRun]()

# How many examples each property is tried with; docs/testing.md says why so many.
hypothesis.settings.register_profile("dev", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
hypothesis.settings.register_profile("long", max_examples=500, deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked long, too")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--long"):
        hypothesis.settings.load_profile("long")
    if not hasattr(config, "workerinput"):  # only the process that pytest was started in
        config.stash[_TEST_RUN] = shared_azurite.TestRun()


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(_TEST_RUN, None)
    if run is not None:
        run.end()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out unless asked for, and begin with the files of slow ones."""
    if not config.getoption("--long"):
        # Deselected, so that no skip hides among them.
        left_out = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    # Else the last of many workers may have a minute to go when the others have nothing left.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def azurite() -> str:
    """The connection string of the run's Azurite: name containers and tables uniquely."""
    return shared_azurite.connection_string()
