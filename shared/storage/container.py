"""One blob container: write once or replace, read whole or by ranges of one version, list."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager

from azure.core import MatchConditions
from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobProperties, ContainerClient, ContentSettings

from shared.storage.blob import BlobChangedError, BlobVersion, BlockWriter
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

    def replace(
        self,
        name: str,
        content: bytes,
        *,
        content_type: str,
        notes: Mapping[str, str] | None = None,
    ) -> BlobVersion:
        """Write a blob whatever is there; for content that does not depend on what was there."""
        with self._faults_named():
            written = self._client.get_blob_client(name).upload_blob(
                content,
                overwrite=True,
                content_settings=ContentSettings(content_type=content_type),
                metadata=dict(notes or {}),
            )
            return BlobVersion(
                name=name,
                etag=_bare(written["etag"]),
                size=len(content),
                content_type=content_type,
                notes=notes or {},
            )

    def delete(self, name: str) -> None:
        """Make sure that there is no such blob."""
        with self._faults_named():
            try:
                self._client.delete_blob(name)
            except ResourceNotFoundError as missing:
                if error_code(missing) == _CONTAINER_MISSING:
                    raise

    def find(self, name: str) -> BlobVersion | None:
        """Return the version that there is now, or ``None``."""
        with self._faults_named():
            try:
                found = self._client.get_blob_client(name).get_blob_properties()
            except ResourceNotFoundError as missing:
                if error_code(missing) == _CONTAINER_MISSING:
                    raise
                return None
            return _version(found)

    def read_range(self, version: BlobVersion, offset: int, length: int) -> bytes:
        """Return so many bytes of a version from an offset on; fewer at its end.

        Raises:
            BlobChangedError: There is another version now, or none.
        """
        if offset >= version.size or length <= 0:
            return b""
        with self._faults_named():
            try:
                return self._client.download_blob(
                    version.name,
                    offset=offset,
                    length=min(length, version.size - offset),
                    etag=f'"{version.etag}"',
                    match_condition=MatchConditions.IfNotModified,
                ).readall()
            except ResourceModifiedError as changed:
                raise BlobChangedError(f"{version.name} has changed") from changed
            except ResourceNotFoundError as missing:
                if error_code(missing) == _CONTAINER_MISSING:
                    raise
                raise BlobChangedError(f"{version.name} is gone") from missing

    def in_blocks(self, name: str) -> BlockWriter:
        """Write a blob of any size in blocks."""
        return BlockWriter(self._client.get_blob_client(name), faults_named=self._faults_named)

    def versions(self, prefix: str = "") -> Iterator[BlobVersion]:
        """Yield the blobs whose name starts with the prefix, in order."""
        with self._faults_named():
            yield from map(
                _version, self._client.list_blobs(name_starts_with=prefix, include=["metadata"])
            )

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that start with the prefix, in order."""
        with self._faults_named():
            yield from self._client.list_blob_names(name_starts_with=prefix)

    def _faults_named(self) -> AbstractContextManager[None]:
        return transient_faults_named(self._place, recreate=self.create)


def _version(found: BlobProperties) -> BlobVersion:
    return BlobVersion(
        name=str(found.name),
        etag=_bare(found.etag),
        size=int(found.size),
        content_type=found.content_settings.content_type or "",
        notes=dict(found.metadata or {}),
    )


def _bare(etag: str) -> str:
    """Return a tag without quotes, which listings leave out."""
    return etag.strip('"')


def _nothing() -> None:
    """Recreate nothing: creating is what is being tried."""
