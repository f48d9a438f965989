"""What every test may use, and how much of the suite a run takes."""

import os
from typing import Final

import hypothesis
import pytest

from tests.support import azurite as shared_azurite

_TEST_RUN: Final = pytest.StashKey[shared_azurite.TestRun]()

hypothesis.settings.register_profile("dev", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=300, deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked long, too")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # only the process that pytest was started in
        config.stash[_TEST_RUN] = shared_azurite.TestRun()


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(_TEST_RUN, None)
    if run is not None:
        run.end()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out unless asked for: deselected, so that no skip hides among them."""
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def azurite() -> str:
    """The connection string of the run's Azurite: name containers and tables uniquely."""
    return shared_azurite.connection_string()
