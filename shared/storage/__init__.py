"""Azure Storage for every domain: tables with atomic writes, and blobs read by version.

``open_storage(connection, prefix=...)`` returns the process's ``Storage``; its ``table(name)`` and
``container(name)`` create on first use. Everything here is synchronous and thread-safe, because
activities run in a thread pool. What is kept in which table is known by the callers alone.
"""

from shared.storage.blob import BlobChangedError, BlobVersion, BlockWriter
from shared.storage.connection import Storage, open_storage
from shared.storage.container import Container
from shared.storage.row import Row, Stretch, Value, instant_text, key_text, text_of_key
from shared.storage.table import MOST_ROWS_TOGETHER, Table

__all__ = [
    "MOST_ROWS_TOGETHER",
    "BlobChangedError",
    "BlobVersion",
    "BlockWriter",
    "Container",
    "Row",
    "Storage",
    "Stretch",
    "Table",
    "Value",
    "instant_text",
    "key_text",
    "open_storage",
    "text_of_key",
]
