"""An office of the module's own."""

from collections.abc import Generator

import pytest

from tests.support.office import Office, opened_office


@pytest.fixture(scope="module")
def office(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Office]:
    """An office where developers are whoever they say."""
    folder = tmp_path_factory.mktemp("office")
    with opened_office(azurite, folder, APP_IDENTITY="development") as office:
        yield office
