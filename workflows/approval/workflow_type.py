"""What operators may do with approvals."""

from datetime import timedelta
from typing import Final

import azure.durable_functions as df

from shared.durable import InstanceId
from shared.operations.types import CancelOutcome, WorkflowType
from shared.principal import Principal, Proof, Role, address_of
from shared.settings import current_settings
from workflows.approval import names
from workflows.approval.decisions import Withdraw
from workflows.approval.desk import Taken, take
from workflows.approval.models import ApprovalStatus
from workflows.approval.vocabulary import WORDS


async def _cancel(
    client: df.DurableOrchestrationClient, instance_id: InstanceId, actor: str, reason: str
) -> CancelOutcome:
    """Take the request back in the requester's place; the log says who did."""
    request_id = names.request_of(instance_id)
    if request_id is None:
        return CancelOutcome.TOO_LATE
    has_identity = address_of(actor) is not None
    proof = Proof(current_settings().identity.value) if has_identity else Proof.FUNCTION_KEY
    operator = Principal(id=actor, roles=frozenset({Role.OPERATOR}), proof=proof)
    outcome = await take(client, request_id, Withdraw(comment=reason), operator)
    return CancelOutcome.REQUESTED if isinstance(outcome, Taken) else CancelOutcome.TOO_LATE


TYPES: Final = (
    WorkflowType(
        name="approval",
        title="Approval",
        orchestrators=frozenset({names.ORCHESTRATOR}),
        id_prefix=names.instance_of(""),
        service_level=timedelta(days=2),  # it looks around once a day, whatever it waits for
        keep_for=timedelta(days=365),
        cancel=_cancel,
        hoped_for=frozenset({ApprovalStatus.APPROVED}),
        words=WORDS,
    ),
)
