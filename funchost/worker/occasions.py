"""What a function is called with, by kind of trigger, and what its bindings may refer to.

When there is such an occasion is decided elsewhere. The spellings of payloads and metadata are the
platform's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, cast

from funchost.worker.answers import Failure
from funchost.worker.functions import Function
from funchost.worker.http import HttpRequest, request_value
from funchost.worker.protos import TypedData

type BindingData = Mapping[str, Any]  # what {expressions} in bindings may name

_NO_METADATA: Mapping[str, TypedData] = MappingProxyType({})
NO_BINDING_DATA: BindingData = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Which retry of a function this is: 0 is the first run; ``limit`` -1 is without end."""

    count: int = 0
    limit: int = 0
    failure: Failure | None = None  # of the run before


FIRST_RUN = Retry()


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a function can learn of its invocation besides its inputs."""

    metadata: Mapping[str, TypedData] = _NO_METADATA
    retry: Retry = FIRST_RUN


PLAIN = Circumstances()


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a function is called with, and what its bindings' expressions may name."""

    value: TypedData
    circumstances: Circumstances = PLAIN
    data: BindingData = field(default=NO_BINDING_DATA)

    def retried(self, retry: Retry) -> "Occasion":
        """Return the same occasion as a retry."""
        return replace(self, circumstances=replace(self.circumstances, retry=retry))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleStatus:
    """When a timer ran last (None: never), when it runs next, and when that was written down."""

    last: datetime | None
    next: datetime
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """A message as its queue gave it, its body decoded."""

    id: str
    body: bytes
    pop_receipt: str
    dequeue_count: int
    inserted: datetime
    expires: datetime
    next_visible: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobContent:
    """A blob, read whole; ``path`` is ``container/name``, ``values`` what its pattern found."""

    path: str
    uri: str
    content: bytes
    properties: Mapping[str, Any]
    metadata: Mapping[str, str]
    values: Mapping[str, str]


def activity_occasion(function: Function, payload: str, instance_id: str) -> Occasion:
    """Return what an activity is called with; ``payload`` is JSON text."""
    data: BindingData = NO_BINDING_DATA
    if function.inputs or function.outputs:
        data = {"data": _document(payload), "instanceId": instance_id}
    return Occasion(value=TypedData(string=payload), data=data)


def http_occasion(function: Function, request: HttpRequest) -> Occasion:
    """Return what an HTTP request calls its function with."""
    data: BindingData = NO_BINDING_DATA
    if function.inputs or function.outputs:
        data = {
            **_members(request.body.decode(errors="replace")),
            **request.query,
            **request.params,
            "Query": request.query,
            "Headers": request.headers,
        }
    return Occasion(value=request_value(request), data=data)


def timer_occasion(status: ScheduleStatus | None, *, is_past_due: bool) -> Occasion:
    """Return what a timer calls its function with; without a status it is not monitored."""
    document = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": None if status is None else _status(status),
        "IsPastDue": is_past_due,
    }
    return Occasion(value=_json(document))


def queue_occasion(message: QueueMessage) -> Occasion:
    """Return what a queue calls its function with: text, or bytes if it is none."""
    try:
        text: str | None = message.body.decode()
        value = TypedData(string=text)
    except UnicodeDecodeError:
        text = None
        value = TypedData(bytes=message.body)
    facts = {
        "Id": message.id,
        "PopReceipt": message.pop_receipt,
        "InsertionTime": _instant(message.inserted),
        "ExpirationTime": _instant(message.expires),
        "NextVisibleTime": _instant(message.next_visible),
    }
    metadata = {name: TypedData(string=fact) for name, fact in facts.items()}
    metadata["DequeueCount"] = _json(message.dequeue_count)
    if text is not None:
        metadata["QueueTrigger"] = TypedData(string=text)
    return Occasion(
        value=value,
        circumstances=Circumstances(metadata=metadata),
        data={
            **_members(text),
            **facts,
            "DequeueCount": str(message.dequeue_count),
            "queueTrigger": text or "",
        },
    )


def blob_occasion(blob: BlobContent) -> Occasion:
    """Return what a blob calls its function with."""
    metadata = {name: TypedData(string=value) for name, value in blob.values.items()}
    metadata |= {
        "BlobTrigger": TypedData(string=blob.path),
        "Uri": TypedData(string=blob.uri),
        "Properties": _json(blob.properties),
        "Metadata": _json(dict(blob.metadata)),
    }
    return Occasion(
        value=TypedData(bytes=blob.content),
        circumstances=Circumstances(metadata=metadata),
        data={**blob.values, "blobTrigger": blob.path, "Uri": blob.uri},
    )


def _members(text: str | None) -> BindingData:
    """Return the members of a text that is a JSON object: they are lent to expressions."""
    document = _document(text)
    return cast("BindingData", document) if isinstance(document, dict) else {}


def _document(text: str | None) -> Any:
    try:
        return json.loads(text or "")
    except ValueError:
        return None


def _status(status: ScheduleStatus) -> dict[str, str]:
    never = datetime.min.replace(tzinfo=UTC)
    return {
        "Last": _instant(status.last or never),
        "Next": _instant(status.next),
        "LastUpdated": _instant(status.updated),
    }


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _json(value: Any) -> TypedData:
    return TypedData(json=json.dumps(value))
