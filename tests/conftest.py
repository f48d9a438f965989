"""What every test may use, and how much of the suite a run takes."""

import os
from typing import Final

import hypothesis
import pytest

from tests.support import azurite as shared_azurite

_TEST_RUN: Final = pytest.StashKey[shared_azurite.TestRun]()
_NEED_FUNCHOST: Final = pytest.StashKey[int]()

# How many examples each property is tried with; docs/testing.md says why so many.
hypothesis.settings.register_profile("dev", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
hypothesis.settings.register_profile("long", max_examples=500, deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked long, too")
    parser.addoption("--against", metavar="URL", help="run what speaks HTTP alone, at an app")


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
    """Leave out what is not asked for, and begin with the files of slow tests."""
    left_out = set[pytest.Item]()
    if not config.getoption("--long"):
        left_out |= {item for item in items if item.get_closest_marker("long")}
    if config.getoption("--against"):
        needing_more = {item for item in items if not runs_anywhere(item)}
        config.stash[_NEED_FUNCHOST] = len(needing_more)
        left_out |= needing_more
    if left_out:
        # Deselected, so that no skip hides among them.
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]
    # Else the last of many workers may have a minute to go when the others have nothing left.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def runs_anywhere(item: pytest.Item) -> bool:
    """Tell whether a test asks an app over HTTP and nothing else of its host."""
    asks = "site" in getattr(item, "fixturenames", ())
    return asks and item.get_closest_marker("funchost") is None


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.getoption("--against"):
        left_out = config.stash.get(_NEED_FUNCHOST, 0)
        terminalreporter.write_line(
            f"{left_out} tests need funchost (its clock, its crashes, its files, settings of their"
            " own) and were left out: ./dev test runs them."
        )


@pytest.fixture(scope="session")
def azurite() -> str:
    """The connection string of the run's Azurite: name containers and tables uniquely."""
    return shared_azurite.connection_string()
