"""The console's overview and its list of workflows.

Looking changes nothing. One instance is shown by pages_workflow; how things are called and drawn is
in the view modules, what there is to see in shared.operations.
"""

import asyncio
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import azure.durable_functions as df
import azure.functions as func

from shared.access import Permission
from shared.clock import system_clock
from shared.errors import InvalidRequestError
from shared.operations.cursor import cursor_key, opened, sealed
from shared.operations.filters import Filter, filter_of
from shared.operations.findings import findings_board
from shared.operations.listing import Listed, list_instances
from shared.operations.management_api import Management, of as management_of
from shared.operations.overview_buckets import recent_overview
from shared.operations.types import TYPES
from shared.pages import CONSOLE_PATH, Area, Pages, Visitor, page, visitor_at
from workflows.console import names
from workflows.console.action_view import DONE
from workflows.console.list_view import (
    LIST_PATH,
    asked_for,
    filter_form,
    list_path,
    summary_of,
    typed_in,
    workflow_row,
)
from workflows.console.overview_view import HOURS, overview_page

blueprint = df.Blueprint()

_LIMIT: Final = 25
_DAY_H: Final = 24
_LONG_WAIT_S: Final = 60
_MOST_FINDINGS: Final = 6

_pages = Pages(Path(__file__).with_name("templates"), scripts=True)


@blueprint.function_name(names.SHOW_OVERVIEW)
@blueprint.route(route="console", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.durable_client_input(client_name="client")
@page(Permission.READ_CONSOLE)
async def show_overview(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show what went on in the last hours, and what somebody has to look at."""
    visitor = visitor_at(req)
    now = system_clock().now()
    hours = _hours(req)
    board = await asyncio.to_thread(findings_board)
    overview, findings = await asyncio.gather(
        recent_overview(management_of(client), TYPES, hours=hours, now=now),
        asyncio.to_thread(board.open),
    )
    oldest = overview.backlog.oldest_pending_s
    return _pages.render(
        "overview.html",
        visitor=visitor,
        area=Area.OVERVIEW,
        page=overview_page(overview, hours=hours),
        backlog=overview.backlog,
        is_backed_up=oldest is not None and oldest > _LONG_WAIT_S,
        findings=findings[:_MOST_FINDINGS],
        more_findings=max(0, len(findings) - _MOST_FINDINGS),
        hours=HOURS,
        path=CONSOLE_PATH,
        list_path=LIST_PATH,
        now=now,
    )


@blueprint.function_name(names.LIST_WORKFLOWS)
@blueprint.route(route="console/workflows", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.durable_client_input(client_name="client")
@page(Permission.READ_CONSOLE)
async def list_workflows(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show the workflows that the filters in the address ask for, a page of them."""
    visitor = visitor_at(req)
    now = system_clock().now()
    typed = typed_in(req.params)
    try:
        wanted = filter_of(asked_for(typed, now), TYPES, where="")
        cursor = str(req.params.get("cursor", ""))
        listed, following = await _listed(management_of(client), wanted, cursor, now)
    except InvalidRequestError as error:
        problems = [f"{problem.pointer}: {problem.detail}" for problem in error.problems]
        return _list_page(visitor, typed, now, problems=problems)
    done = DONE.get(str(req.params.get("done", "")), "")
    return _list_page(
        visitor, typed, now, listed=listed, cursor=cursor, following=following, done=done
    )


async def _listed(
    management: Management, wanted: Filter, cursor: str, now: datetime
) -> tuple[Listed, str | None]:
    """Return a page of the list, and the cursor of the next one."""
    digest = wanted.digest()
    key = await asyncio.to_thread(cursor_key)
    position = opened(cursor, digest=digest, key=key, now=now) if cursor else None
    listed = await list_instances(
        management, wanted, types=TYPES, now=now, limit=_LIMIT, position=position
    )
    if listed.position is None:
        return listed, None
    return listed, sealed(listed.position, digest=digest, key=key, now=now)


def _list_page(  # noqa: PLR0913 - what the page shows
    visitor: Visitor,
    typed: dict[str, str],
    now: datetime,
    *,
    listed: Listed | None = None,
    cursor: str = "",
    following: str | None = None,
    done: str = "",
    problems: list[str] | None = None,
) -> func.HttpResponse:
    rows = [workflow_row(view, TYPES, now=now) for view in (listed.items if listed else ())]
    return _pages.render(
        "workflows.html",
        status=HTTPStatus.BAD_REQUEST if problems else HTTPStatus.OK,
        visitor=visitor,
        area=Area.WORKFLOWS,
        done=done,
        form=filter_form(typed, TYPES),
        problems=problems or [],
        rows=rows,
        summary=summary_of(rows),
        is_later=bool(cursor),
        first_path=list_path(typed),
        next_path=list_path(typed, cursor=following) if following else None,
        searched_back_to=listed.searched_back_to if listed else None,
        limit=_LIMIT,
        list_path=LIST_PATH,
        now=now,
    )


def _hours(req: func.HttpRequest) -> int:
    asked: Any = req.params.get("hours", "")
    return next((hours for hours in HOURS if str(hours) == asked), _DAY_H)
