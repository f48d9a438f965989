"""What asking operators does to the world: a row, a mail, a line in the log.

Each effect is keyed by instance, round and reminder, so running an activity again repeats nothing
but the line in the log.
"""

import logging
from typing import Any

import azure.durable_functions as df

from shared.attention import Alert, FoundDecision, RoundKey
from shared.http import workflow_path
from shared.models import JsonObject
from workflows.attention import names
from workflows.attention.gateways import outside
from workflows.attention.models import RoundState
from workflows.attention.transitions import letter

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@blueprint.function_name(names.RAISE_ALERT)
@blueprint.activity_trigger(input_name="payload")
def raise_alert(payload: Any) -> None:
    """Open a round or remind of it, in this order: what operators are told of can be decided."""
    alert = Alert.from_json(payload)
    asked = outside().board.ask(alert)
    if asked.state is not RoundState.OPEN:
        return  # decided meanwhile
    written = letter(alert, path=workflow_path(alert.instance_id))
    outside().mail.put(
        f"{alert.instance_id}:attention:{alert.round}:{alert.reminder}",
        recipient=outside().recipient,
        subject=written.subject,
        text=written.text,
        at=alert.at,
    )
    _logger.error(
        "[%s] needs attention: round %d, reminder %d, %s of %s",
        alert.instance_id,
        alert.round,
        alert.reminder,
        alert.trouble,
        ", ".join(step.step for step in alert.open),
        extra={
            "instanceId": alert.instance_id,
            "workflow": alert.workflow,
            "round": alert.round,
            "reminder": alert.reminder,
            "trouble": alert.trouble.value,
        },
    )


@blueprint.function_name(names.FIND_DECISION)
@blueprint.activity_trigger(input_name="payload")
def find_decision(payload: Any) -> JsonObject:
    """Say what was decided in a round, if anything."""
    key = RoundKey.from_json(payload)
    decision = outside().board.decision(key.instance_id, key.round)
    return FoundDecision(decision=decision).to_json()
