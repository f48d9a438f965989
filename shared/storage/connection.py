"""Clients for one storage account: built once per process, shared by every thread.

What the tables hold is not known here, and neither is the environment: the connection comes as a
value from ``shared.settings``.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableServiceClient
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient
from requests.adapters import HTTPAdapter

from shared.settings.storage import ConnectionString, IdentityEndpoints, StorageConnection
from shared.storage.container import Container
from shared.storage.table import Table
from shared.storage.upserts import Pipeline, all_upserted

# Short, because the durable retry policy does the long waiting: a caller learns within seconds
# that the storage is away, and its activity thread is free again.
_CONNECT_TIMEOUT_S = 5
_READ_TIMEOUT_S = 20
_REPEATS: dict[str, Any] = {
    "retry_total": 3,
    "retry_backoff_factor": 0.2,  # tables
    "initial_backoff": 0.2,  # blobs
    "increment_base": 1,
    "random_jitter_range": 0.2,
}
_CONNECTIONS_KEPT = 64  # no fewer than the activity threads of one worker


class Storage:
    """Tables and containers of one account, their names starting with one prefix.

    ``table`` and ``container`` create what is missing once, also when threads race for it. Close it
    to release its connections; a process-wide one lives as long as the process.
    """

    def __init__(self, connection: StorageConnection, *, prefix: str) -> None:
        self._prefix = prefix
        self._session = _pooled_session()
        self._tables, self._blobs = _clients(
            connection,
            transport=RequestsTransport(
                session=self._session,
                session_owner=False,
                connection_timeout=_CONNECT_TIMEOUT_S,
                read_timeout=_READ_TIMEOUT_S,
            ),
        )
        self._lock = threading.Lock()
        self._opened_tables: dict[str, Table] = {}
        self._opened_containers: dict[str, Container] = {}

    def table(self, name: str) -> Table:
        """Return a table, created at its first use; the name is letters and digits.

        Raises:
            StorageUnavailableError: it could not be made sure that the table exists.
        """
        return self._opened(self._opened_tables, f"{self._prefix}{name}", self._built_table)

    def container(self, name: str) -> Container:
        """Return a container, created at its first use; lower-case letters, digits, dashes.

        Raises:
            StorageUnavailableError: it could not be made sure that the container exists.
        """
        full_name = f"{self._prefix}-{name}"
        return self._opened(self._opened_containers, full_name, self._built_container)

    def close(self) -> None:
        """Release the connections."""
        self._tables.close()
        self._blobs.close()
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened[T: (Table, Container)](
        self, opened: dict[str, T], name: str, built: Callable[[str], T]
    ) -> T:
        known = opened.get(name)
        if known is not None:
            return known
        with self._lock:
            if name not in opened:
                place = built(name)
                place.create()
                opened[name] = place
            return opened[name]

    def _built_table(self, name: str) -> Table:
        client = self._tables.get_table_client(name)
        # The SDK offers no request of one's own: its inner client signs, repeats and sends it.
        pipeline: Pipeline = client._client  # noqa: SLF001
        return Table(client, upsert_all=partial(all_upserted, pipeline, client.url, name))

    def _built_container(self, name: str) -> Container:
        return Container(self._blobs.get_container_client(name))


_open: dict[tuple[StorageConnection, str], Storage] = {}
_open_lock = threading.Lock()


def open_storage(connection: StorageConnection, *, prefix: str) -> Storage:
    """Return this process's one ``Storage`` for the connection and prefix."""
    with _open_lock:
        key = (connection, prefix)
        if key not in _open:
            _open[key] = Storage(connection, prefix=prefix)
        return _open[key]


def _pooled_session() -> requests.Session:
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS_KEPT))
    return session


def _clients(
    connection: StorageConnection, *, transport: RequestsTransport
) -> tuple[TableServiceClient, BlobServiceClient]:
    options: dict[str, Any] = {"transport": transport, **_REPEATS}
    match connection:
        case ConnectionString(value=value):
            return (
                TableServiceClient.from_connection_string(value, **options),
                BlobServiceClient.from_connection_string(value, **options),
            )
        case IdentityEndpoints(table_url=table_url, blob_url=blob_url, client_id=client_id):
            credential = DefaultAzureCredential(managed_identity_client_id=client_id)
            return (
                TableServiceClient(table_url, credential=credential, **options),
                BlobServiceClient(blob_url, credential=credential, **options),
            )
