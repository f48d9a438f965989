"""`purge` and `bulk`: delete what has ended, and do the same to many at once.

Both say first what they would do, and do it when told ``--yes``. Without any filter they refuse.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from wfctl import api
from wfctl.commands.acting import PANEL, ReasonOption, affected
from wfctl.documents import Document, items, member, text
from wfctl.exits import UsageError
from wfctl.options import Filter, command
from wfctl.session import Session
from wfctl.wording import words

_MANY: Final = ("cancel", "terminate", "suspend", "resume", "purge")
_MOST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How far a change of many goes; nothing is changed unless it is meant."""

    limit: Annotated[int, typer.Option("--limit", min=1, max=_MOST, help="How many at a time.")] = (
        100
    )
    all_: Annotated[bool, typer.Option("--all", help="So many again, until there are no more.")] = (
        False
    )
    yes: Annotated[bool, typer.Option("--yes", help="Do it, instead of saying what would be.")] = (
        False
    )


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app, "purge", panel=PANEL)(purge)
    command(app, "bulk", panel=PANEL)(bulk)


def purge(
    session: Session,
    filter_: Filter,
    reason: ReasonOption,
    extent: Extent,
    instance_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The instance; else use filters.")
    ] = None,
) -> None:
    """Delete ended instances for good: one by its id, or all that the filters find."""
    if instance_id is None:
        _many(session, filter_, Order(action="purge", reason=reason, extent=extent))
        return
    if not filter_.is_empty:
        raise UsageError("give an id or filters, not both")
    if not extent.yes:
        found = session.client.get(api.workflow(instance_id)).document
        would = "would be purged" if api.has_ended(found) else "has not ended: it would be refused"
        session.out.answer(found, Text(f"{words(instance_id)} {would} (--yes does it)"))
        return
    body = {"reason": reason, "cascade": True}
    key = session.surroundings.new_id()
    told = api.purge(session.client, instance_id, body, key=key).document
    session.out.answer(told, Text(f"purged {words(member(told, 'purged'))}"))


def bulk(
    session: Session,
    action: Annotated[str, typer.Argument(metavar="ACTION", help=", ".join(_MANY))],
    filter_: Filter,
    reason: ReasonOption,
    extent: Extent,
) -> None:
    """Do something to all that the filters find."""
    if action not in _MANY:
        raise UsageError(f"ACTION is one of {', '.join(_MANY)}")
    _many(session, filter_, Order(action=action, reason=reason, extent=extent))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is done to many."""

    action: str
    reason: str
    extent: Extent

    def body(self, query: Mapping[str, str], cursor: str) -> Document:
        """Write it for the app: the next so many from a cursor on."""
        asked: dict[str, Any] = {**query, **({"children": True} if "children" in query else {})}
        return {
            "action": self.action,
            "filter": asked,
            "reason": self.reason,
            "dryRun": not self.extent.yes,
            "limit": self.extent.limit,
            **({"cursor": cursor} if cursor else {}),
        }


def _many(session: Session, filter_: Filter, order: Order) -> None:
    if filter_.is_empty:
        raise UsageError("say which ones: give at least one filter")
    query, cursor, results = filter_.query(session), "", Counter[str]()
    while True:
        body, key = order.body(query, cursor), session.surroundings.new_id()
        told = api.act(session.client, "workflows/actions", body, key=key).document
        found = items(told)
        results.update(words(item.get("result")) for item in found)
        if found or session.out.as_json:
            session.out.answer(told, affected(found))
        cursor = text(told, "nextCursor")
        if not (cursor and order.extent.all_):
            break
    if not session.out.as_json:
        _sum_up(session, order, results, is_more=bool(cursor))


def _sum_up(session: Session, order: Order, results: Counter[str], *, is_more: bool) -> None:
    said = ", ".join(f"{count} {result}" for result, count in results.most_common())
    more = "; there are more: --all" if is_more else ""
    session.out.remark(f"{order.action}: {said or 'nothing found'}{more}")
    if results and not order.extent.yes:
        session.out.remark("nothing has been changed: --yes does it")
