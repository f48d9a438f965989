"""Takes an operator's decision: for programs and for people alike.

The decision is kept first and then announced to the instance; what it does there is the business of
the domain that asked. Who may decide is checked by whoever calls.
"""

import asyncio
from collections.abc import Sequence
from typing import Never

import azure.durable_functions as df

from shared.attention import decision_event
from shared.clock import system_clock
from shared.durable import InstanceId, find_instance
from shared.errors import (
    AttentionDecidedError,
    AttentionNotOpenError,
    FieldProblem,
    InstanceUnknownError,
    InvalidRequestError,
    ProviderUnavailableError,
)
from shared.telemetry.invocations import concerns
from workflows.attention.gateways import Outside, outside
from workflows.attention.models import AskedRound, DecisionRequest
from workflows.attention.transitions import Refusal


async def take(
    client: df.DurableOrchestrationClient,
    instance_id: InstanceId,
    request: DecisionRequest,
    *,
    actor: str,
) -> AskedRound:
    """Keep a decision and announce it; the same one again is taken again.

    Raises:
        InstanceUnknownError: There is no such instance.
        AttentionNotOpenError: Nobody is asked, or in another round.
        AttentionDecidedError: Somebody else decided first.
        InvalidRequestError: The step is not open.
        ProviderUnavailableError: It is kept, and could not be announced: send it again.
    """
    view = await find_instance(client, instance_id)
    if view is None:
        raise InstanceUnknownError("no instance has this id")
    board = (await asyncio.to_thread(outside)).board
    if view.is_terminal:
        await asyncio.to_thread(board.close, instance_id)
    taken = await asyncio.to_thread(
        board.decide, instance_id, request, actor=actor, at=system_clock().now()
    )
    if isinstance(taken, Refusal):
        _refuse(taken)
    if not view.is_terminal:
        await _announce(client, instance_id, taken)
    return taken


async def open_rounds() -> Sequence[AskedRound]:
    """Return every round that waits for a decision, the oldest first."""
    found: Outside = await asyncio.to_thread(outside)
    return await asyncio.to_thread(found.board.open_rounds)


async def _announce(
    client: df.DurableOrchestrationClient, instance_id: InstanceId, taken: AskedRound
) -> None:
    """Tell the instance; it looks for the decision itself, so the event carries nothing."""
    concerns(instance_id)
    try:
        await client.raise_event(
            instance_id.quoted, decision_event(taken.round), {"round": taken.round}
        )
    except Exception as failure:  # the SDK raises bare Exception
        view = await find_instance(client, instance_id)
        if view is None or not view.is_terminal:
            raise ProviderUnavailableError("the decision is kept and not announced") from failure


def _refuse(refused: Refusal) -> Never:
    if refused.code == "decided":
        raise AttentionDecidedError(refused.detail)
    if refused.code == "not_open":
        problem = FieldProblem(pointer="/step", code="not-open", detail=refused.detail)
        raise InvalidRequestError("one field is wrong", [problem])
    raise AttentionNotOpenError(refused.detail)
