"""What a domain calls things when one of its instances is explained.

A history holds registered names and no wait for an event; what people call them, and which event a
status waits for, only the domain knows. It declares a ``Words`` beside its orchestrator, as values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, cast

from shared.models import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant that the custom status tells: ``what`` happens when ``member`` has come."""

    member: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventWait:
    """An event that is waited for as long as the business status is the one it is declared for.

    Attributes:
        event: what the API calls the event; the name on the wire may be longer.
        phrase: what people call it; may name members of the custom status, as in ``level {level}``.
        since: the member with the instant when the wait began, if there is one.
        moments: what happens meanwhile or at the end, in the order of the sentence.
        deadline: the member with the instant at which the wait is over.
    """

    event: str
    phrase: str
    since: str | None = None
    moments: tuple[Moment, ...] = ()
    deadline: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A workflow type's vocabulary.

    Attributes:
        prefixes: what registered names begin with and people leave out.
        calls: what people call an activity or a child, by registered name.
        attempts: how often an activity is tried at most, by registered name.
        waits: the event that each business status waits for.
        timers: what a timer is waited for, by business status; ``""`` is for every other status.
        ends: the business statuses after which the code has nothing left to do.
        silence: the member with the instant of the last sign of life from outside, if there is one.
        windowed: whether timers run beside calls, so that a later call does not end an earlier one.
    """

    prefixes: tuple[str, ...] = ()
    calls: Mapping[str, str] = field(default_factory=dict[str, str])
    attempts: Mapping[str, int] = field(default_factory=dict[str, int])
    waits: Mapping[str, EventWait] = field(default_factory=dict[str, EventWait])
    timers: Mapping[str, str] = field(default_factory=dict[str, str])
    ends: frozenset[str] = frozenset()
    silence: str | None = None
    windowed: bool = False

    def call(self, name: str) -> str:
        """Return what people call an activity or a child."""
        if name in self.calls:
            return self.calls[name]
        prefix = next((prefix for prefix in self.prefixes if name.startswith(prefix)), "")
        return name.removeprefix(prefix)

    def timer(self, status: str) -> str:
        """Return what a timer is waited for in this status."""
        return self.timers.get(status) or self.timers.get("") or "a timer"


NO_WORDS: Final = Words()
"""The vocabulary of a type that declares none: names stay as they are registered."""


def document_in(value: object) -> JsonObject:
    """Return a JSON object as it is, and an empty one for anything else."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def instant_in(status: JsonObject, member: str | None) -> datetime | None:
    """Return an aware instant that a custom status holds; None for anything else."""
    text = status.get(member) if member else None
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else None
