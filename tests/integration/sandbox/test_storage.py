"""Tables and containers on a real service: atomic, race-safe, and honest about outages."""

import socket
from collections.abc import Generator
from functools import partial
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableServiceClient

from shared.errors import StorageUnavailableError
from shared.settings.storage import ConnectionString
from shared.storage import Row, Storage, Table, open_storage
from tests.integration.sandbox.rivals import Rivals, at_once

pytestmark = pytest.mark.integration


def row(key: str, **fields: int) -> Row:
    return Row(partition_key="p", row_key=key, fields=fields)


def add_one(table: Table, key: str) -> int:
    """Count up, and leave a note in the same transaction."""
    counter = table.read("p", "counter") or row("counter", total=0)
    total = counter.integer("total") + 1
    table.write_or_retry(counter.changed(total=total), row(key))
    return total


@pytest.fixture
def closed_port() -> Generator[int]:
    """A port that refuses connections, and that nobody else gets meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_threads_that_race_for_a_table_get_the_same_one(storage: Storage) -> None:
    tables = at_once([partial(storage.table, "Fresh") for _ in range(8)])
    containers = at_once([partial(storage.container, "fresh") for _ in range(8)])

    assert len(set(map(id, tables))) == 1
    assert len(set(map(id, containers))) == 1


def test_processes_that_race_for_a_table_all_get_it(rivals: Rivals) -> None:
    storages = [rivals.storage() for _ in range(6)]

    tables = at_once([partial(storage.table, "Fresh") for storage in storages])
    at_once([partial(storage.container, "fresh") for storage in storages])

    assert [table.write(row("r")) for table in tables] == [True] + [False] * 5


def test_rows_written_together_are_written_all_or_not_at_all(storage: Storage) -> None:
    table = storage.table("T")
    table.write(row("taken"))

    assert not table.write(row("new"), row("taken"))
    assert table.read("p", "new") is None


def test_a_row_that_changed_since_it_was_read_is_not_replaced(storage: Storage) -> None:
    table = storage.table("T")
    table.write(row("r", n=1))
    seen = table.read("p", "r")
    assert seen is not None

    assert table.write(seen.changed(n=2))
    assert not table.write(seen.changed(n=3))
    assert not table.write(seen.changed(n=4), row("other"))
    assert table.read("p", "other") is None
    current = table.read("p", "r")
    assert current is not None
    assert current.integer("n") == 2


def test_counting_in_parallel_loses_no_count(rivals: Rivals) -> None:
    tables = [rivals.storage().table("T") for _ in range(4)]

    totals = at_once(
        [
            partial(table.until_written, partial(add_one, table, f"n{number}"))
            for number, table in enumerate(tables * 4)
        ]
    )

    assert sorted(totals) == list(range(1, 17))
    assert len(list(tables[0].rows("PartitionKey eq @p", p="p"))) == 17


def test_a_value_in_a_condition_stays_a_value(storage: Storage) -> None:
    table = storage.table("T")
    table.write(row("r"))

    assert list(table.rows("RowKey eq @r", r="x' or PartitionKey eq 'p")) == []


def test_rows_between_two_keys_come_in_order(storage: Storage) -> None:
    table = storage.table("T")
    for key in ("b:2", "a:1", "b:1", "c:1"):
        table.write(row(key))

    assert [found.row_key for found in table.between("p", "b:", "b;")] == ["b:1", "b:2"]


def test_a_put_replaces_whatever_is_there(storage: Storage) -> None:
    table = storage.table("T")
    table.put(row("r", a=1))
    table.put(row("r", b=2))

    found = table.read("p", "r")

    assert found is not None
    assert found.fields == {"b": 2}


def test_a_blob_is_written_once(storage: Storage) -> None:
    box = storage.container("box")

    assert box.write_once("a/1.txt", b"first", content_type="text/plain")
    assert not box.write_once("a/1.txt", b"second", content_type="text/plain")
    assert box.read("a/1.txt") == b"first"
    assert box.read("a/2.txt") is None
    assert list(box.names("a/")) == ["a/1.txt"]


def test_a_table_that_vanished_is_made_again_for_the_next_attempt(
    rivals: Rivals, azurite: str
) -> None:
    table = rivals.storage().table("T")
    service: Any = TableServiceClient.from_connection_string(azurite)
    with service:
        service.delete_table(f"{rivals.prefix}T")

    with pytest.raises(StorageUnavailableError):
        table.read("p", "r")
    assert table.read("p", "r") is None


def test_a_service_that_does_not_answer_is_a_transient_fault(closed_port: int) -> None:
    connection = ConnectionString(
        value=f"AccountName=a;AccountKey=c2VjcmV0;"
        f"BlobEndpoint=http://127.0.0.1:{closed_port}/a;"
        f"TableEndpoint=http://127.0.0.1:{closed_port}/a"
    )

    with Storage(connection, prefix="t") as storage:
        with pytest.raises(StorageUnavailableError, match="table tT did not answer"):
            storage.table("T")
        with pytest.raises(StorageUnavailableError, match="container t-box did not answer"):
            storage.container("box")


# The SDK's own decoding of this answer uses a form that a later Python drops.
@pytest.mark.filterwarnings("ignore:Testing an element's truth value:DeprecationWarning")
def test_a_refused_key_is_not_taken_for_an_outage(azurite: str) -> None:
    wrong = ConnectionString(value=azurite.replace("AccountKey=", "AccountKey=AAAA"))

    with (
        Storage(wrong, prefix="t") as storage,
        pytest.raises(HttpResponseError, match="AuthorizationFailure"),
    ):
        storage.table("T")


def test_a_process_opens_an_account_once(azurite: str) -> None:
    connection = ConnectionString(value=azurite)

    with open_storage(connection, prefix="once") as storage:
        assert open_storage(connection, prefix="once") is storage
        assert open_storage(connection, prefix="other") is not storage
