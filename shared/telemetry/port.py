"""What can be told, and what carries it: values, and one small port that every exporter fits.

No library of telemetry is known here. What is told has been redacted and chosen by ``reporting``
before an exporter sees it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

type Value = str | int | float | bool
type Attributes = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a trace something is: 32 and 16 hexadecimal digits."""

    trace_id: str
    span_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that took time and has ended; times are aware UTC."""

    name: str
    place: Place
    parent_id: str | None
    begin: datetime
    end: datetime
    failed: bool = False
    attributes: Attributes = field(default_factory=dict[str, Value])


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, inside of the span whose place it has."""

    name: str
    place: Place
    at: datetime
    attributes: Attributes = field(default_factory=dict[str, Value])


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A log line; ``level`` is the number of Python's logging."""

    text: str
    level: int
    at: datetime
    place: Place | None
    attributes: Attributes = field(default_factory=dict[str, Value])


class Exporter(Protocol):
    """Carries what is told away, in batches and on threads of its own.

    No call waits for the network, and none raises: telemetry never fails what it is about.
    """

    def span(self, span: Span) -> None:
        """Take a span."""
        ...

    def event(self, event: Event) -> None:
        """Take an event."""
        ...

    def line(self, line: Line) -> None:
        """Take a log line."""
        ...

    def count(self, name: str, amount: int, attributes: Attributes) -> None:
        """Add to a sum that is sent once an interval."""
        ...

    def measure(self, name: str, value: float, attributes: Attributes) -> None:
        """Add to a distribution (count, sum, least, most) that is sent once an interval."""
        ...

    def close(self, patience: timedelta) -> None:
        """Send what is left, for so long at most, and end all threads."""
        ...
