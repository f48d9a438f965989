"""A host of its own for every module, with storage that no other test uses."""

from collections.abc import Generator

import pytest

from tests.support.funchost import opened_host
from tests.support.suppliers import Desk


@pytest.fixture(scope="module")
def desk(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Desk]:
    """A client of the running app."""
    with Desk(azurite) as desk:
        settings = {
            "AzureWebJobsStorage": azurite,
            "APP_DATA_PREFIX": desk.prefix,
            "BATCH_EXPORT_SCHEDULE": "0 0 0 1 1 *",  # so that exports can be started by hand
        }
        with opened_host(tmp_path_factory.mktemp("batches"), settings) as host:
            desk.host = host
            yield desk
