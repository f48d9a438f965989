"""The way in for programs and signed-in people: ask, decide, hand over, take back, look.

Parse, prove who it is, let the desk record, answer. What may be done is in decisions; pages and
signed links are elsewhere.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.durable import InstanceId, InstanceView
from shared.endpoints import endpoint
from shared.errors import (
    FieldProblem,
    IdentityRequiredError,
    InstanceUnknownError,
    InvalidRequestError,
    RefusedError,
)
from shared.http import answer, read_model, while_running, workflow_path
from shared.identity import principal_of
from shared.ids import new_id
from shared.principal import Principal, Role
from shared.submission import Submission, submit
from workflows.approval import api, names
from workflows.approval.chains import chain_problems, request_problems
from workflows.approval.decisions import (
    Command,
    Decide,
    Delegate,
    Reassign,
    Refusal,
    Resubmit,
    Withdraw,
)
from workflows.approval.desk import Taken, look, take
from workflows.approval.documents import document_store
from workflows.approval.entries import Decided
from workflows.approval.gateways import approvals, ruling_of
from workflows.approval.models import (
    ApprovalInput,
    ApprovalRequest,
    DecisionBody,
    DelegateBody,
    ReassignBody,
    ResubmitBody,
    WithdrawBody,
)
from workflows.approval.views import approval_path, may_see, summary, view

_MOST_WAITING: Final = 100

# Who calls these is proved by an identity, which a function key is not.
_IDENTITY: Final = func.AuthLevel.ANONYMOUS

blueprint = df.Blueprint()


@blueprint.function_name(names.SUBMIT)
@blueprint.route(route="approvals", methods=["POST"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.START_WORKFLOW, api.SUBMIT)
async def submit_request(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Take a request: 202 while it runs, 200 once it ended, 409 for an id used differently."""
    request = read_model(req, ApprovalRequest)
    await asyncio.to_thread(_refuse_wrong, request, principal_of(req))
    submission = Submission(
        business_id=request.request_id,
        instance_id=InstanceId.parse(names.instance_of(request.request_id)),
        orchestrator=names.ORCHESTRATOR,
        client_input=ApprovalInput(request_id=request.request_id).to_json(),
        body=request.to_json(),
        contact=request.requester,
    )
    book = await asyncio.to_thread(approvals)
    found = await submit(submission, client=client, requests=book.requests, clock=system_clock())
    return _accepted(request.request_id, found)


@blueprint.function_name(names.INBOX)
@blueprint.route(route="approvals/inbox", methods=["GET"], auth_level=_IDENTITY)
@endpoint(Permission.READ_APPROVAL, api.INBOX)
async def list_waiting(req: func.HttpRequest) -> func.HttpResponse:
    """List what waits for the caller, a hundred at most."""
    caller = _caller(req)
    found = await asyncio.to_thread(lambda: approvals().waiting_for(caller.id, most=_MOST_WAITING))
    return answer({"waiting": [summary(dossier) for dossier in found]})


@blueprint.function_name(names.LOOK)
@blueprint.route(route="approvals/{instanceId}", methods=["GET"], auth_level=_IDENTITY)
@endpoint(Permission.READ_APPROVAL, api.LOOK)
async def look_at_request(req: func.HttpRequest) -> func.HttpResponse:
    """Show a request to those who take part in it and to operators; nobody else learns of it."""
    caller = _caller(req)
    dossier = await look(_request_id(req))
    if not may_see(dossier.state, caller):
        raise InstanceUnknownError("no approval has this id")
    headers = None if dossier.state.closed else while_running(approval_path(dossier.request_id))
    return answer(view(dossier, caller), headers=headers)


@blueprint.function_name(names.DECIDE)
@blueprint.route(
    route="approvals/{instanceId}/levels/{level}", methods=["POST"], auth_level=_IDENTITY
)
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.DECIDE_APPROVAL, api.DECIDE)
async def decide_level(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Decide a level: 200 for whoever is first or repeats themselves, 409 for everybody later."""
    caller = _caller(req)
    level = _level(req)
    body = read_model(req, DecisionBody)
    decided = Decided(
        decision=body.decision,
        comment=body.comment,
        document_sha256=body.document_sha256,
        decision_id=body.decision_id or new_id(),
    )
    return await _taken(req, client, Decide(level=level, decided=decided), caller)


@blueprint.function_name(names.DELEGATE)
@blueprint.route(route="approvals/{instanceId}/delegate", methods=["POST"], auth_level=_IDENTITY)
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.DECIDE_APPROVAL, api.DELEGATE)
async def delegate(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Let somebody else decide in the caller's place."""
    caller = _caller(req)
    body = read_model(req, DelegateBody)
    return await _taken(req, client, Delegate(to=body.to), caller)


@blueprint.function_name(names.REASSIGN)
@blueprint.route(route="approvals/{instanceId}/reassign", methods=["POST"], auth_level=_IDENTITY)
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.DECIDE_APPROVAL, api.REASSIGN)
async def reassign(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Let somebody else decide in somebody's place; for operators."""
    caller = _caller(req)
    body = read_model(req, ReassignBody)
    return await _taken(req, client, Reassign(from_=body.from_, to=body.to), caller)


@blueprint.function_name(names.WITHDRAW)
@blueprint.route(route="approvals/{instanceId}/withdraw", methods=["POST"], auth_level=_IDENTITY)
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.DECIDE_APPROVAL, api.WITHDRAW)
async def withdraw(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Take the caller's own request back."""
    caller = _caller(req)
    body = read_model(req, WithdrawBody)
    return await _taken(req, client, Withdraw(comment=body.comment), caller)


@blueprint.function_name(names.RESUBMIT)
@blueprint.route(route="approvals/{instanceId}/resubmit", methods=["POST"], auth_level=_IDENTITY)
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.DECIDE_APPROVAL, api.RESUBMIT)
async def resubmit(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Answer a request for changes of the caller's own request."""
    caller = _caller(req)
    body = read_model(req, ResubmitBody)
    if body.document_sha256:
        await asyncio.to_thread(
            _refuse_unknown_version, _request_id(req), caller, body.document_sha256
        )
    command = Resubmit(document_sha256=body.document_sha256, comment=body.comment)
    return await _taken(req, client, command, caller)


def _refuse_wrong(request: ApprovalRequest, caller: Principal | None) -> None:
    """Refuse what no chain may say, and asking in somebody else's name.

    Whoever comes without an identity holds a function key: a program that we trust with names.
    """
    if caller and caller.id != request.requester and not caller.has(Role.OPERATOR):
        raise RefusedError("requester_mismatch", "the requester is whoever asks")
    may_auto_approve = caller is not None and caller.has(Role.AUTO_APPROVE)
    problems = [
        *request_problems(request),
        *_chain_problems(request, may_auto_approve=may_auto_approve),
    ]
    if request.document and not problems:
        problems = [*filter(None, [document_store().problem(request.document)])]
    if problems:
        raise InvalidRequestError("the request cannot be decided like this", problems)


def _refuse_unknown_version(request_id: str, caller: Principal, sha256: str) -> None:
    """Refuse a version that was never uploaded; who may bring one, and when, is decided later."""
    dossier = approvals().find(request_id)
    requested = dossier.state.requested if dossier else None
    document = requested.document if requested and requested.requester == caller.id else None
    if document is None:
        return
    problem = document_store().problem(document.model_copy(update={"sha256": sha256}))
    if problem is not None:
        raise InvalidRequestError(
            "one field is wrong", [replace(problem, pointer="/documentSha256")]
        )


def _chain_problems(request: ApprovalRequest, *, may_auto_approve: bool) -> Sequence[FieldProblem]:
    if request.chain is not None:
        return chain_problems(
            request.chain, requester=request.requester, may_auto_approve=may_auto_approve
        )
    ruling = ruling_of(request)
    if ruling is None:
        return [FieldProblem(pointer="/chain", code="missing", detail="no rule says who is asked")]
    return chain_problems(ruling.chain, requester=request.requester, may_auto_approve=True)


def _caller(req: func.HttpRequest) -> Principal:
    caller = principal_of(req)
    if caller is None:
        raise IdentityRequiredError("sign in first")
    return caller


def _request_id(req: func.HttpRequest) -> str:
    instance_id = InstanceId.parse(req.route_params.get("instanceId", ""))
    request_id = names.request_of(instance_id)
    if request_id is None:
        raise InstanceUnknownError("no approval has this id")
    return request_id


def _level(req: func.HttpRequest) -> int:
    text = req.route_params.get("level", "")
    if not (text.isascii() and text.isdigit() and len(text) <= len("20")):
        raise InvalidRequestError(
            "the path is wrong",
            [FieldProblem(pointer="{level}", code="malformed", detail="expected a level's number")],
        )
    return int(text)


async def _taken(
    req: func.HttpRequest,
    client: df.DurableOrchestrationClient,
    command: Command,
    caller: Principal,
) -> func.HttpResponse:
    match await take(client, _request_id(req), command, caller):
        case Taken() as taken:
            return _recorded(taken)
        case refusal:
            raise _error(refusal)


def _error(refusal: Refusal) -> RefusedError | InvalidRequestError:
    if refusal.pointer is None:
        return RefusedError(refusal.code, refusal.detail)
    return InvalidRequestError(
        "one field is wrong",
        [FieldProblem(pointer=refusal.pointer, code="unfit", detail=refusal.detail)],
    )


def _recorded(taken: Taken) -> func.HttpResponse:
    location = approval_path(taken.request_id)
    return answer(
        {
            "requestId": taken.request_id,
            "instanceId": names.instance_of(taken.request_id),
            "outcome": "recorded" if taken.is_new else "repeated",
            "status": taken.state.status,
            "level": taken.state.level,
            "round": taken.state.round,
            "sequence": taken.state.sequence,
            "links": {"self": location},
        },
        headers={"Location": location},
    )


def _accepted(request_id: str, found: InstanceView | None) -> func.HttpResponse:
    location = approval_path(request_id)
    ended = found is not None and found.is_terminal
    return answer(
        {
            "requestId": request_id,
            "instanceId": names.instance_of(request_id),
            "links": {
                "self": location,
                "workflow": workflow_path(names.instance_of(request_id)),
            },
        },
        status=HTTPStatus.OK if ended else HTTPStatus.ACCEPTED,
        headers={"Location": location} if ended else while_running(location),
    )
