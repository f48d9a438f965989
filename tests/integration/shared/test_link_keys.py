"""Where the keys of signed links come from when nothing is configured."""

import dataclasses
import uuid
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.link_keys import open_link_keys
from shared.settings import Settings
from shared.settings.readers import InvalidSettingError
from shared.settings.storage import IdentityEndpoints
from shared.signed_links import LinkKeys
from shared.storage import Storage

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(azurite: str) -> Settings:
    prefix = f"t{uuid.uuid4().hex[:18]}"
    return Settings.from_environment({"AzureWebJobsStorage": azurite, "APP_DATA_PREFIX": prefix})


@pytest.fixture
def storage(settings: Settings) -> Generator[Storage]:
    with Storage(settings.storage, prefix=settings.data_prefix) as storage:
        yield storage


def test_on_an_emulator_a_key_is_made_once_and_kept(settings: Settings, storage: Storage) -> None:
    with ThreadPoolExecutor(8) as pool:
        opening = [pool.submit(open_link_keys, settings, storage) for _ in range(8)]
        found = [opened.result() for opened in opening]

    assert all(keys == found[0] for keys in found)
    assert len(found[0].signing.secret) == 32


def test_configured_keys_go_before_kept_ones(settings: Settings, storage: Storage) -> None:
    configured = LinkKeys.parse("x:" + "eHh4" * 12)

    keys = open_link_keys(dataclasses.replace(settings, link_keys=configured), storage)

    assert keys == configured


def test_elsewhere_a_missing_key_is_told_with_what_to_do(
    settings: Settings, storage: Storage
) -> None:
    in_azure = IdentityEndpoints(table_url="https://t", blob_url="https://b")

    with pytest.raises(InvalidSettingError, match=r"^APPROVAL_LINK_KEYS: is not set.*openssl"):
        open_link_keys(dataclasses.replace(settings, storage=in_azure), storage)
