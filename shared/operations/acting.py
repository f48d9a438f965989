"""Who acts, and with what: puts together what the actions need for one request."""

import asyncio

import azure.durable_functions as df

from shared.clock import system_clock
from shared.operations import management_api
from shared.operations.actions import Operations
from shared.operations.audit import audit
from shared.operations.rules import Operator
from shared.operations.types import TYPES
from shared.principal import Proof
from shared.settings import current_settings


async def operations_of(client: df.DurableOrchestrationClient, actor: str) -> Operations:
    """Return the actions of an operator.

    Raises:
        StorageUnavailableError: Nothing can be written down, so nothing can be done.
    """
    return Operations(
        client=client,
        management=management_api.of(client),
        audit=await asyncio.to_thread(audit),
        types=TYPES,
        clock=system_clock(),
        operator=operator_of(actor),
    )


def operator_of(actor: str) -> Operator:
    """Return who acts, as it is written down."""
    # Plain texts: what is hashed and kept has to be of the very type that is read back.
    return Operator(actor=str(actor), proof=str(_proof(actor)))


def _proof(actor: str) -> str:
    return actor if actor in set(Proof) else current_settings().identity
