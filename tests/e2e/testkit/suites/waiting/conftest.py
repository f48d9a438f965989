"""The host that the scenes play on."""

from collections.abc import Generator
from pathlib import Path

import pytest

from funchost.testing import BlockingHost


@pytest.fixture
def host() -> Generator[BlockingHost]:
    with BlockingHost.open(Path(__file__).parent) as host:
        yield host
