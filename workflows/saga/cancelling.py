"""Cancels a saga before its pivot: the wish is kept first, and then announced to the instance.

Who may wish is decided at the edges; what is undone is the orchestrator's business.
"""

import asyncio

import azure.durable_functions as df

from shared.attempts import CANCEL_EVENT
from shared.clock import system_clock
from shared.durable import InstanceId, find_instance
from shared.errors import ProviderUnavailableError
from workflows.saga.gateways import outside


async def cancel(
    client: df.DurableOrchestrationClient, instance_id: InstanceId, *, actor: str, reason: str
) -> bool:
    """Cancel a running saga; False when it is past its pivot. Again is as good as once.

    Raises:
        ProviderUnavailableError: The wish is kept, and the instance does not know of it yet.
    """
    cancellations = (await asyncio.to_thread(outside)).cancellations
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
