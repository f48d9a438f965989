"""One instance as its page shows it: facts, timeline, history, documents, and what may be done.

Pure: the instance, its explanation and its children come in. Whatever an instance was given or gave
is redacted before it is shown.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, cast

from shared.durable import InstanceView
from shared.operations.types import WorkflowTypes
from shared.pages.words import lasting
from shared.redaction import redact
from workflows.console.drawing import Drawing, drawing, short_name
from workflows.console.list_view import WorkflowRow, workflow_row
from workflows.console.timeline import instant_of, timeline

MOST_EVENTS: Final = 200

_LONGEST_DOCUMENT: Final = 6_000
_MOST_LAYERS: Final = 3  # JSON is stored as text inside of JSON
_SHOWN: Final = (
    *("Input", "Result", "Reason", "Details", "FireAt", "InstanceId", "OrchestrationStatus"),
)
# What happened -> what people read, and which kind of lane it belongs to.
_EVENTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "ExecutionStarted": ("Started", "state"),
        "ExecutionCompleted": ("Ended", "state"),
        "ExecutionSuspended": ("Suspended", "state"),
        "ExecutionResumed": ("Resumed", "state"),
        "ExecutionTerminated": ("Terminated", "state"),
        "ExecutionRewound": ("Rewound", "state"),
        "ContinueAsNew": ("Continued as new", "state"),
        "TaskScheduled": ("Activity called", "activity"),
        "TaskCompleted": ("Activity answered", "activity"),
        "TaskFailed": ("Activity failed", "failed"),
        "SubOrchestrationInstanceCreated": ("Child started", "child"),
        "SubOrchestrationInstanceCompleted": ("Child completed", "child"),
        "SubOrchestrationInstanceFailed": ("Child failed", "failed"),
        "TimerCreated": ("Timer set", "timer"),
        "TimerFired": ("Timer fired", "timer"),
        "EventRaised": ("Event arrived", "event"),
        "EventSent": ("Event sent", "event"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One entry of the history, ``after`` the beginning."""

    sequence: int
    at: datetime | None
    after: str
    kind: str
    text: str
    name: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A JSON document, redacted and laid out."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePage:
    """All that the page shows of the instance itself."""

    row: WorkflowRow
    orchestrator: str
    is_over: bool
    drawing: Drawing
    history: tuple[HistoryRow, ...]
    hidden_events: int
    documents: tuple[Document, ...]


def instance_page(view: InstanceView, types: WorkflowTypes, *, now: datetime) -> InstancePage:
    """Show an instance with its history."""
    history = [cast("Mapping[str, Any]", event) for event in view.history or ()]
    begin = _begin(history) or view.created_at or now
    shown = timeline(
        history,
        created_at=begin,
        ended_at=_ended_at(view, history),
        now=now,
    )
    rows = _history(history, begin, view.orchestrator)
    return InstancePage(
        row=workflow_row(view, types, now=now),
        orchestrator=view.orchestrator,
        is_over=view.is_terminal,
        drawing=drawing(shown, orchestrator=view.orchestrator),
        history=tuple(rows[-MOST_EVENTS:]),
        hidden_events=max(0, len(rows) - MOST_EVENTS),
        documents=_documents(view, history),
    )


def laid_out(document: Any) -> str:
    """Return a document for people: what is JSON in text opened, and private values hidden."""
    text = json.dumps(redact(_opened(document, _MOST_LAYERS)), indent=2, ensure_ascii=False)
    if len(text) <= _LONGEST_DOCUMENT:
        return text
    return f"{text[:_LONGEST_DOCUMENT]}\n... ({len(text) - _LONGEST_DOCUMENT:,} characters more)"


def child_ids(history: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the ids of the children that a history names."""
    found = (
        event.get("InstanceId")
        for event in history
        if str(event.get("EventType", "")).startswith("SubOrchestration")
    )
    return tuple(dict.fromkeys(str(instance_id) for instance_id in found if instance_id))


def parent_of(instance_id: str, types: WorkflowTypes) -> str | None:
    """Return the id of the instance that this one is a part of, where a type's rule tells it."""
    candidates = {instance_id.partition(":")[0]}
    for type_ in types:
        for other in types:
            if other.id_prefix and instance_id.startswith(other.id_prefix):
                candidates.add(type_.id_prefix + instance_id.removeprefix(other.id_prefix))
    for candidate in sorted(candidates - {instance_id}):
        for type_ in types:
            if not type_.id_prefix or not candidate.startswith(type_.id_prefix):
                continue
            for child in type_.child_ids(candidate):
                if instance_id == child or (child[-1:] == ":" and instance_id.startswith(child)):
                    return candidate
    return None


def _begin(history: Sequence[Mapping[str, Any]]) -> datetime | None:
    return instant_of(history[0].get("Timestamp")) if history else None


def _ended_at(view: InstanceView, history: Sequence[Mapping[str, Any]]) -> datetime | None:
    """Return when it ended: to the microsecond where the history says it."""
    if not view.is_terminal:
        return None
    found = instant_of(history[-1].get("Timestamp")) if history else None
    return found or view.last_updated_at


def _history(
    history: Sequence[Mapping[str, Any]], begin: datetime, orchestrator: str
) -> list[HistoryRow]:
    rows: list[HistoryRow] = []
    for sequence, event in enumerate(history, start=1):
        kind = str(event.get("EventType", ""))
        text, look = _EVENTS.get(kind, (kind, "state"))
        at = instant_of(event.get("Timestamp"))
        name = str(event.get("FunctionName") or event.get("Name") or "")
        rows.append(
            HistoryRow(
                sequence=sequence,
                at=at,
                after=f"+{lasting(max(0.0, (at - begin).total_seconds()))}" if at else "",
                kind=look,
                text=text,
                name=short_name(name, orchestrator) if look in {"activity", "failed"} else name,
                detail=_detail(event),
            )
        )
    return rows


def _detail(event: Mapping[str, Any]) -> str:
    found = {name: event[name] for name in _SHOWN if event.get(name) is not None}
    return laid_out(found) if found else ""


def _documents(view: InstanceView, history: Sequence[Mapping[str, Any]]) -> tuple[Document, ...]:
    given = history[0].get("Input") if history else None
    found = (("Input", given), ("Custom status", view.custom_status), ("Output", view.output))
    return tuple(
        Document(title=title, text=laid_out(document))
        for title, document in found
        if document not in (None, "")
    )


def _opened(document: Any, layers: int) -> Any:
    """Open the JSON that is inside of text, so that it is hidden and shown by its names."""
    match document:
        case str() if layers and document[:1] in {"{", "[", '"'}:
            try:
                return _opened(json.loads(document), layers - 1)
            except ValueError:
                return document
        case dict():
            members = cast("dict[str, Any]", document)
            return {name: _opened(value, layers) for name, value in members.items()}
        case list():
            return [_opened(value, layers) for value in cast("list[object]", document)]
        case _:
            return document
