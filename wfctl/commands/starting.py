"""`start`: hand a request to the app, from a file or from stdin, as often as need be.

The id that makes a repeat harmless is the client's: it is in the file, or said, or made up here and
told before anything is sent, so that whatever happens next can be repeated.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, cast

import typer
from rich.text import Text

from wfctl import api
from wfctl.client import path_of
from wfctl.commands.watching import follow
from wfctl.documents import Document, as_document, text
from wfctl.ends import is_failure
from wfctl.exits import ExitCode, UsageError
from wfctl.options import command
from wfctl.session import Session
from wfctl.wording import words

PANEL: Final = "Start"


class Kind(StrEnum):
    """What can be started."""

    ORDER = "order"
    SAGA = "saga"
    APPROVAL = "approval"
    BATCH = "batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a kind of request goes, and which member of it is its id."""

    path: str
    id_member: str


DOORS: Final[Mapping[Kind, Door]] = MappingProxyType(
    {
        Kind.ORDER: Door(path="orders", id_member="orderId"),
        Kind.SAGA: Door(path="sagas", id_member="sagaId"),
        Kind.APPROVAL: Door(path="approvals", id_member="requestId"),
        Kind.BATCH: Door(path="batches", id_member="jobId"),
    }
)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app, "start", panel=PANEL)(start)


def start(
    session: Session,
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help="order, saga, approval or batch.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="The request as JSON; - is stdin.")],
    id_: Annotated[
        str | None, typer.Option("--id", help="The request's id, instead of the file's.")
    ] = None,
    saga: Annotated[str, typer.Option("--saga", help="Which saga to start.")] = "order",
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Follow it; exit with 1 when it ends in a failure.")
    ] = False,
) -> None:
    """Start what the file says; starting the same again changes nothing."""
    door = DOORS[kind]
    body = read_document(file, session)
    body[door.id_member] = _identity(session, door, body, id_)
    path = path_of(door.path, saga) if kind is Kind.SAGA else door.path
    accepted = api.submit(session.client, path, body).document
    instance_id = text(accepted, "instanceId")
    if not (watch and session.out.as_json):
        session.out.answer(
            accepted, Text(f"{door.id_member} {words(body[door.id_member])}: {words(instance_id)}")
        )
    if watch and is_failure(follow(session, instance_id, timeout_s=None)):
        raise typer.Exit(ExitCode.FAILED)


def _identity(session: Session, door: Door, body: Document, given: str | None) -> object:
    if given:
        return given
    if door.id_member in body:
        return body[door.id_member]
    made = session.surroundings.new_id()
    session.out.remark(f"{door.id_member} {made} (to repeat this very request: --id {made})")
    return made


def read_document(name: str, session: Session) -> Document:
    """Read a JSON object from a file, or from stdin for ``-``.

    Raises:
        UsageError: It is not there, or not that.
    """
    shown = "stdin" if name == "-" else words(name)
    try:
        content = (
            (session.surroundings.stdin or sys.stdin).read()
            if name == "-"
            else Path(name).read_text("utf-8")
        )
        document: object = json.loads(content)
    except OSError:
        raise UsageError(f"{shown} cannot be read") from None
    except ValueError as error:  # its words are about positions, and quote nothing
        raise UsageError(f"{shown} is not JSON in UTF-8: {_where(error)}") from None
    if isinstance(document, dict):
        return dict(as_document(cast("object", document)))
    raise UsageError(f"{shown} has to hold one JSON object")


def _where(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}"
    return "its bytes are no text"
