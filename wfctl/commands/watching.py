"""`watch`: follow an order, a saga, an approval or a batch until it ends."""

from typing import Annotated, Final

import typer
from rich.live import Live

from wfctl.commands.looking import PANEL, InstanceArgument, drawn_instance
from wfctl.documents import Document
from wfctl.ends import is_failure
from wfctl.exits import ExitCode
from wfctl.follow import Follower
from wfctl.live import Lines, View
from wfctl.options import command
from wfctl.session import Session

_RENEWALS_PER_SECOND: Final = 8


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app, "watch", panel=PANEL)(watch)


def watch(
    session: Session,
    instance_id: InstanceArgument,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", min=0.0, help="Seconds after which to give up (exit code 6)."),
    ] = None,
    *,
    exit_status: Annotated[
        bool, typer.Option("--exit-status", help="Exit with 1 when it ends in a failure.")
    ] = False,
) -> None:
    """Follow an instance until it ends, with its progress."""
    last = follow(session, instance_id, timeout_s=timeout)
    if exit_status and is_failure(last):
        raise typer.Exit(ExitCode.FAILED)


def follow(session: Session, instance_id: str, *, timeout_s: float | None) -> Document:
    """Show what happens until it ends, and return the end."""
    out = session.out
    follower = Follower(session, instance_id, timeout_s=timeout_s, wants_more=not out.as_json)
    last = _live(session, follower) if out.is_live else _line_by_line(session, follower)
    if not out.as_json:
        out.show(*drawn_instance(last, out))
    return last


def _line_by_line(session: Session, follower: Follower) -> Document:
    lines = Lines(session.out, session.surroundings)
    last: Document = {}
    for sight in follower.sights():
        last = sight.instance
        if not session.out.as_json:
            lines.add(sight)
        elif sight.is_new:
            session.out.print_json(sight.instance)
    return last


def _live(session: Session, follower: Follower) -> Document:
    view = View(session.out, session.surroundings)
    last: Document = {}
    with Live(
        view,
        console=session.out.console,
        refresh_per_second=_RENEWALS_PER_SECOND,
        transient=True,
    ):
        for sight in follower.sights():
            last = sight.instance
            view.add(sight)
    return last
