"""`inbox`, `decide`, `attention` and `resolve`: what waits for a person's word, and giving it."""

from enum import StrEnum
from typing import Annotated, Final

import typer
from rich.text import Text

from wfctl import api
from wfctl.client import path_of
from wfctl.commands.acting import ReasonOption
from wfctl.commands.looking import InstanceArgument
from wfctl.documents import Document, items, member
from wfctl.exits import RefusedError
from wfctl.options import command
from wfctl.output import plain, table
from wfctl.session import Session
from wfctl.wording import words

PANEL: Final = "Decide"


class Choice(StrEnum):
    """What an approver can say."""

    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"


class Resolution(StrEnum):
    """What an operator can say of a step that does not go on."""

    RETRY = "retry"
    SKIP = "skip"
    ACCEPT = "accept"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app, "inbox", panel=PANEL)(inbox)
    command(app, "decide", panel=PANEL)(decide)
    command(app, "attention", panel=PANEL)(attention)
    command(app, "resolve", panel=PANEL)(resolve)


def inbox(session: Session) -> None:
    """List the approvals that wait for you."""
    waiting = items(session.client.get("approvals/inbox").document, "waiting")
    drawn = table("instance", "level", "kind", "title", "requester", "deadline")
    for request in waiting:
        drawn.add_row(
            plain(request.get("instanceId")),
            plain(f"{words(request.get('level'))} of {words(request.get('levels'))}"),
            *(plain(request.get(name)) for name in ("kind", "title", "requester")),
            Text(session.out.time(request.get("deadlineAt"))),
        )
    session.out.listing(waiting, drawn, if_none="nothing waits for you")


def decide(
    session: Session,
    instance_id: InstanceArgument,
    level: Annotated[int, typer.Argument(metavar="LEVEL", min=1, help="Which level is decided.")],
    choice: Annotated[
        Choice, typer.Argument(metavar="CHOICE", help="approve, reject or request_changes.")
    ],
    comment: Annotated[str | None, typer.Option("--comment", help="Why, for all to read.")] = None,
    document: Annotated[
        str | None,
        typer.Option("--document-sha256", help="The digest of the document that you have read."),
    ] = None,
) -> None:
    """Decide a level of an approval."""
    body = {
        "decision": choice,
        "comment": comment,
        "documentSha256": document,
        "decisionId": session.surroundings.new_id(),  # a repeat is recognised by it
    }
    said = {name: value for name, value in body.items() if value is not None}
    path = path_of("approvals", instance_id, "levels", level)
    told = api.submit(session.client, path, said).document
    outcome, status = words(told.get("outcome")), words(told.get("status"))
    session.out.answer(told, Text(f"{outcome}: {words(instance_id)} is {status}"))


def attention(session: Session) -> None:
    """List what cannot go on without an operator, the oldest first."""
    rounds = items(session.client.get("attention").document)
    drawn = table("instance", "trouble", "step", "attempts", "error", "since", "round")
    for asked in rounds:
        for step in items(asked, "open"):
            drawn.add_row(
                plain(asked.get("instanceId")),
                plain(asked.get("trouble")),
                *(plain(step.get(name)) for name in ("step", "attempts", "error")),
                Text(session.out.time(asked.get("openedAt"))),
                plain(asked.get("round")),
            )
    session.out.listing(rounds, drawn, if_none="nothing needs attention")


def resolve(
    session: Session,
    instance_id: InstanceArgument,
    resolution: Annotated[
        Resolution, typer.Argument(metavar="WORD", help="retry, skip or accept.")
    ],
    reason: ReasonOption,
    step: Annotated[
        str | None, typer.Option("--step", help="Of this step alone; else of all that are open.")
    ] = None,
    round_: Annotated[
        int | None, typer.Option("--round", min=1, help="Of this round; else of the open one.")
    ] = None,
) -> None:
    """Say how an instance that needs attention goes on."""
    # With the round, because a repeat must not answer a question that was asked since.
    body: Document = {
        "action": resolution,
        "reason": reason,
        "round": round_ or _open_round(session, instance_id),
        **({"step": step} if step else {}),
    }
    told = api.submit(session.client, api.workflow(instance_id, "attention"), body).document
    action = words(member(told, "decision", "action"))
    session.out.answer(told, Text(f"{words(instance_id)} will {action}"))


def _open_round(session: Session, instance_id: str) -> int:
    for asked in items(session.client.get("attention").document):
        match asked:
            case {"instanceId": found, "round": int(number)} if found == instance_id:
                return number
            case _:
                continue
    session.client.get(api.workflow(instance_id))  # an unknown id is another answer
    raise RefusedError(409, {"title": "No decision is waited for"})
