"""An exporter that keeps what it is told, for tests of what is told and when."""

from dataclasses import dataclass, field
from datetime import timedelta

from shared.telemetry.port import Attributes, Event, Line, Span, Value


@dataclass(slots=True)
class Listening:
    """Everything in the order in which it was told."""

    spans: list[Span] = field(default_factory=list[Span])
    events: list[Event] = field(default_factory=list[Event])
    lines: list[Line] = field(default_factory=list[Line])
    counts: list[tuple[str, dict[str, Value]]] = field(
        default_factory=list[tuple[str, dict[str, Value]]]
    )
    measures: list[tuple[str, float, dict[str, Value]]] = field(
        default_factory=list[tuple[str, float, dict[str, Value]]]
    )
    is_closed: bool = False

    def span(self, span: Span) -> None:
        self.spans.append(span)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def line(self, line: Line) -> None:
        self.lines.append(line)

    def count(self, name: str, amount: int, attributes: Attributes) -> None:
        self.counts += [(name, dict(attributes))] * amount

    def measure(self, name: str, value: float, attributes: Attributes) -> None:
        self.measures.append((name, value, dict(attributes)))

    def close(self, patience: timedelta) -> None:
        assert patience
        self.is_closed = True

    def counted(self, name: str) -> int:
        return sum(counted == name for counted, _ in self.counts)

    def measured(self, name: str) -> list[float]:
        return [value for measured, value, _ in self.measures if measured == name]
