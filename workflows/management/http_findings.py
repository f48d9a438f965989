"""``GET /api/ops/findings``: what the watchdog has found and what is not over, the oldest first."""

import asyncio
from typing import Final

import azure.functions as func
from azure.durable_functions import Blueprint

from shared.access import Permission
from shared.descriptions import Answer, Operation
from shared.endpoints import endpoint
from shared.http import answer
from shared.models import WireModel
from shared.operations.findings import Finding
from workflows.management import names
from workflows.management.gateways import outside
from workflows.management.queries import query_of

_MOST: Final = 1000

blueprint = Blueprint()


class Findings(WireModel):
    """The answer: at most a thousand findings, and whether there are more."""

    items: tuple[Finding, ...]
    has_more: bool


@blueprint.function_name(names.LIST_FINDINGS)
@blueprint.route(route="ops/findings", methods=["GET"])
@endpoint(
    Permission.READ_OPERATIONS,
    Operation(
        tag="Operations",
        answers={200: Answer(description="What is open, the oldest first.", model=Findings)},
    ),
)
async def list_findings(req: func.HttpRequest) -> func.HttpResponse:
    """Show every open finding with its reason; one that is over is not among them."""
    query_of(req)
    found = await asyncio.to_thread(outside().board.open)
    shown = [finding.shown() for finding in found[:_MOST]]
    return answer({"items": shown, "hasMore": len(found) > _MOST})
