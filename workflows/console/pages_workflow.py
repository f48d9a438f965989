"""The page of one workflow: where it stands and why, what happened, what may be done.

Looking changes nothing; what is done is the business of pages_actions.
"""

import asyncio
from pathlib import Path
from typing import Any, cast

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.durable import InstanceId, InstanceView, find_instance
from shared.errors import InstanceUnknownError
from shared.operations.audit import audit
from shared.operations.explainer import Explainer
from shared.operations.explanation import explain
from shared.operations.management_api import Management, PageQuery, of as management_of
from shared.operations.types import TYPES
from shared.pages import Area, Pages, page, visitor_at
from workflows.console import names
from workflows.console.action_view import DONE, offered
from workflows.console.instance_view import child_ids, instance_page, parent_of
from workflows.console.list_view import LIST_PATH, workflow_row

blueprint = df.Blueprint()

_MOST_CHILDREN = 20

_pages = Pages(Path(__file__).with_name("templates"), scripts=True)


@blueprint.function_name(names.SHOW_WORKFLOW)
@blueprint.route(
    route="console/workflows/{instanceId}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS
)
@blueprint.durable_client_input(client_name="client")
@page(Permission.READ_CONSOLE)
async def show_workflow(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show one workflow whole."""
    visitor = visitor_at(req)
    instance_id = InstanceId.parse(req.route_params.get("instanceId", ""))
    view = await find_instance(client, instance_id, history=True)
    if view is None:
        raise InstanceUnknownError("no instance has this id")
    now = system_clock().now()
    management = management_of(client)
    explainer = Explainer(management=management, types=TYPES, now=now)
    book = await asyncio.to_thread(audit)
    (acts, is_whole), explanation, children = await asyncio.gather(
        asyncio.to_thread(book.of, instance_id),
        explainer.explained(instance_id),
        _children(management, view),
    )
    return _pages.render(
        "workflow.html",
        visitor=visitor,
        area=Area.WORKFLOWS,
        page=instance_page(view, TYPES, now=now),
        explanation=explanation or explain(view, now=now),
        parent=parent_of(instance_id, TYPES),
        children=[workflow_row(child, TYPES, now=now) for child in children],
        actions=offered(view, TYPES.of(view.orchestrator)),
        audit=acts,
        audit_is_whole=is_whole,
        done=DONE.get(str(req.params.get("done", "")), ""),
        list_path=LIST_PATH,
        now=now,
    )


async def _children(management: Management, view: InstanceView) -> list[InstanceView]:
    """Return the children that the history names, and those that the type's rule does."""
    events = [cast("dict[str, Any]", event) for event in view.history or ()]
    by_rule = TYPES.of(view.orchestrator).child_ids(view.instance_id)
    found: dict[str, InstanceView] = {}
    for child_id in (*child_ids(events), *by_rule):
        query = PageQuery(id_prefix=child_id, top=_MOST_CHILDREN)
        for child in (await management.page(query)).instances:
            if child.instance_id == child_id or child_id.endswith(":"):
                found[child.instance_id] = child
    return list(found.values())[:_MOST_CHILDREN]
