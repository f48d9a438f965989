"""Takes what people want: records it, then wakes the orchestration that waits for it.

First the log, then the poke. A poke says nothing: whoever is woken reads the log. One that is lost
is made up for by the sweep, by the next repeat, and at the latest by the orchestration's own look
once a day. Who somebody is was proved before they came here.
"""

import asyncio
import logging
from dataclasses import dataclass

import azure.durable_functions as df

from shared.clock import system_clock
from shared.durable import InstanceId, find_instance
from shared.errors import InstancePurgedError, InstanceUnknownError, LogBrokenError
from shared.principal import Principal, Proof, digest_of_address
from shared.signed_links import LinkClaims
from shared.telemetry.invocations import concerns
from workflows.approval import names
from workflows.approval.decisions import (
    LINK_REFUSED,
    NOT_AN_APPROVER,
    NOT_CURRENT,
    Command,
    Decide,
    Refusal,
)
from workflows.approval.entries import Decided
from workflows.approval.gateways import approvals
from workflows.approval.records import (
    Dossier,
    Recorded,
    RecordedBefore,
    note_is_old,
)
from workflows.approval.state import ApprovalState

NOT_ACTIVE = Refusal(
    code="not_active", detail="the workflow was stopped; an operator can tell more"
)
# Not Completed: a request may end between two looks, and then its log says how.
_STOPPED = frozenset(
    {
        df.OrchestrationRuntimeStatus.Canceled,
        df.OrchestrationRuntimeStatus.Failed,
        df.OrchestrationRuntimeStatus.Suspended,
        df.OrchestrationRuntimeStatus.Terminated,
    }
)
# These tell whoever holds an old link more than they need.
_OLD_LINK = (NOT_AN_APPROVER, NOT_CURRENT)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What somebody wanted is in the log; ``is_new`` tells whether it was this call."""

    request_id: str
    state: ApprovalState
    is_new: bool


async def take(
    client: df.DurableOrchestrationClient,
    request_id: str,
    command: Command,
    actor: Principal,
    *,
    guard: str | None = None,
) -> Taken | Refusal:
    """Record what somebody wants and wake the orchestration, or say why not.

    Raises:
        InstanceUnknownError: Nobody asked for this.
        InstancePurgedError: The orchestration is gone, so nothing would follow.
        StorageUnavailableError: It may or may not be recorded; repeating it is safe.
    """
    instance_id = InstanceId.parse(names.instance_of(request_id))
    concerns(instance_id)
    dossier, view = await asyncio.gather(look(request_id), find_instance(client, instance_id))
    if view is None and dossier.stored.started:
        raise InstancePurgedError(f"{request_id} ended and has been purged")
    if view is not None and view.runtime_status in _STOPPED and not dossier.state.closed:
        return NOT_ACTIVE
    outcome = await asyncio.to_thread(
        approvals().record, dossier, command, actor, at=system_clock().now(), guard=guard
    )
    match outcome:
        case Recorded(state=state, pokes=pokes, note=note):
            if await _poke(client, instance_id, pokes):
                await asyncio.to_thread(approvals().poked, note)
            return Taken(request_id=request_id, state=state, is_new=True)
        case RecordedBefore(state=state, pokes=pokes):
            await _poke(client, instance_id, pokes)
            return Taken(request_id=request_id, state=state, is_new=False)
        case refusal:
            return refusal


async def take_by_link(
    client: df.DurableOrchestrationClient, claims: LinkClaims, decided: Decided
) -> Taken | Refusal:
    """Record the decision of whoever a verified link is for; a link decides once.

    Raises:
        InstancePurgedError, StorageUnavailableError: As ``take`` does.
    """
    request_id = names.request_of(claims.instance)
    dossier = await asyncio.to_thread(approvals().find, request_id) if request_id else None
    approver = approver_of(dossier, claims) if dossier else None
    if dossier is None or approver is None:
        return LINK_REFUSED
    outcome = await take(
        client,
        dossier.request_id,
        Decide(level=claims.level, round=claims.round, decided=decided),
        Principal(id=approver, proof=Proof.SIGNED_LINK),
        guard=claims.jti,
    )
    is_old = isinstance(outcome, Refusal) and outcome in _OLD_LINK
    return LINK_REFUSED if is_old else outcome


def approver_of(dossier: Dossier, claims: LinkClaims) -> str | None:
    """Return the address that a link is for, if it was ever asked."""
    asked = dossier.state.asked
    return next((one for one in asked if digest_of_address(one) == claims.approver), None)


async def look(request_id: str) -> Dossier:
    """Return a request with its log.

    Raises:
        InstanceUnknownError: Nobody asked for this.
    """
    dossier = await asyncio.to_thread(approvals().find, request_id)
    if dossier is None:
        raise InstanceUnknownError("no approval has this id")
    return dossier


async def sweep(client: df.DurableOrchestrationClient) -> int:
    """Poke whatever may never have been poked; return how many requests that were."""
    notes = await asyncio.to_thread(lambda: list(approvals().unpoked()))
    for note in notes:
        try:
            was_poked = await _poke_missed(client, note.text("requestId"))
        except LogBrokenError as broken:  # one of them must not keep the others asleep
            _logger.error("cannot tell who waits: %s", broken)  # noqa: TRY400 - it says it all
            continue
        if was_poked and note_is_old(note, now=system_clock().now()):
            await asyncio.to_thread(approvals().poked, note)
    return len(notes)


async def _poke_missed(client: df.DurableOrchestrationClient, request_id: str) -> bool:
    pokes = await asyncio.to_thread(approvals().pokes_of, request_id)
    instance_id = InstanceId.parse(names.instance_of(request_id))
    view = await find_instance(client, instance_id)
    is_over = view is None or view.is_terminal
    return is_over or await _poke(client, instance_id, pokes)


async def _poke(
    client: df.DurableOrchestrationClient, instance_id: InstanceId, pokes: tuple[str, ...]
) -> bool:
    """Raise the events; False when the runtime did not take them all."""
    try:
        for poke in pokes:
            await client.raise_event(instance_id.quoted, poke)
    except Exception as failure:  # noqa: BLE001 - the SDK raises nothing narrower
        # The decision stands, whatever the runtime says: the sweep will poke again.
        _logger.warning("[%s] was not woken: %s", instance_id, type(failure).__name__)
        return False
    return True
