"""Whether the app can do its work: each check by itself, each with a limit of its own.

What is wrong goes to the log; strangers learn that something is, and which check it is.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from shared.clock import Clock
from shared.operations.explanation import PENDING_LIMIT
from shared.operations.in_flight import oldest_pending
from shared.operations.management_api import Management, PageQuery
from shared.settings import current_settings
from shared.storage import open_storage
from workflows.management import names

_PATIENCE: Final = timedelta(seconds=5)

_logger = logging.getLogger(__name__)


class Health(StrEnum):
    """What a check found."""

    OK = "ok"
    FAILING = "failing"


class BacklogError(Exception):
    """Starts wait to be taken for longer than they should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Checks whatever the app needs.

    Args:
        management: the runtime.
        clock: what time it is.
        patience: how long each check may take.
    """

    management: Management
    clock: Clock
    patience: timedelta = _PATIENCE

    async def checked(self) -> Mapping[str, Health]:
        """Return what every check found, by its name; never raises."""
        checks: Mapping[str, Callable[[], Awaitable[None]]] = {
            "storage": self._storage,
            "taskHub": self._task_hub,
            "backlog": self._backlog,
            "configuration": self._configuration,
        }
        found = await asyncio.gather(*(self._found(name, one) for name, one in checks.items()))
        return dict(zip(checks, found, strict=True))

    async def _found(self, name: str, check: Callable[[], Awaitable[None]]) -> Health:
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                await check()
        except Exception as failure:  # noqa: BLE001 - whatever it is, the answer is the same
            _logger.warning("not ready: %s: %s: %s", name, type(failure).__name__, failure)
            return Health.FAILING
        return Health.OK

    async def _storage(self) -> None:
        await asyncio.to_thread(_read_storage)

    async def _task_hub(self) -> None:
        await self.management.page(PageQuery(top=1))

    async def _backlog(self) -> None:
        since = await oldest_pending(self.management)
        if since is not None and self.clock.now() - since > PENDING_LIMIT:
            raise BacklogError(f"a start waits since {since.isoformat()}")

    async def _configuration(self) -> None:
        await asyncio.to_thread(current_settings)


def _read_storage() -> None:
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    storage.table(names.READINESS_TABLE).read("probe", "probe")
