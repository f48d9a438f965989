"""Hosts that the tests of a module share; what changes a host has one of its own."""

from collections.abc import Generator

import pytest

from tests.e2e.host.app_host import APPS, AppHost, served


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Generator[AppHost]:
    """The app of HTTP functions."""
    with served(APPS / "web", tmp_path_factory.mktemp("web")) as host:
        yield host


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Generator[AppHost]:
    """The app of orchestrators; its activities may keep files in a folder of the run."""
    folder = tmp_path_factory.mktemp("durable")
    with served(APPS / "durable", folder, settings={"SCRATCH": str(folder)}) as host:
        yield host
