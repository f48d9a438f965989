"""One office for all tests of approvals: a host, and tables that no other test writes."""

from collections.abc import Generator

import pytest

from tests.support.funchost import opened_host
from tests.support.signatures import Office, new_prefix, storage_of


@pytest.fixture(scope="package")
def office(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Office]:
    """The app, where people say themselves who they are."""
    prefix = new_prefix()
    settings = {
        "AzureWebJobsStorage": azurite,
        "APP_DATA_PREFIX": prefix,
        "APP_IDENTITY": "development",
    }
    folder = tmp_path_factory.mktemp("office")
    with storage_of(azurite, prefix) as storage, opened_host(folder, settings) as host:
        yield Office(host=host, storage=storage)
