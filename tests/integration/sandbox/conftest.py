"""Books of a test's own, in the run's Azurite."""

from collections.abc import Generator
from uuid import uuid4

import pytest

from shared.settings.storage import ConnectionString
from shared.storage import Storage
from tests.integration.sandbox.rivals import Rivals


@pytest.fixture
def rivals(azurite: str) -> Generator[Rivals]:
    """Several processes' worth of connections to the same fresh books."""
    rivals = Rivals(ConnectionString(value=azurite), prefix=f"t{uuid4().hex[:12]}")
    yield rivals
    rivals.close()


@pytest.fixture
def storage(rivals: Rivals) -> Storage:
    """One connection to fresh books."""
    return rivals.storage()
