"""When exports are made by themselves: at the times of BATCH_EXPORT_SCHEDULE, or never without it.

The setting is an NCRONTAB expression of six fields, such as ``0 30 2 * * *``. Without it there is
no such function: one whose schedule cannot be read would be an error in the host's log for ever.
"""

import logging
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from shared.durable import InstanceId, find_instance
from shared.settings import EXPORT_SCHEDULE_SETTING, is_given
from workflows.batch_processing import names
from workflows.batch_processing.models import Increment
from workflows.batch_processing.pipelines.order_export import ORDER_EXPORT

# One instance at a time: an increment that is still running is not overtaken by the next.
INSTANCE: Final = InstanceId(f"export-{ORDER_EXPORT.name}")

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


async def start_export(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Start the next increment, unless the one before it still runs: it is made up for later."""
    del timer
    found = await find_instance(client, INSTANCE)
    if found is not None and not found.is_terminal:
        _logger.warning("no export is started: the one before it still runs")
        return
    increment = Increment(pipeline=ORDER_EXPORT.name)
    await client.start_new(names.INCREMENT, INSTANCE.quoted, increment.to_json())


if is_given(EXPORT_SCHEDULE_SETTING):
    _with_client = blueprint.durable_client_input(client_name="client")(start_export)
    _at_times = blueprint.timer_trigger(arg_name="timer", schedule=f"%{EXPORT_SCHEDULE_SETTING}%")(
        _with_client
    )
    blueprint.function_name(names.START_EXPORT)(_at_times)
