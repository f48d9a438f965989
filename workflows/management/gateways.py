"""Where findings and runs are kept, and who writes to operators.

Every call may raise ``StorageUnavailableError`` or ``ProviderUnavailableError``; then repeat it.
"""

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.operations.findings import FindingsBoard, findings_board
from shared.post import Post
from shared.settings import current_settings
from shared.storage import open_storage
from workflows.management.runs import RUNS_TABLE, RunBook


class Letters(Protocol):
    """Who writes to operators."""

    def put(self, key: str, *, recipient: str, subject: str, text: str, at: datetime) -> bool:
        """Write a mail once per key; False when it is refused for good."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Where findings and runs are kept, and who is written to."""

    board: FindingsBoard
    runs: RunBook
    letters: Letters
    recipient: str


@functools.cache
def outside() -> Outside:
    """Connect to the outside, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return Outside(
        board=findings_board(),
        runs=RunBook(table=storage.table(RUNS_TABLE)),
        letters=Post.open(settings, storage),
        recipient=settings.operators_mail,
    )
