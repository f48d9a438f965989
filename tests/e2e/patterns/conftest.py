"""One host for each app of patterns; a test that stops or kills a host has one of its own."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.e2e.host.app_host import AppHost, served

APPS = Path(__file__).parent / "apps"


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Generator[AppHost]:
    folder = tmp_path_factory.mktemp("flows")
    with served(APPS / "flows", folder, settings={"SCRATCH": str(folder)}) as host:
        yield host


@pytest.fixture(scope="module")
def counters(tmp_path_factory: pytest.TempPathFactory) -> Generator[AppHost]:
    with served(APPS / "counter", tmp_path_factory.mktemp("counter")) as host:
        yield host


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Generator[AppHost]:
    with served(APPS / "versions", tmp_path_factory.mktemp("versions")) as host:
        yield host
