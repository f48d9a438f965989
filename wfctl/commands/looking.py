"""`list`, `show`, `explain`, `history` and `audit`: what there is, and why it is as it is."""

from collections.abc import Iterable
from typing import Annotated, Final

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from wfctl import api
from wfctl.completion import known_ids
from wfctl.documents import Document, as_list, items, member, text
from wfctl.options import Filter, command
from wfctl.output import Output, facts, plain, status, table
from wfctl.session import Session
from wfctl.wording import paragraphs, printable, words

PANEL: Final = "Look"
InstanceArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The instance's id.", autocompletion=known_ids)
]

_LONGEST_PAGE: Final = 100
_LONGEST_HISTORY: Final = 1000
_COLUMNS: Final = ("instance", "type", "status", "outcome", "created", "updated")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app, "list", panel=PANEL)(list_workflows)
    command(app, "show", panel=PANEL)(show)
    command(app, "explain", panel=PANEL)(explain)
    command(app, "history", panel=PANEL)(history)
    command(app, "audit", panel=PANEL)(audit)


def list_workflows(
    session: Session,
    filter_: Filter,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=_LONGEST_PAGE, help="How many a page holds.")
    ] = 25,
    cursor: Annotated[str | None, typer.Option("--cursor", help="Go on from here.")] = None,
    *,
    oldest_first: Annotated[
        bool, typer.Option("--oldest-first", help="Else the newest come first.")
    ] = False,
    all_: Annotated[bool, typer.Option("--all", help="Every page, as it comes.")] = False,
) -> None:
    """List workflows, the newest first."""
    query: dict[str, str | int] = {**filter_.query(session), "limit": limit}
    if oldest_first:
        query["sort"] = "createdAt"
    if cursor:
        query["cursor"] = cursor
    shown = Listing(session.out)
    for page in api.pages(session.client, query):
        shown.add(items(page))
        if not all_:
            shown.close(page)
            return
    shown.close({})


class Listing:
    """Shows pages of instances under one another, as they come."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._widths = [0] * len(_COLUMNS)
        self._count = 0

    def add(self, rows: Iterable[Document]) -> None:
        """Show one page."""
        rows = list(rows)
        if self._out.as_json:
            for row in rows:
                self._out.print_json(row)
        elif rows:
            self._out.show(self._drawn(rows))
        self._count += len(rows)

    def close(self, last: Document) -> None:
        """Say what more there may be."""
        if not self._count:
            self._out.remark("nothing found")
        if back_to := text(last, "searchedBackTo"):
            self._out.remark(f"searched back to {self._out.time(back_to)}")
        if cursor := text(last, "nextCursor"):
            self._out.remark(f"more: --all, or --cursor {words(cursor)}")

    def _drawn(self, rows: list[Document]) -> Table:
        cells = [_line(row, self._out) for row in rows]
        for row in [[Text(name) for name in _COLUMNS], *cells]:
            self._widths = [max(w, c.cell_len) for w, c in zip(self._widths, row, strict=True)]
        drawn = table(*_COLUMNS)
        drawn.show_header = not self._count
        # As wide as on the pages before, so that columns stay columns.
        for column, width in zip(drawn.columns, self._widths, strict=True):
            column.min_width = width if self._out.console.width >= sum(self._widths) else None
        for row in cells:
            drawn.add_row(*row)
        return drawn


def _line(row: Document, out: Output) -> list[Text]:
    return [
        plain(row.get("instanceId")),
        plain(row.get("type")),
        status(row.get("runtimeStatus")),
        plain(row.get("businessStatus")),
        Text(out.time(row.get("createdAt"))),
        Text(out.time(row.get("lastUpdatedAt"))),
    ]


def show(session: Session, instance_id: InstanceArgument) -> None:
    """Show where an instance stands."""
    found = session.client.get(api.workflow(instance_id)).document
    session.out.answer(found, *drawn_instance(found, session.out))


def drawn_instance(found: Document, out: Output) -> Iterable[RenderableType]:
    """Draw an instance, with whatever it says of itself."""
    yield facts(
        [
            ("instance", plain(found.get("instanceId"))),
            ("type", plain(found.get("type") or found.get("workflow"))),
            ("status", status(found.get("runtimeStatus"))),
            ("outcome", plain(found.get("businessStatus"))),
            ("created", Text(out.time(found.get("createdAt")))),
            ("updated", Text(out.time(found.get("lastUpdatedAt")))),
            *([("failure", plain(found["failure"]))] if found.get("failure") else []),
        ]
    )
    # What it ended with repeats what it said before.
    said = "customStatus" if found.get("output") is None else "output"
    if found.get(said) is not None:
        yield Text("it says of itself:" if said == "customStatus" else "it ended with:", "bold")
        yield Text(paragraphs(found[said]))


def explain(session: Session, instance_id: InstanceArgument) -> None:
    """Say why an instance is where it is, and what comes next."""
    found = session.client.get(api.workflow(instance_id, "explain")).document
    session.out.answer(found, *drawn_explanation(found, session.out))


def drawn_explanation(found: Document, out: Output) -> Iterable[RenderableType]:
    """Draw an explanation: the sentence first."""
    yield Text(
        printable(text(found, "sentence")), style="bold red" if found.get("isStuck") else "bold"
    )
    if waiting := items(found, "waitingFor"):
        drawn = table("waits for", "name", "since", "until", "attempt", "detail")
        for wait in waiting:
            drawn.add_row(
                plain(wait.get("kind")),
                plain(wait.get("name")),
                Text(out.time(wait.get("since"))),
                Text(out.time(wait.get("until"))),
                plain(_attempt(wait)),
                plain(wait.get("detail")),
            )
        yield drawn
    if following := items(found, "next"):
        drawn = table("then", "what")
        for step in following:
            drawn.add_row(Text(out.time(step.get("at"))), plain(step.get("what")))
        yield drawn
    if code := text(found, "lastError", "code"):
        step, at = member(found, "lastError", "step"), member(found, "lastError", "at")
        yield Text(f"last error: {words(code)} in {words(step)} at {out.time(at)}", style="red")


def _attempt(wait: Document) -> str | None:
    attempt, of = wait.get("attempt"), wait.get("of")
    if attempt is None:
        return None
    return f"{words(attempt)} of {words(of)}" if of is not None else words(attempt)


def history(
    session: Session,
    instance_id: InstanceArgument,
    limit: Annotated[
        int,
        typer.Option("--limit", min=1, max=_LONGEST_HISTORY, help="So many of the newest."),
    ] = 200,
) -> None:
    """Show what has happened to an instance, the oldest first."""
    query: dict[str, str | int] = {"include": "history", "limit": limit}
    found = session.client.get(api.workflow(instance_id), query).document
    events = items(found, "historyEvents") or items(found, "history")
    drawn = table("time", "event", "name", "detail")
    if session.out.is_live:  # one line an event; all of it is in a pipe
        drawn.columns[-1].no_wrap, drawn.columns[-1].overflow = True, "ellipsis"
    for event in events:
        drawn.add_row(*_event(event, session.out))
    session.out.listing(events, drawn, if_none="no history")
    if found.get("historyTruncated"):
        session.out.remark("older events are left out: --limit takes up to 1000")


_EVENT_KINDS: Final = ("EventType", "eventType", "kind")
_EVENT_TIMES: Final = ("Timestamp", "timestamp", "at")
_EVENT_NAMES: Final = ("FunctionName", "Name", "name")
_NO_DETAIL: Final = frozenset(
    {*_EVENT_KINDS, *_EVENT_TIMES, *_EVENT_NAMES, "ScheduledTime", "EventId", "IsPlayed"}
)


def _event(event: Document, out: Output) -> list[Text]:
    detail = {
        name: value for name, value in event.items() if name not in _NO_DETAIL and value is not None
    }
    return [
        Text(out.time(_first(event, _EVENT_TIMES))),
        plain(_first(event, _EVENT_KINDS)),
        plain(_first(event, _EVENT_NAMES)),
        plain(detail or None),
    ]


def _first(event: Document, names: Iterable[str]) -> object:
    return next((event[name] for name in names if event.get(name) is not None), None)


def audit(session: Session, instance_id: InstanceArgument) -> None:
    """Show who changed what about an instance, and why, the newest first."""
    found = session.client.get(api.workflow(instance_id, "audit")).document
    entries = items(found)
    drawn = table("time", "action", "actor", "result", "reason")
    for entry in entries:
        drawn.add_row(
            Text(session.out.time(entry.get("at"))),
            *(plain(entry.get(name)) for name in ("action", "actor", "result", "reason")),
        )
    session.out.listing(as_list(found.get("items")), drawn, if_none="nobody changed anything")
    if found.get("verified") is False:
        session.out.remark("this is not as it was written: somebody changed the record itself")
