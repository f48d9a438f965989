"""The entities of batches: one control per job, one pace per downstream. They decide in control.

Every operation sets a result: one that does not would hand on that of the operation before it.
"""

import azure.durable_functions as df

from shared.models import JsonObject
from workflows.batch_processing import names
from workflows.batch_processing.control import Control, Pace
from workflows.batch_processing.models import OpenControl, ShardReport, TakeTokens
from workflows.batch_processing.transitions import Stop

blueprint = df.Blueprint()


@blueprint.function_name(names.CONTROL)
@blueprint.entity_trigger(context_name="context")
def control(context: df.DurableEntityContext) -> None:
    """Keep what shards have done, and tell them what to do."""
    before = Control.from_json(context.get_state(_nothing))
    if context.operation_name == names.CLOSE_OPERATION:
        context.set_result(before.directive.to_json())
        context.destruct_on_exit()
        return
    after = _operated(before, context)
    context.set_state(after.to_json())
    context.set_result(after.directive.to_json())


def _operated(state: Control, context: df.DurableEntityContext) -> Control:
    match context.operation_name:
        case names.LOOK_OPERATION:
            return state
        case names.OPEN_OPERATION:
            return state.opened(OpenControl.from_json(context.get_input()))
        case names.REPORT_OPERATION:
            return state.reported(ShardReport.from_json(context.get_input()))
        case names.PAUSE_OPERATION:
            return state.paused()
        case names.RESUME_OPERATION:
            return state.resumed()
        case names.CANCEL_OPERATION:
            return state.stopped(Stop.CANCELLED)
        case unknown:
            raise ValueError(f"a job's control knows no operation {unknown}")


@blueprint.function_name(names.RATE)
@blueprint.entity_trigger(context_name="context")
def rate(context: df.DurableEntityContext) -> None:
    """Share out what a downstream can take."""
    if context.operation_name != names.TAKE_OPERATION:
        raise ValueError(f"a pace knows no operation {context.operation_name}")
    pace, granted = Pace.from_json(context.get_state(_nothing)).taken(
        TakeTokens.from_json(context.get_input())
    )
    context.set_state(pace.to_json())
    context.set_result(granted.to_json())


def _nothing() -> JsonObject:
    return {}
