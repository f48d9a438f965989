"""`cancel` to `restart`, and `event`: change one instance, for a reason that is kept.

Each call carries a key, so that the app sees a repeat as the same wish. Deleting, and doing things
to many at once, is in sweeping.
"""

import json
from typing import Annotated, Any, Final

import typer
from rich.console import RenderableType
from rich.text import Text

from wfctl import api
from wfctl.commands.looking import InstanceArgument
from wfctl.commands.starting import read_document
from wfctl.documents import Document, items
from wfctl.exits import UsageError
from wfctl.options import command
from wfctl.output import plain, table
from wfctl.session import Session
from wfctl.wording import words

PANEL: Final = "Act"
ACTIONS: Final = {
    "cancel": "Ask an instance to stop by itself, undoing what it did.",
    "terminate": "Stop an instance where it is; nothing is undone.",
    "suspend": "Let an instance do nothing until it is resumed.",
    "resume": "Let a suspended instance go on.",
    "rewind": "Let a failed instance try again what failed.",
    "restart": "Run an ended instance again with the same input.",
}
_CASCADING: Final = frozenset({"terminate", "suspend", "resume"})

ReasonOption = Annotated[
    str, typer.Option("--reason", "-r", help="Why, in one line; it is kept with your name.")
]
CascadeOption = Annotated[bool, typer.Option("--cascade/--no-cascade", help="Its children, too.")]
KeyOption = Annotated[
    str | None,
    typer.Option("--idempotency-key", help="Say it again with the same key: it is done once."),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for action, does in ACTIONS.items():
        _register_action(app, action, does)
    command(app, "event", panel=PANEL)(event)


def _register_action(app: typer.Typer, action: str, does: str) -> None:
    def act(
        session: Session, instance_id: InstanceArgument, reason: ReasonOption, key: KeyOption = None
    ) -> None:
        _act(session, instance_id, action, {"reason": reason}, key)

    def act_on_all(
        session: Session,
        instance_id: InstanceArgument,
        reason: ReasonOption,
        key: KeyOption = None,
        *,
        cascade: CascadeOption = True,
    ) -> None:
        _act(session, instance_id, action, {"reason": reason, "cascade": cascade}, key)

    chosen = act_on_all if action in _CASCADING else act
    chosen.__doc__ = does
    command(app, action, panel=PANEL)(chosen)


def _act(session: Session, instance_id: str, action: str, body: Document, key: str | None) -> None:
    path = api.workflow(instance_id, action)
    told = api.act(session.client, path, body, key=key or session.surroundings.new_id()).document
    session.out.answer(told, affected(items(told, "affected")))


def event(
    session: Session,
    instance_id: InstanceArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="One that its type takes.")],
    reason: ReasonOption,
    data: Annotated[
        str, typer.Option("--data", help="The event's data as JSON, @FILE or - for stdin.")
    ] = "{}",
    key: KeyOption = None,
) -> None:
    """Raise an event that an instance may be waiting for."""
    path = api.workflow(instance_id, "events", name)
    body = {"reason": reason, "data": _data(data, session)}
    told = api.act(session.client, path, body, key=key or session.surroundings.new_id()).document
    session.out.answer(told, Text(f"raised {words(name)} for {words(instance_id)}"))


def _data(given: str, session: Session) -> Any:
    if given == "-" or given.startswith("@"):
        return read_document(given.removeprefix("@"), session)
    try:
        return json.loads(given)
    except ValueError:
        raise UsageError("--data is JSON, @FILE or -") from None


def affected(found: list[Document]) -> RenderableType:
    """Draw what came of it, instance by instance."""
    if not found:
        return Text("nothing to do")
    drawn = table("instance", "result")
    for item in found:
        drawn.add_row(plain(item.get("instanceId")), plain(item.get("result")))
        if new := item.get("newInstanceId"):
            drawn.add_row(plain(new), plain("started"))
    return drawn
