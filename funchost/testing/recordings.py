"""Recorded histories as text: made by one version of an app, held against later ones."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from funchost.engine.calls import OrchestrationHead
from funchost.engine.events import Event
from funchost.engine.ports import InstanceRecord
from funchost.storage.errors import StateFileError
from funchost.storage.events_json import decode_event, encode_event
from funchost.testing.errors import KitError


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What one generation of an instance has been told and has asked for.

    It holds the input and every result, as the history does. Keep it as ``to_text``.
    """

    head: OrchestrationHead
    history: tuple[Event, ...]

    @classmethod
    def of(cls, record: InstanceRecord, history: Sequence[Event]) -> Self:
        """Return what a record and a history say."""
        return cls(
            head=OrchestrationHead(
                instance_id=record.instance_id,
                name=record.name,
                input=record.input,
                parent_instance_id=record.parent.instance_id if record.parent else None,
            ),
            history=tuple(history),
        )

    def to_text(self) -> str:
        """Return JSON lines: who it is, and an event each; made to be read in a change's diff."""
        head = {
            "instanceId": self.head.instance_id,
            "name": self.head.name,
            "input": self.head.input,
            "parentInstanceId": self.head.parent_instance_id,
        }
        return "\n".join([json.dumps(head), *map(encode_event, self.history), ""])

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what ``to_text`` wrote.

        Raises:
            KitError: It is something else.
        """
        first, *events = text.splitlines() or [""]
        try:
            head: dict[str, Any] = json.loads(first)
            return cls(
                head=OrchestrationHead(
                    instance_id=head["instanceId"],
                    name=head["name"],
                    input=head["input"],
                    parent_instance_id=head["parentInstanceId"],
                ),
                history=tuple(map(decode_event, events)),
            )
        except (ValueError, KeyError, TypeError, StateFileError) as error:
            raise KitError(f"This is no recording: {error!r}") from error
