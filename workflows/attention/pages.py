"""``/api/console/attention``: what waits for an operator's decision, and the place to decide.

Looking changes nothing. What a decision does is the desk's business, the same as for programs.
"""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Final

import azure.durable_functions as df
import azure.functions as func
from pydantic import ValidationError

from shared.access import Permission
from shared.attention import Action, Trouble
from shared.clock import system_clock
from shared.durable import InstanceId
from shared.errors import AttentionDecidedError, AttentionNotOpenError, InvalidRequestError
from shared.pages import (
    CONSOLE_PATH,
    FORM,
    Area,
    Form,
    Pages,
    Visitor,
    page,
    read_form,
    see_other,
    visitor_at,
)
from workflows.attention import names
from workflows.attention.desk import open_rounds, take
from workflows.attention.models import DecisionRequest

QUEUE_PATH: Final = f"{CONSOLE_PATH}/attention"

_FIELDS: Final = frozenset({"instanceId", "round", "action", "step", "reason"})
_TROUBLES: Final[Mapping[Trouble, str]] = MappingProxyType(
    {
        Trouble.COMPENSATION: "It goes back, and these steps could not be undone:",
        Trouble.FORWARD_RECOVERY: "There is no way back, and these steps do not succeed:",
    }
)
# What an action is called, what it means, and what is said once it was chosen.
_ACTIONS: Final = (
    (Action.RETRY, "Retry", "Try again, as patiently as the first time."),
    (Action.SKIP, "Skip", "Leave the step as it is, and try the others again."),
    (Action.ACCEPT, "Accept", "Leave everything as it is, and end. Somebody else settles it."),
)
_DONE: Final[Mapping[str, str]] = MappingProxyType(
    {
        Action.RETRY: "Decided: the workflow tries again.",
        Action.SKIP: "Decided: the workflow goes on without the step.",
        Action.ACCEPT: "Decided: the workflow ends as it is.",
    }
)

blueprint = df.Blueprint()

_pages = Pages(Path(__file__).with_name("templates"), scripts=True)


@blueprint.function_name(names.SHOW_QUEUE)
@blueprint.route(route="console/attention", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@page(Permission.READ_CONSOLE)
async def show_queue(req: func.HttpRequest) -> func.HttpResponse:
    """Show every open round, the oldest first."""
    done = _DONE.get(str(req.params.get("done", "")), "")
    return await _queue_page(visitor_at(req), done=done)


@blueprint.function_name(names.DECIDE_IN_QUEUE)
@blueprint.route(route="console/attention", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.durable_client_input(client_name="client")
@page(Permission.USE_CONSOLE, FORM)
async def decide_in_queue(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Take the decision that a form of the page brings."""
    visitor = visitor_at(req, Permission.USE_CONSOLE)
    form = read_form(req, fields=_FIELDS, has_proof=False)
    instance_id = InstanceId.parse(form.get("instanceId", ""))
    try:
        request = _request(form)
        await take(client, instance_id, request, actor=visitor.actor)
    except ValidationError as error:
        return await _queue_page(visitor, form=form, wrong=_complaint(error))
    except (AttentionDecidedError, AttentionNotOpenError) as error:
        said = f"Nothing was changed: {error.message}."
        return await _queue_page(visitor, form=form, wrong=said, status=HTTPStatus.CONFLICT)
    except InvalidRequestError as error:
        said = "; ".join(problem.detail for problem in error.problems) or error.message
        return await _queue_page(visitor, form=form, wrong=said)
    return see_other(QUEUE_PATH, query={"done": request.action})


def _request(form: Form) -> DecisionRequest:
    """Read the form as the API reads its body.

    Raises:
        ValidationError: A field is wrong.
    """
    said = {name: form[name].strip() for name in ("action", "step", "reason") if form.get(name)}
    round_ = form.get("round", "")
    number = {"round": int(round_)} if round_.isascii() and round_.isdecimal() else {}
    return DecisionRequest.from_json({"reason": "", **said, **number})


def _complaint(error: ValidationError) -> str:
    fields = {str(one["loc"][0]) for one in error.errors(include_url=False, include_input=False)}
    if fields == {"reason"}:
        return "Give a reason: one line of at most 200 characters, without card numbers."
    return "Choose what is to be done, and give a reason."


async def _queue_page(
    visitor: Visitor,
    *,
    form: Form | None = None,
    wrong: str = "",
    done: str = "",
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> func.HttpResponse:
    rounds = await open_rounds()
    return _pages.render(
        "queue.html",
        status=status if wrong else HTTPStatus.OK,
        visitor=visitor,
        area=Area.ATTENTION,
        rounds=rounds,
        troubles=_TROUBLES,
        choices=_ACTIONS,
        typed=form or {},
        wrong=wrong,
        done=done,
        path=QUEUE_PATH,
        list_path=f"{CONSOLE_PATH}/workflows",
        now=system_clock().now(),
    )
