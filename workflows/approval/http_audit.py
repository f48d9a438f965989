"""``GET /api/approvals/{instanceId}/audit``: a request's log as evidence, for operators.

Everything that the hashes are made of is shown, so that others can check the chain themselves.
Checking all logs of an account at once is in audit.
"""

import asyncio

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.chain import Entry
from shared.durable import InstanceId
from shared.endpoints import endpoint
from shared.errors import InstanceUnknownError
from shared.http import answer
from shared.models import JsonObject
from workflows.approval import api, names
from workflows.approval.audit import auditor

blueprint = df.Blueprint()


@blueprint.function_name(names.AUDIT)
@blueprint.route(
    route="approvals/{instanceId}/audit",
    methods=["GET"],
    auth_level=func.AuthLevel.ANONYMOUS,  # who calls is proved by an identity, not by a key
)
@endpoint(Permission.AUDIT_APPROVAL, api.AUDIT)
async def audit_request(req: func.HttpRequest) -> func.HttpResponse:
    """Show every entry, whether the log is as it was written, and where it is not."""
    request_id = names.request_of(InstanceId.parse(req.route_params.get("instanceId", "")))
    if request_id is None:
        raise InstanceUnknownError("no approval has this id")
    return answer(await asyncio.to_thread(_report, request_id))


def _report(request_id: str) -> JsonObject:
    log, findings = auditor().of(request_id)
    if not log.entries and not findings:
        raise InstanceUnknownError("no approval has this id")
    return {
        "requestId": request_id,
        "instanceId": names.instance_of(request_id),
        "verified": not findings,
        "findings": [
            {"sequence": finding.sequence, "reason": finding.reason} for finding in findings
        ],
        "firstBroken": min((finding.sequence for finding in findings), default=None),
        "entries": [_evidence(entry) for entry in log.entries],
    }


def _evidence(entry: Entry) -> JsonObject:
    return {
        "sequence": entry.sequence,
        "at": entry.at.isoformat(timespec="microseconds"),
        "kind": entry.kind,
        "level": entry.level,
        "round": entry.round,
        "actor": entry.actor,
        "proof": entry.proof,
        "payload": entry.payload,
        "previousHash": entry.previous_hash,
        "hash": entry.hash,
    }
