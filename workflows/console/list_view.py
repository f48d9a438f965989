"""The list of workflows as its page shows it: rows, the form's values, links to the next page.

Pure. Which instances are asked for is read by shared.operations.filters; this is about words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from shared.durable import InstanceView
from shared.operations.types import OTHER, WorkflowTypes
from shared.pages.navigation import CONSOLE_PATH
from shared.pages.words import lasting
from workflows.console.statuses import CHOICES, look_of, outcome_of

LIST_PATH: Final = f"{CONSOLE_PATH}/workflows"

WITHIN: Final = "within"
# What the form has, in the order of the address.
FIELDS: Final = (
    *("type", "status", "outcome", "idPrefix", "text", WITHIN),
    *("createdFrom", "createdTo", "children"),
)
_SPANS: Final[Mapping[str, tuple[str, timedelta]]] = MappingProxyType(
    {
        "1h": ("Last hour", timedelta(hours=1)),
        "24h": ("Last 24 hours", timedelta(hours=24)),
        "7d": ("Last 7 days", timedelta(days=7)),
        "30d": ("Last 30 days", timedelta(days=30)),
    }
)
_MINUTES_ONLY: Final = len("2030-01-31T12:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRow:
    """One line of the list."""

    instance_id: str
    path: str
    type_title: str
    status: str
    status_text: str
    outcome: str
    created_at: datetime | None
    updated_at: datetime | None
    took: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One choice of a field."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterForm:
    """The filters as the page shows them, with what is typed in."""

    types: tuple[Choice, ...]
    statuses: tuple[Choice, ...]
    spans: tuple[Choice, ...]
    typed: Mapping[str, str]
    is_used: bool


def typed_in(params: Mapping[str, str]) -> dict[str, str]:
    """Return what was filled in of the form's fields, without the empty ones."""
    values = {name: str(params.get(name, "")).strip() for name in FIELDS}
    return {name: value for name, value in values.items() if value}


def asked_for(typed: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Turn what was typed into the parameters that the API has for it."""
    asked = {name: value for name, value in typed.items() if name != WITHIN}
    for name in ("createdFrom", "createdTo"):
        if len(asked.get(name, "")) == _MINUTES_ONLY:  # as a browser's field has it
            asked[name] += ":00Z"
    span = _SPANS.get(typed.get(WITHIN, ""))
    if span and "createdFrom" not in asked:
        asked["createdFrom"] = f"{now.astimezone(UTC) - span[1]:%Y-%m-%dT%H:%M:%SZ}"
    return asked


def filter_form(typed: Mapping[str, str], types: WorkflowTypes) -> FilterForm:
    """Show the form with what was typed."""
    known = [(type_.name, type_.title) for type_ in (*types, OTHER)]
    spans = [(name, text) for name, (text, _) in _SPANS.items()]
    return FilterForm(
        types=_choices(known, typed.get("type", "")),
        statuses=_choices(CHOICES, typed.get("status", "")),
        spans=_choices(spans, typed.get(WITHIN, "")),
        typed={name: _shown(name, typed.get(name, "")) for name in FIELDS},
        is_used=bool(typed),
    )


def list_path(typed: Mapping[str, str], *, cursor: str | None = None) -> str:
    """Return the address of a page of the list."""
    query = {name: typed[name] for name in FIELDS if name in typed}
    if cursor:
        query["cursor"] = cursor
    return f"{LIST_PATH}?{urlencode(query)}" if query else LIST_PATH


def workflow_row(view: InstanceView, types: WorkflowTypes, *, now: datetime) -> WorkflowRow:
    """Show an instance as a line."""
    status, text = look_of(view)
    return WorkflowRow(
        instance_id=view.instance_id,
        path=instance_path(view.instance_id),
        type_title=types.of(view.orchestrator).title,
        status=status,
        status_text=text,
        outcome=outcome_of(view),
        created_at=view.created_at,
        updated_at=view.last_updated_at,
        took=_took(view, now),
    )


def summary_of(rows: Sequence[WorkflowRow]) -> str:
    """Say in one sentence what the list shows, for who does not see it change."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.status_text] = counts.get(row.status_text, 0) + 1
    said = ", ".join(f"{count} {text.lower()}" for text, count in counts.items())
    plural = "" if len(rows) == 1 else "s"
    return f"{len(rows)} workflow{plural} shown" + (f": {said}" if said else "")


def instance_path(instance_id: str) -> str:
    """Return where an instance is shown; ids are made of what a path may hold."""
    return f"{LIST_PATH}/{instance_id}"


def _shown(name: str, value: str) -> str:
    """Return a value as its field takes it: a browser's knows minutes, and no zone."""
    is_instant = name in {"createdFrom", "createdTo"}
    return value[:_MINUTES_ONLY] if is_instant else value


def _choices(known: Sequence[tuple[str, str]], chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(value=value, text=text, is_chosen=value == chosen) for value, text in known)


def _took(view: InstanceView, now: datetime) -> str:
    if view.created_at is None:
        return ""
    end = view.last_updated_at if view.is_terminal and view.last_updated_at else now
    seconds = max(0.0, (end - view.created_at).total_seconds())
    return lasting(float(int(seconds))) if seconds >= 1 else "< 1 s"
