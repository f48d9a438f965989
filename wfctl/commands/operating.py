"""`findings`, `health`, `in-flight` and `overview`: the app as a whole."""

from typing import Annotated, Any, Final

import typer
from rich.console import RenderableType
from rich.text import Text

from wfctl.client import Call
from wfctl.documents import Document, as_document, as_list, items, member
from wfctl.exits import ExitCode, UnavailableError
from wfctl.options import command
from wfctl.output import facts, plain, table
from wfctl.session import Session
from wfctl.wording import duration, words

PANEL: Final = "Operate"
_WEEK: Final = 168


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app, "findings", panel=PANEL)(findings)
    command(app, "health", panel=PANEL)(health)
    command(app, "in-flight", panel=PANEL)(in_flight)
    command(app, "overview", panel=PANEL)(overview)


def findings(session: Session) -> None:
    """List what the app's watchdog has found and is not over."""
    told = session.client.get("ops/findings").document
    found = items(told)
    drawn = table("instance", "type", "finding", "since", "reason")
    for finding in found:
        drawn.add_row(
            *(plain(finding.get(name)) for name in ("instanceId", "type", "kind")),
            Text(session.out.time(finding.get("since"))),
            plain(finding.get("reason")),
        )
    session.out.listing(found, drawn, if_none="nothing found")
    if told.get("hasMore") is True:
        session.out.remark("there are more")


def health(session: Session) -> None:
    """Say whether the app is ready, and what keeps it from being so (exit code 5)."""
    try:
        told = session.client.send(
            Call(method="GET", path="health/ready", is_repeatable=False)
        ).document
    except UnavailableError as error:
        if "ready" not in error.problem:
            raise
        told = as_document(error.problem)
    is_ready = told.get("ready") is True
    said = Text("ready", style="green") if is_ready else Text("not ready", style="bold red")
    session.out.answer(told, facts([(session.client.url, said), *_checks(told)]))
    if not is_ready:
        raise typer.Exit(ExitCode.UNAVAILABLE)


def _checks(told: Document) -> list[tuple[str, RenderableType]]:
    """Read the checks, a mapping from names or a list of them."""
    checks: object = told.get("checks")
    listed = [(member(check, "name"), member(check, "status")) for check in as_list(checks)]
    named = [*as_document(checks).items()]
    return [(words(name), _verdict(value)) for name, value in [*listed, *named]]


def _verdict(value: Any) -> Text:
    said = words(as_document(value).get("status", value))
    return Text(said, style="green" if said == "ok" else "bold red")


def in_flight(
    session: Session,
    *,
    until_drained: Annotated[
        bool, typer.Option("--exit-status", help="Exit with 6 while anything is in flight.")
    ] = False,
) -> None:
    """Say how much has not ended: what a deployment waits for."""
    told = session.client.get("ops/in-flight").document
    by_type = as_document(told.get("byType"))
    oldest = told.get("oldestPendingSeconds")
    session.out.answer(
        told,
        facts(
            [
                *((name, plain(told.get(name))) for name in ("running", "pending", "suspended")),
                (
                    "oldest pending",
                    Text(duration(oldest) if isinstance(oldest, int | float) else "-"),
                ),
                ("drained", plain(told.get("isDrained"))),
                *((f"  {words(name)}", plain(count)) for name, count in by_type.items()),
            ]
        ),
    )
    if until_drained and told.get("isDrained") is not True:
        raise typer.Exit(ExitCode.NOT_YET)


def overview(
    session: Session,
    hours: Annotated[
        int, typer.Option("--hours", min=1, max=_WEEK, help="How far to look back.")
    ] = 24,
) -> None:
    """Show what has been started, how it ended, and how long it took, by type."""
    told = session.client.get("ops/overview", {"hours": hours}).document
    session.out.answer(told, *_drawn_overview(told))


def _drawn_overview(told: Document) -> list[RenderableType]:
    drawn = table("type", "started", "running", "p50", "p95", "outcomes")
    for row in items(told, "types"):
        outcomes = as_document(row.get("outcomes"))
        drawn.add_row(
            *(plain(row.get(name)) for name in ("type", "started", "running")),
            *(Text(_latency(member(row, "latencySeconds", share))) for share in ("p50", "p95")),
            plain(", ".join(f"{name} {words(count)}" for name, count in outcomes.items())),
        )
    backlog = as_document(told.get("backlog"))
    waiting = ("running", "pending", "suspended", "needsAttention")
    return [drawn, facts([(name, plain(backlog[name])) for name in waiting if name in backlog])]


def _latency(seconds: Any) -> str:
    return duration(seconds) if isinstance(seconds, int | float) else "-"
