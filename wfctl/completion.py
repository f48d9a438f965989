"""What shells complete beyond commands and options: statuses, types, and ids that the app knows."""

import re
from dataclasses import fields
from typing import Final

import typer

from wfctl.client import Call
from wfctl.documents import items, text
from wfctl.exits import StopError
from wfctl.options import Shared
from wfctl.session import Surroundings

_ID: Final = re.compile(r"[A-Za-z0-9_:-]{1,100}")
_MOST_IDS: Final = 20
_PATIENCE_S: Final = 2.0  # somebody holds their finger on the key


def known_ids(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the newest ids that begin like this, each with what it is; none without an app."""
    query: dict[str, str | int] = {"limit": _MOST_IDS}
    if incomplete:
        query["idPrefix"] = incomplete
    call = Call(method="GET", path="workflows", query=query, attempts=1, patience_s=_PATIENCE_S)
    try:
        found = _shared(ctx).session(_surroundings(ctx)).client.send(call)
    except StopError:
        return []
    return [
        (text(row, "instanceId"), f"{text(row, 'type')} {text(row, 'runtimeStatus')}")
        for row in items(found.document)
        if _ID.fullmatch(text(row, "instanceId"))  # it ends on a command line
    ]


def _shared(ctx: typer.Context) -> Shared:
    """Read the connection from what has been typed so far."""
    typed = {**ctx.find_root().params, **{name: said for name, said in ctx.params.items() if said}}
    return Shared(
        **{option.name: typed[option.name] for option in fields(Shared) if option.name in typed}
    )


def _surroundings(ctx: typer.Context) -> Surroundings:
    found = ctx.find_root().obj
    return found if isinstance(found, Surroundings) else Surroundings()
