"""Acting on one workflow: a page that asks before, and the form that does it.

What an action does, and whether it may, is decided and written down in shared.operations, the same
as for programs. Only a form of our own page acts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import azure.durable_functions as df
import azure.functions as func
from pydantic import TypeAdapter, ValidationError

from shared.access import Permission
from shared.clock import system_clock
from shared.durable import InstanceId, InstanceView, find_instance
from shared.errors import InstanceUnknownError, MalformedJsonError, RefusedError
from shared.models import JsonObject
from shared.operations.acting import operations_of
from shared.operations.rules import Action, Affected, Order, Result
from shared.operations.types import TYPES, WorkflowType
from shared.pages import FORM, Area, Form, Pages, Visitor, page, read_form, see_other, visitor_at
from shared.personal import PlainText
from shared.strict_json import parse_json
from workflows.console import names
from workflows.console.action_view import ACTIONS, ActionView
from workflows.console.list_view import LIST_PATH, instance_path, workflow_row

blueprint = df.Blueprint()

_FIELDS: Final = frozenset({"reason", "cascade", "event", "data"})
_REASON: Final[TypeAdapter[str]] = TypeAdapter(PlainText)
_ASKED_FIRST: Final[Mapping[str, str]] = {"cascade": "yes"}

_pages = Pages(Path(__file__).with_name("templates"), scripts=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """An action on an instance by somebody."""

    visitor: Visitor
    view: InstanceView
    type_: WorkflowType
    shown: ActionView


class _WrongFormError(Exception):
    """What is filled in cannot be meant; the message is for whoever filled it in."""


@blueprint.function_name(names.ASK_BEFORE)
@blueprint.route(
    route="console/workflows/{instanceId}/{action}",
    methods=["GET"],
    auth_level=func.AuthLevel.ANONYMOUS,
)
@blueprint.durable_client_input(client_name="client")
@page(Permission.USE_CONSOLE, FORM)
async def ask_before(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Ask before an action is done; nothing is done here."""
    return _question(await _case(req, client), typed=_ASKED_FIRST)


@blueprint.function_name(names.ACT)
@blueprint.route(
    route="console/workflows/{instanceId}/{action}",
    methods=["POST"],
    auth_level=func.AuthLevel.ANONYMOUS,
)
@blueprint.durable_client_input(client_name="client")
@page(Permission.USE_CONSOLE, FORM)
async def act(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Do what the form asks for, and lead to where one sees what came of it."""
    case = await _case(req, client)
    form = read_form(req, fields=_FIELDS, has_proof=False)
    try:
        order = _order(case, form)
        operations = await operations_of(client, case.visitor.actor)
        affected = await operations.act(case.view.instance_id, order)
    except _WrongFormError as wrong:
        return _question(case, typed=form, wrong=str(wrong), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except RefusedError as refused:
        said = f"Nothing was changed: {refused.message}."
        return _question(case, typed=form, wrong=said, status=HTTPStatus.CONFLICT)
    return _done(case, affected)


async def _case(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> _Case:
    instance_id = InstanceId.parse(req.route_params.get("instanceId", ""))
    shown = ACTIONS.get(req.route_params.get("action", ""))
    visitor = visitor_at(req, Permission.USE_CONSOLE)
    view = await find_instance(client, instance_id) if shown else None
    if shown is None or view is None:
        raise InstanceUnknownError("there is no such instance or action")
    return _Case(visitor=visitor, view=view, type_=TYPES.of(view.orchestrator), shown=shown)


def _order(case: _Case, form: Form) -> Order:
    """Read what is wanted.

    Raises:
        _WrongFormError: A field is wrong.
    """
    try:
        reason = _REASON.validate_python(form.get("reason", "").strip())
    except ValidationError:
        raise _WrongFormError(
            "Give a reason: one line of at most 200 characters, without card numbers."
        ) from None
    is_event = case.shown.action is Action.RAISE_EVENT
    return Order(
        action=case.shown.action,
        reason=reason,
        cascade="cascade" in form,
        event=form.get("event", "") if is_event else "",
        data=_data(case.type_, form) if is_event else {},
    )


def _data(type_: WorkflowType, form: Form) -> JsonObject:
    model = type_.events.get(form.get("event", ""))
    if model is None:
        raise _WrongFormError("Workflows of this type know no such event.")
    try:
        return model.from_json(parse_json(form.get("data", "").encode())).to_json()
    except MalformedJsonError:
        raise _WrongFormError("The data is not JSON.") from None
    except ValidationError as error:
        fields = sorted({"/".join(map(str, one["loc"])) for one in error.errors()})
        raise _WrongFormError(f"The event does not take this: {', '.join(fields)}.") from None


def _done(case: _Case, affected: tuple[Affected, ...]) -> func.HttpResponse:
    """Lead on: to the new workflow, to the list where there is nothing left, or back."""
    again = next((each.new_instance_id for each in affected if each.new_instance_id), None)
    was_done = any(each.result is Result.DONE for each in affected)
    if case.shown.action is Action.PURGE:
        return see_other(LIST_PATH, query={"done": case.shown.name})
    path = instance_path(again or case.view.instance_id)
    return see_other(path, query={"done": case.shown.name if was_done else "same"})


def _question(
    case: _Case, *, typed: Mapping[str, str], wrong: str = "", status: int = HTTPStatus.OK
) -> func.HttpResponse:
    is_event = case.shown.action is Action.RAISE_EVENT
    return _pages.render(
        "act.html",
        status=status,
        visitor=case.visitor,
        area=Area.WORKFLOWS,
        action=case.shown,
        row=workflow_row(case.view, TYPES, now=system_clock().now()),
        events=sorted(case.type_.events) if is_event else (),
        typed={"reason": "", "event": "", "data": "", "cascade": "", **typed},
        wrong=wrong,
    )
