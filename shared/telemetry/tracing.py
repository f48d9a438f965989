"""Trace and span ids that all who know an instance can work out, and what travels with calls.

A business transaction lasts for weeks and many requests: its starter, its replays, the webhooks
and decisions about it run in processes that share nothing but the instance's id. So the trace id is
made of that id alone. Replays and repeated episodes tell the same span under the same id; what
really ran twice has two ids, for those are new ones.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Self, cast, overload

from shared.models import JsonObject
from shared.telemetry.port import Place

# The member of an input that carries the trace. The HTTP edge refuses names that begin so.
CARRIER: Final = "__trace"

_TRACE_PARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def trace_id_of(root: str) -> str:
    """Return the trace of everything that an instance and its children do."""
    return hashlib.sha256(f"trace\n{root}".encode()).hexdigest()[:32]


def span_id_of(instance_id: str) -> str:
    """Return the span of an orchestration's whole life."""
    return hashlib.sha256(f"span\n{instance_id}".encode()).hexdigest()[:16]


def place_of(instance_id: str, root: str | None = None) -> Place:
    """Return where an instance is in its trace; one without a root is the root."""
    return Place(trace_id=trace_id_of(root or instance_id), span_id=span_id_of(instance_id))


def is_sampled(trace_id: str, share: float) -> bool:
    """Whether a trace is told: decided by its id, so that all who take part decide the same."""
    return int(trace_id[:13], 16) < share * 16**13


def host_operation(trace_parent: str | None) -> str | None:
    """Return the trace id of a W3C ``traceparent``; None when it is not one."""
    found = _TRACE_PARENT.fullmatch(trace_parent or "")
    return found.group(1) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """What a call takes along, so that whoever runs it knows where it belongs.

    Attributes:
        root: the instance that the trace is named after.
        instance_id: who calls; in a new generation's input, the instance itself.
        workflow: the caller's orchestrator.
        at: when the caller called.
        subject: what the workflow is about, such as ``orderId``.
        task: the how-manieth activity of the generation it is.
        attempt: the how-manieth try of the same question.
        whose: whose input it is in, where the caller knows; a restart puts it into another's.
        began: when the instance began; this and what follows are in a new generation's input.
        status: what it showed last.
        statuses: how many it has shown.
        waiting: the level that is waited for.
    """

    root: str
    instance_id: str
    workflow: str
    at: datetime
    subject: Mapping[str, str] = field(default_factory=dict[str, str])
    task: int = 0
    attempt: int = 1
    whose: str | None = None
    began: datetime | None = None
    status: str | None = None
    statuses: int = 0
    waiting: "Waiting | None" = None

    def to_json(self) -> JsonObject:
        """Return plain JSON without what is not there."""
        document: JsonObject = {
            "root": self.root,
            "instanceId": self.instance_id,
            "workflow": self.workflow,
            "at": self.at.isoformat(),
            "subject": dict(self.subject),
            "task": self.task,
            "attempt": self.attempt,
        }
        if self.whose is not None:
            document["whose"] = self.whose
        if self.began is not None:
            document["began"] = self.began.isoformat()
            document |= {"status": self.status, "statuses": self.statuses}
        if self.waiting is not None:
            document["waiting"] = self.waiting.to_json()
        return document

    @classmethod
    def from_json(cls, raw: Any) -> Self | None:
        """Read a carrier; None when it is of another version: telemetry fails nothing."""
        try:
            began, waiting = raw.get("began"), raw.get("waiting")
            return cls(
                root=str(raw["root"]),
                instance_id=str(raw["instanceId"]),
                workflow=str(raw["workflow"]),
                at=datetime.fromisoformat(raw["at"]),
                subject={str(name): str(value) for name, value in raw["subject"].items()},
                task=int(raw["task"]),
                attempt=int(raw["attempt"]),
                whose=raw.get("whose"),
                began=datetime.fromisoformat(began) if began else None,
                status=raw.get("status"),
                statuses=int(raw.get("statuses", 0)),
                waiting=Waiting.from_json(waiting) if waiting else None,
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    def for_instance(self, instance_id: str, *, now: datetime) -> "Carrier":
        """Return it as an instance finds it; one that was restarted begins anew, in the trace."""
        if self.whose in {None, instance_id}:
            return self
        return Carrier(
            root=self.root,
            instance_id=self.instance_id,
            workflow=self.workflow,
            at=now,
            subject=self.subject,
        )

    def numbered(self, *, task: int, attempt: int, at: datetime) -> "Carrier":
        """Return what one call takes along."""
        return replace(self, task=task, attempt=attempt, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A level of people who are asked, and since when."""

    level: int
    round: int
    since: datetime

    def to_json(self) -> JsonObject:
        """Return plain JSON."""
        return {"level": self.level, "round": self.round, "since": self.since.isoformat()}

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Read it back."""
        return cls(
            level=int(raw["level"]),
            round=int(raw["round"]),
            since=datetime.fromisoformat(raw["since"]),
        )


@overload
def loaded(payload: JsonObject, carrier: Carrier) -> JsonObject: ...
@overload
def loaded(payload: Any, carrier: Carrier) -> Any: ...
def loaded(payload: Any, carrier: Carrier) -> Any:
    """Return an input with the carrier in it; what is no JSON object carries nothing."""
    if isinstance(payload, dict):
        return {**cast("JsonObject", payload), CARRIER: carrier.to_json()}
    return payload


def unloaded(payload: Any) -> tuple[Any, Carrier | None]:
    """Return an input as its sender meant it, and what it carried."""
    if not isinstance(payload, dict):
        return payload, None
    document = dict(cast("JsonObject", payload))
    if CARRIER not in document:
        return document, None
    return document, Carrier.from_json(document.pop(CARRIER))
