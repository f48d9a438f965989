"""Cancels workflows before their pivot: a wish is kept first, and then announced to the instance.

Who may wish is decided at the edges; what is undone is the orchestrators' business.
"""

import asyncio
from datetime import datetime
from functools import partial
from typing import Final, Self

import azure.durable_functions as df

from shared.attempts import CANCEL_EVENT
from shared.clock import system_clock
from shared.durable import InstanceId, find_instance
from shared.errors import ProviderUnavailableError
from shared.storage import Row, Storage, Table, Value, instant_text, key_text

_TABLE: Final = "Cancellations"
_ROW_KEY: Final = "way-back"


class Cancellations:
    """Whether an instance was cancelled or went past its pivot: whichever is written first stands.

    Args:
        table: A row by instance.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def open(cls, storage: Storage) -> Self:
        """Open what is kept in an account."""
        return cls(storage.table(_TABLE))

    def close(self, instance_id: str) -> bool:
        """Let nobody cancel any more; False when somebody has."""
        return self._table.until_written(partial(self._try, instance_id, {"cancelled": False}))

    def cancel(self, instance_id: str, *, actor: str, reason: str, at: datetime) -> bool:
        """Cancel; False when it is too late. Again is as good as once."""
        wish: dict[str, Value] = {
            "cancelled": True,
            "actor": actor,
            "reason": reason,
            "at": instant_text(at),
        }
        return self._table.until_written(partial(self._try, instance_id, wish))

    def _try(self, instance_id: str, wish: dict[str, Value]) -> bool:
        known = self._table.read(key_text(instance_id), _ROW_KEY)
        if known:
            return known.flag("cancelled") is wish["cancelled"]
        self._table.write_or_retry(
            Row(partition_key=key_text(instance_id), row_key=_ROW_KEY, fields=wish)
        )
        return True


async def cancel(
    client: df.DurableOrchestrationClient,
    cancellations: Cancellations,
    instance_id: InstanceId,
    *,
    actor: str,
    reason: str,
) -> bool:
    """Cancel a running instance; False when it is past its pivot. Again is as good as once.

    Raises:
        ProviderUnavailableError: The wish is kept, and the instance does not know of it yet.
    """
    if not await asyncio.to_thread(
        cancellations.cancel, instance_id, actor=actor, reason=reason, at=system_clock().now()
    ):
        return False
    await _announce(client, instance_id)
    return True


async def _announce(client: df.DurableOrchestrationClient, instance_id: InstanceId) -> None:
    """Tell the instance, so that it need not come to its pivot to find out."""
    try:
        await client.raise_event(instance_id.quoted, CANCEL_EVENT, {})
    except Exception as failure:  # the SDK raises bare Exception
        view = await find_instance(client, instance_id)
        if view is None or not view.is_terminal:
            raise ProviderUnavailableError("the wish is kept and not announced") from failure
