"""Blobs as values, and writing one in blocks. What containers offer is in container.

A blob's tag names one version of its content: reading under a tag never mixes two versions.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError
from azure.storage.blob import BlobBlock, BlobClient, ContentSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobVersion:
    """One version of a blob: its tag, its size in bytes, and what was noted beside it."""

    name: str
    etag: str
    size: int
    content_type: str = ""
    notes: Mapping[str, str] = field(default_factory=dict[str, str])


class BlobChangedError(Exception):
    """The blob is not the version that was asked for, or is gone; no retry brings it back."""


class BlockWriter:
    """Writes a blob in blocks: only one block is in memory, and nothing shows before ``commit``.

    Two writers of the same content may run at the same time: the first commit counts.
    """

    def __init__(
        self, client: BlobClient, *, faults_named: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._client = client
        self._faults_named = faults_named
        self._blocks: list[BlobBlock] = []

    def add(self, content: bytes) -> None:
        """Append a block; an empty one is left out."""
        if not content:
            return
        block = BlobBlock(f"{len(self._blocks):08}")
        with self._faults_named():
            self._client.stage_block(block.id, content)
        self._blocks.append(block)

    def commit(self, *, content_type: str, notes: Mapping[str, str] | None = None) -> bool:
        """Make the blob appear with all its blocks; False when there is one of this name."""
        with self._faults_named():
            try:
                self._client.commit_block_list(
                    self._blocks,
                    content_settings=ContentSettings(content_type=content_type),
                    metadata=dict(notes or {}),
                    match_condition=MatchConditions.IfMissing,
                )
            except (ResourceExistsError, ResourceModifiedError):
                return False
        return True
