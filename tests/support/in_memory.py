"""A pytest plugin: whatever storage account is opened in this process, it is this process's memory.

``-p tests.support.in_memory``, for suites in which the account is not what is tested.
"""

from typing import Final

from shared import storage
from shared.storage import connection
from tests.support.memory_account import MemoryStorage

_ACCOUNTS: Final[dict[str, MemoryStorage]] = {}


def opened(_connection: object, *, prefix: str) -> MemoryStorage:
    """Return the one account of a prefix."""
    return _ACCOUNTS.setdefault(prefix, MemoryStorage())


for module in (storage, connection):
    module.Storage = opened  # type: ignore[attr-defined]
