"""The SDK-only floor: the episodes of the shaped workflow, fed to the SDK in a loop with no host.

No host that runs the SDK in one process can be faster than this.
"""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from funchost.engine.calls import OrchestrationHead
from funchost.engine.events import (
    Event,
    ExecutionStarted,
    OrchestratorStarted,
    TaskCompleted,
    TaskScheduled,
)
from funchost.worker.history import document, encode, instant

EPOCH = datetime(2030, 1, 1, tzinfo=UTC)
_HEAD = OrchestrationHead(instance_id="i", name="shaped", input="null", parent_instance_id=None)
_STEPS = ([0], [1], [2], [3], [4, 5])


class Written(StrEnum):
    """How the history is written for the SDK."""

    AZURE = "every event, as Azure writes it"
    SHORT = "without the events that the SDK ignores"
    FUNCHOST = "as funchost writes it: without those, and times in ISO 8601's basic form"


def floor(handle: Callable[[str], str], written: Written, total: int) -> float:
    """Return workflows a second, one after the other, all six episodes of each."""
    documents = [document(_HEAD, texts) for texts in _histories(written)]
    last = [json.loads(handle(text)) for text in documents][-1]
    if last["output"] != [4, 5]:
        raise RuntimeError(last)
    begun = time.perf_counter()
    for _ in range(total):
        for text in documents:
            handle(text)
    return total / (time.perf_counter() - begun)


def _histories(written: Written) -> list[list[str]]:
    """Return the texts of the history before each of the six episodes."""
    started = ExecutionStarted(at=EPOCH, name="shaped", execution_id="e", input="null")
    opening: list[Event] = [OrchestratorStarted(at=EPOCH), started]
    texts = _texts(opening, written)
    histories = [list(texts)]
    for number, tasks in enumerate(_STEPS):
        at = EPOCH + timedelta(milliseconds=number + 0.25)
        made = [TaskScheduled(id=n, at=at, name="same", input=str(n)) for n in tasks]
        done: list[Event] = [OrchestratorStarted(at=at)]
        done += [TaskCompleted(at=at, task_id=n, result=str(n)) for n in tasks]
        texts += _texts(made, written)
        if written is Written.AZURE:
            texts.append(_bare(13, at))
        texts += _texts(done, written)
        histories.append(list(texts))
    return histories


def _texts(events: Sequence[Event], written: Written) -> list[str]:
    if written is Written.FUNCHOST:
        return [text for event in events if (text := encode(event))]
    whole = written is Written.AZURE
    return [_as_azure(event) for event in events if whole or encode(event)]


def _as_azure(event: Event) -> str:
    """Return an event with its time as Azure writes it."""
    if isinstance(event, TaskScheduled):
        members = {"EventId": event.id, "Name": event.name, "Version": "", "Input": event.input}
        return _bare(4, event.at, **members)
    fields: dict[str, Any] = json.loads(encode(event))
    return json.dumps({**fields, "Timestamp": instant(event.at)})


def _bare(event_type: int, at: datetime, **members: Any) -> str:
    common = {"EventType": event_type, "EventId": -1, "IsPlayed": False, "Timestamp": instant(at)}
    return json.dumps({**common, **members})
