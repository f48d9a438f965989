"""Each minute: wakes the orchestrations that nobody woke, because a process died in between."""

import logging

import azure.durable_functions as df
import azure.functions as func

from workflows.approval import names
from workflows.approval.desk import sweep

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@blueprint.function_name(names.SWEEP)
@blueprint.timer_trigger(arg_name="timer", schedule="0 * * * * *")
@blueprint.durable_client_input(client_name="client")
async def sweep_pokes(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Poke what may never have been poked."""
    del timer  # a late run does the same
    if found := await sweep(client):
        _logger.warning("%d approvals may not have been woken; they are now", found)
