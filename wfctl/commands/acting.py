"""`cancel` to `restart`, `event`, `purge` and `bulk`: change what runs, for a reason that is kept.

Each call carries a key, so that the app sees a repeat as the same wish. What deletes, and what is
done to many at once, says first what it would do and does it when told ``--yes``.
"""

import json
from typing import Annotated, Any, Final

import typer
from rich.console import RenderableType
from rich.text import Text

from wfctl import api
from wfctl.commands.looking import InstanceArgument
from wfctl.commands.starting import read_document
from wfctl.documents import Document, items, member
from wfctl.exits import UsageError
from wfctl.options import Filter, command
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
_MANY: Final = ("cancel", "terminate", "suspend", "resume", "purge")
_MOST: Final = 1000

ReasonOption = Annotated[
    str, typer.Option("--reason", "-r", help="Why, in one line; it is kept with your name.")
]
CascadeOption = Annotated[bool, typer.Option("--cascade/--no-cascade", help="Its children, too.")]
KeyOption = Annotated[
    str | None,
    typer.Option("--idempotency-key", help="Say it again with the same key: it is done once."),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it, instead of saying what would be.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for action, does in ACTIONS.items():
        _register_action(app, action, does)
    command(app, "event", panel=PANEL)(event)
    command(app, "purge", panel=PANEL)(purge)
    command(app, "bulk", panel=PANEL)(bulk)


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
    session.out.answer(told, _affected(items(told, "affected")))


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


def purge(
    session: Session,
    filter_: Filter,
    reason: ReasonOption,
    instance_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The instance; else use filters.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=_MOST)] = 100,
    *,
    yes: YesOption = False,
) -> None:
    """Delete ended instances for good: one by its id, or all that the filters find."""
    if instance_id is None:
        _many(session, "purge", filter_, reason, limit=limit, is_meant=yes)
        return
    if not filter_.is_empty:
        raise UsageError("give an id or filters, not both")
    if not yes:
        found = session.client.get(api.workflow(instance_id)).document
        would = "would be purged" if api.has_ended(found) else "has not ended: it would be refused"
        session.out.answer(found, Text(f"{words(instance_id)} {would} (--yes does it)"))
        return
    told = api.purge(session.client, instance_id, {"reason": reason, "cascade": True}).document
    session.out.answer(told, Text(f"purged {words(member(told, 'purged'))}"))


def bulk(
    session: Session,
    action: Annotated[str, typer.Argument(metavar="ACTION", help=", ".join(_MANY))],
    filter_: Filter,
    reason: ReasonOption,
    limit: Annotated[int, typer.Option("--limit", min=1, max=_MOST)] = 100,
    *,
    yes: YesOption = False,
) -> None:
    """Do something to all that the filters find."""
    if action not in _MANY:
        raise UsageError(f"ACTION is one of {', '.join(_MANY)}")
    _many(session, action, filter_, reason, limit=limit, is_meant=yes)


def _many(
    session: Session, action: str, filter_: Filter, reason: str, *, limit: int, is_meant: bool
) -> None:
    if filter_.is_empty:
        raise UsageError("say which ones: give at least one filter")
    body: Document = {
        "action": action,
        "filter": filter_.query(session),
        "reason": reason,
        "dryRun": not is_meant,
        "limit": limit,
    }
    path, key = "workflows/actions", session.surroundings.new_id()
    told = api.act(session.client, path, body, key=key).document
    found = items(told)
    session.out.answer(told, _affected(found))
    if session.out.as_json:
        return
    done = "done to" if is_meant else "would be done to"
    session.out.remark(f"{action} {done} {len(found)} of {words(told.get('matched'))} found")
    if told.get("nextCursor"):
        session.out.remark("there may be more: say it again")
    if not is_meant and found:
        session.out.remark("nothing has been changed: --yes does it")


def _affected(found: list[Document]) -> RenderableType:
    if not found:
        return Text("nothing to do")
    drawn = table("instance", "result")
    for item in found:
        drawn.add_row(plain(item.get("instanceId")), plain(item.get("result")))
    return drawn
