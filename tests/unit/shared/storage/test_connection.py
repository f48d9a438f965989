"""Opening an account touches no network, whichever way it is reached."""

from shared.settings.storage import ConnectionString, IdentityEndpoints
from shared.storage import Storage, open_storage


def test_an_account_reached_by_identity_needs_no_secret_and_no_call_to_open() -> None:
    connection = IdentityEndpoints(
        table_url="https://orders01.table.core.windows.net",
        blob_url="https://orders01.blob.core.windows.net",
        client_id="11111111-2222-3333-4444-555555555555",
    )

    with Storage(connection, prefix="app") as storage:
        assert storage._tables.url == "https://orders01.table.core.windows.net"
        assert storage._blobs.url == "https://orders01.blob.core.windows.net/"


def test_each_account_and_prefix_is_opened_once() -> None:
    one = ConnectionString(value="AccountName=one;AccountKey=c2VjcmV0")
    two = ConnectionString(value="AccountName=two;AccountKey=c2VjcmV0")

    assert open_storage(one, prefix="a") is open_storage(one, prefix="a")
    assert open_storage(one, prefix="a") is not open_storage(one, prefix="b")
    assert open_storage(one, prefix="a") is not open_storage(two, prefix="a")
