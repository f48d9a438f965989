"""One blob container: write once, read, list. Overwriting is not offered."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContainerClient, ContentSettings

from shared.storage.faults import error_code, transient_faults_named

_CONTAINER_MISSING = "ContainerNotFound"
_CONTAINER_EXISTS = "ContainerAlreadyExists"
_BLOB_EXISTS = "BlobAlreadyExists"


class Container:
    """A container; ``create`` it before use. Its methods may raise ``StorageUnavailableError``."""

    def __init__(self, client: ContainerClient) -> None:
        self._client = client
        self._place = f"container {client.container_name}"

    def create(self) -> None:
        """Make sure that the container exists."""
        with transient_faults_named(self._place, recreate=_nothing):
            try:
                self._client.create_container()
            except ResourceExistsError as exists:
                if error_code(exists) != _CONTAINER_EXISTS:
                    raise

    def write_once(self, name: str, content: bytes, *, content_type: str) -> bool:
        """Write a blob unless it exists; an existing one stays as it is.

        Returns:
            False when the blob was there, perhaps from an attempt of ours whose answer was lost.
        """
        with self._faults_named():
            try:
                self._client.upload_blob(
                    name,
                    content,
                    overwrite=False,
                    content_settings=ContentSettings(content_type=content_type),
                )
            except ResourceExistsError as exists:
                if error_code(exists) != _BLOB_EXISTS:
                    raise
                return False
        return True

    def read(self, name: str) -> bytes | None:
        """Return a blob's content, or ``None`` when there is no such blob."""
        with self._faults_named():
            try:
                return self._client.download_blob(name).readall()
            except ResourceNotFoundError as missing:
                if error_code(missing) == _CONTAINER_MISSING:
                    raise
                return None

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that start with the prefix, in order."""
        with self._faults_named():
            yield from self._client.list_blob_names(name_starts_with=prefix)

    def _faults_named(self) -> AbstractContextManager[None]:
        return transient_faults_named(self._place, recreate=self.create)


def _nothing() -> None:
    """Recreate nothing: creating is what is being tried."""
