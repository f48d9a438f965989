"""The pages of an approval: the one behind a link in a mail, and the inbox.

A link proves who decides what: no key and no sign-in is asked for. GET and HEAD never change
anything, because mail scanners follow links; a POST decides when the form was this page's own. What
is recorded, and whether, is the desk's business; words are in page_views, links in opened_links.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Final

import azure.durable_functions as df
import azure.functions as func
from pydantic import ValidationError

from shared.access import Permission
from shared.clock import system_clock
from shared.errors import IdentityRequiredError, InvalidRequestError
from shared.http import API_PREFIX
from shared.identity import principal_of
from shared.pages import (
    Area,
    ForeignFormError,
    Form,
    Link,
    Pages,
    attachment,
    notice,
    page,
    read_form,
    see_other,
    visitor_at,
)
from shared.principal import Principal, Proof
from workflows.approval import api, names
from workflows.approval.decisions import (
    DOCUMENT_CHANGED,
    LINK_REFUSED,
    NOT_AN_APPROVER,
    NOT_CURRENT,
    Delegate,
    Refusal,
)
from workflows.approval.desk import Taken, take, take_by_link
from workflows.approval.documents import document_store
from workflows.approval.entries import Decided
from workflows.approval.gateways import approvals, link_path
from workflows.approval.models import DecisionBody, DelegateBody
from workflows.approval.opened_links import OpenedLink, opened
from workflows.approval.page_views import Waiting, amount_words

INBOX_PATH: Final = f"{API_PREFIX}/inbox"

_FIELDS: Final = frozenset({"proof", "action", "comment", "document", "to"})
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({"comment": "", "to": ""})
_MOST_WAITING: Final = 100
_DELEGATE: Final = "delegate"
# What these say is more than whoever holds an old link needs to know.
_OLD_LINK: Final = (NOT_AN_APPROVER, NOT_CURRENT)

blueprint = df.Blueprint()

_pages = Pages(Path(__file__).with_name("templates"))


@blueprint.function_name(names.OPEN_LINK)
@blueprint.route(
    route="approvals/links/{token}",
    methods=["GET", "HEAD", "POST"],
    auth_level=func.AuthLevel.ANONYMOUS,
)
@blueprint.durable_client_input(client_name="client")
@page(Permission.FOLLOW_LINK, api.OPEN_LINK)
async def open_link(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Show what a link asks for, or what was done with it; decide when its form is sent."""
    link = await _link(req)
    if link is None:
        return _refused_link()
    if req.method == "POST":
        return await _act(req, client, link)
    if link.is_asked:
        return await _question_page(link)
    found = link.receipt()
    if found is None:
        return _refused_link()
    return _pages.render("receipt.html", receipt=found, approver=link.approver)


@blueprint.function_name(names.DOWNLOAD_BY_LINK)
@blueprint.route(
    route="approvals/links/{token}/document",
    methods=["GET", "HEAD"],
    auth_level=func.AuthLevel.ANONYMOUS,
)
@page(Permission.FOLLOW_LINK, api.DOWNLOAD)
async def download_document(req: func.HttpRequest) -> func.HttpResponse:
    """Send the document that is to be decided, for as long as it can be."""
    link = await _link(req)
    document = link.document if link and link.is_asked else None
    if document is None:
        return _refused_link()
    content = await asyncio.to_thread(lambda: document_store().read(document.sha256))
    return attachment(content, name=document.name, media_type=document.media_type)


@blueprint.function_name(names.SHOW_INBOX)
@blueprint.route(route="inbox", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@page(Permission.READ_APPROVAL)
async def show_inbox(req: func.HttpRequest) -> func.HttpResponse:
    """Show what waits for the caller, with a link to each page."""
    reader = principal_of(req)
    if reader is None:
        raise IdentityRequiredError("sign in first")
    found = await asyncio.to_thread(_waiting_for, reader)
    waiting = sorted(found, key=lambda row: row.deadline_at)
    return _pages.render(
        "inbox.html",
        visitor=visitor_at(req, Permission.READ_APPROVAL, path=INBOX_PATH),
        area=Area.APPROVALS,
        waiting=waiting,
        now=system_clock().now(),
    )


async def _link(req: func.HttpRequest) -> OpenedLink | None:
    return await asyncio.to_thread(opened, req.route_params.get("token", ""))


async def _act(
    req: func.HttpRequest, client: df.DurableOrchestrationClient, link: OpenedLink
) -> func.HttpResponse:
    form = read_form(req, fields=_FIELDS)
    if not link.proves(form.get("proof", "")):
        raise ForeignFormError("the form is not this link's")
    try:
        outcome = await _outcome(client, link, form)
    except ValidationError as error:
        return await _wrong(link, form, _complaints(error))
    match outcome:
        case Taken():
            return see_other(link.path)
        case Refusal(pointer="/to", detail=detail):
            return await _wrong(link, form, {"to": f"{form['to']}: {detail}."})
        case refusal:
            return _refusal_page(link, refusal)


async def _outcome(
    client: df.DurableOrchestrationClient, link: OpenedLink, form: Form
) -> Taken | Refusal:
    """Let the desk take what the form says.

    Raises:
        ValidationError: A field is wrong.
        InvalidRequestError: The form has no action that the page offers.
    """
    claims = link.claims
    if form.get("action") == _DELEGATE:
        body = DelegateBody.from_json({"to": form.get("to", "").strip()})
        actor = Principal(id=link.approver, proof=Proof.SIGNED_LINK)
        command = Delegate(to=body.to, level=claims.level, round=claims.round)
        outcome = await take(client, link.dossier.request_id, command, actor)
        return LINK_REFUSED if outcome in _OLD_LINK else outcome
    said = {"comment": form.get("comment", "").strip(), "documentSha256": form.get("document")}
    named = {name: value for name, value in said.items() if value}
    decision = DecisionBody.from_json({"decision": form.get("action"), **named})
    decided = Decided(
        decision=decision.decision,
        comment=decision.comment,
        document_sha256=decision.document_sha256,
    )
    return await take_by_link(client, claims, decided)


def _complaints(error: ValidationError) -> dict[str, str]:
    """Say beside each field what is wrong with it.

    Raises:
        InvalidRequestError: What is wrong is in no field that people fill in.
    """
    found = {
        str(one["loc"][0]): f"{one['msg'][:1].upper()}{one['msg'][1:]}."
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    }
    if not found.keys() <= _NOTHING.keys():
        raise InvalidRequestError("the form holds what the page does not send")
    return found


async def _question_page(
    link: OpenedLink,
    *,
    status: int = HTTPStatus.OK,
    wrong: Mapping[str, str] = _NOTHING,
    typed: Mapping[str, str] = _NOTHING,
) -> func.HttpResponse:
    return _pages.render(
        "request.html",
        status=status,
        page=await asyncio.to_thread(link.question),
        path=link.path,
        proof=link.proof,
        wrong={**_NOTHING, **wrong},
        typed={**_NOTHING, **typed},
    )


async def _wrong(link: OpenedLink, form: Form, wrong: Mapping[str, str]) -> func.HttpResponse:
    """Show the page again with what was typed and what is wrong with it."""
    if not link.is_asked:
        return _refused_link()
    typed = {name: form.get(name, "") for name in _NOTHING}
    return await _question_page(
        link, status=HTTPStatus.UNPROCESSABLE_ENTITY, wrong=wrong, typed=typed
    )


def _refused_link() -> func.HttpResponse:
    return notice(
        HTTPStatus.FORBIDDEN,
        "This link cannot be used",
        "A link works once, for whoever it was sent to, until its deadline has passed or somebody"
        " else has decided.",
        "If you are still asked to decide, use the link in your latest mail.",
    )


def _refusal_page(link: OpenedLink, refusal: Refusal) -> func.HttpResponse:
    if refusal == LINK_REFUSED:
        return _refused_link()
    if refusal == DOCUMENT_CHANGED:
        return notice(
            HTTPStatus.CONFLICT,
            "The document has changed",
            "Nothing was recorded, because you read another version.",
            link=Link(path=link.path, text="Read the current version"),
        )
    return notice(
        HTTPStatus.CONFLICT,
        "Nothing was recorded",
        f"{refusal.detail[:1].upper()}{refusal.detail[1:]}.",
    )


def _waiting_for(reader: Principal) -> list[Waiting]:
    found = approvals().waiting_for(reader.id, most=_MOST_WAITING)
    return [
        Waiting(
            path=link_path(dossier, reader.id),
            title=dossier.request.title,
            kind=dossier.request.kind.capitalize(),
            requester=dossier.request.requester,
            amount=amount_words(dossier.request.amount),
            level=dossier.state.level,
            levels=len(dossier.state.requested.chain),
            deadline_at=dossier.state.deadline_at,
        )
        for dossier in found
        if dossier.state.deadline_at is not None
    ]
