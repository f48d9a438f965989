"""``GET /api/workflows``: instances by the time of their creation, filtered, page after page.

The walk through them is in shared.operations.listing; what is shown of one is decided in models.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.endpoints import endpoint
from shared.http import answer, workflow_path
from shared.operations import management_api
from shared.operations.cursor import Position, cursor_key, opened, sealed
from shared.operations.filters import NAMES, Filter, filter_of
from shared.operations.listing import LARGEST_LIMIT, Listed, list_instances
from shared.operations.types import TYPES
from workflows.management import api, names
from workflows.management.models import row
from workflows.management.queries import number_in, query_of

_LIMIT = 25

blueprint = df.Blueprint()


@blueprint.function_name(names.LIST_WORKFLOWS)
@blueprint.route(route="workflows", methods=["GET"])
@blueprint.durable_client_input(client_name="client")
@endpoint(Permission.LIST_WORKFLOWS, api.LIST_WORKFLOWS)
async def list_workflows(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """List instances, the newest first; a page may be short and go on all the same."""
    query = query_of(req, *NAMES, "limit", "cursor")
    wanted = filter_of(query, TYPES)
    limit = number_in(query, "limit", least=1, most=LARGEST_LIMIT, default=_LIMIT)
    now = system_clock().now()
    key = await asyncio.to_thread(cursor_key)
    listed = await list_instances(
        management_api.of(client),
        wanted,
        types=TYPES,
        now=now,
        limit=limit,
        position=_position(query, wanted, key, now),
    )
    return answer(_page(listed, wanted, key, now))


def _position(
    query: Mapping[str, str], wanted: Filter, key: bytes, now: datetime
) -> Position | None:
    cursor = query.get("cursor")
    return None if cursor is None else opened(cursor, digest=wanted.digest(), key=key, now=now)


def _page(listed: Listed, wanted: Filter, key: bytes, now: datetime) -> dict[str, object]:
    position, back_to = listed.position, listed.searched_back_to
    return {
        "items": [
            row(view, location=workflow_path(view.instance_id), types=TYPES)
            for view in listed.items
        ],
        "nextCursor": sealed(position, digest=wanted.digest(), key=key, now=now)
        if position
        else None,
        "searchedBackTo": f"{back_to:%Y-%m-%dT%H:%M:%SZ}" if back_to else None,
        "examined": listed.examined,
    }
