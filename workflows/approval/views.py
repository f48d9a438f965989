"""What is shown of a request, and to whom: those who take part and operators, nobody else.

Pure. Everybody who may see a request sees the same log; what they may do differs.
"""

from shared.chain import Entry
from shared.http import API_PREFIX, workflow_path
from shared.models import JsonObject
from shared.principal import Principal, Role
from workflows.approval import names
from workflows.approval.entries import EntryKind
from workflows.approval.records import Dossier
from workflows.approval.state import ApprovalState, Stage


def approval_path(request_id: str) -> str:
    """Return the path of a request."""
    return f"{API_PREFIX}/approvals/{names.instance_of(request_id)}"


def may_see(state: ApprovalState, viewer: Principal) -> bool:
    """Whether somebody takes part in the request, or looks after all of them."""
    return (
        viewer.id == state.requested.requester
        or viewer.id in state.asked
        or viewer.has(Role.OPERATOR)
    )


def summary(dossier: Dossier) -> JsonObject:
    """Return where a request stands, as a line of a list."""
    state, request = dossier.state, dossier.request
    location = approval_path(request.request_id)
    return {
        "requestId": request.request_id,
        "instanceId": names.instance_of(request.request_id),
        "status": state.status,
        "kind": request.kind,
        "title": request.title,
        "requester": request.requester,
        "amount": request.amount.to_json() if request.amount else None,
        "level": state.level,
        "round": state.round,
        "levels": len(state.requested.chain),
        "openedAt": state.opened_at.isoformat() if state.opened_at else None,
        "deadlineAt": state.deadline_at.isoformat() if state.deadline_at else None,
        "links": {
            "self": location,
            "workflow": workflow_path(names.instance_of(request.request_id)),
            "decide": f"{location}/levels/{state.level}" if state.undecided else None,
        },
    }


def view(dossier: Dossier, viewer: Principal) -> JsonObject:
    """Return everything about a request for somebody who may see it."""
    state, request = dossier.state, dossier.request
    document = state.requested.document
    return {
        **summary(dossier),
        "description": request.description,
        "document": {**document.to_json(), "sha256": state.document_sha256} if document else None,
        "chain": [
            {"level": number, **level.to_json()}
            for number, level in enumerate(state.requested.chain, 1)
        ],
        "waitingFor": list(state.undecided),
        "you": {
            "isRequester": viewer.id == state.requested.requester,
            "isOperator": viewer.has(Role.OPERATOR),
            "mayDecide": viewer.id in state.undecided,
            "mayResubmit": viewer.id == state.requested.requester and state.stage is Stage.CHANGES,
        },
        "entries": [_entry(entry) for entry in dossier.log.entries],
    }


def _entry(entry: Entry) -> JsonObject:
    # What was asked for is above; repeating it in the log's words would only confuse.
    said = {} if entry.kind == EntryKind.REQUESTED else entry.payload
    return {
        "sequence": entry.sequence,
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "level": entry.level,
        "round": entry.round,
        "actor": entry.actor or None,
        "proof": entry.proof,
        "hash": entry.hash,
        **said,
    }
