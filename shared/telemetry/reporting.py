"""Where the application tells what happens: redacted here, sampled here, carried by an exporter.

With no exporter chosen, everything said here goes nowhere and costs a method call; no library of
telemetry is imported then. No call raises: what is told never fails because of the telling.
"""

import atexit
import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from shared.redaction import redact_text
from shared.settings import current_telemetry
from shared.settings.telemetry import Destination, TelemetryChoice
from shared.telemetry.names import METRIC_ATTRIBUTES
from shared.telemetry.port import Attributes, Event, Exporter, Line, Place, Span, Value
from shared.telemetry.tracing import is_sampled

_LAST_PATIENCE: Final = timedelta(seconds=4)  # within what hosts give a process to end
_ADAPTERS: Final[Mapping[Destination, str]] = {
    Destination.AZURE_MONITOR: "shared.telemetry.to_azure_monitor",
    Destination.OPENCENSUS: "shared.telemetry.to_opencensus",
}


class Reporter:
    """Tells an exporter what happens; without one, nobody.

    Args:
        exporter: who carries it, or None.
        sampling: which share of traces is told; numbers and log lines always are.
    """

    def __init__(self, exporter: Exporter | None, *, sampling: float = 1.0) -> None:
        self._exporter = exporter
        self._sampling = sampling

    @property
    def is_on(self) -> bool:
        """Whether anybody listens."""
        return self._exporter is not None

    def span(self, span: Span) -> None:
        """Tell of something that has ended."""
        if self._exporter is not None and self._is_told(span.place):
            self._exporter.span(replace(span, attributes=_redacted(span.attributes)))

    def event(self, event: Event) -> None:
        """Tell of something that has happened."""
        if self._exporter is not None and self._is_told(event.place):
            self._exporter.event(replace(event, attributes=_redacted(event.attributes)))

    def line(self, line: Line) -> None:
        """Tell what was logged."""
        if self._exporter is not None:
            self._exporter.line(
                replace(line, text=redact_text(line.text), attributes=_redacted(line.attributes))
            )

    def count(self, name: str, attributes: Attributes, amount: int = 1) -> None:
        """Count something; the attributes are among METRIC_ATTRIBUTES."""
        if self._exporter is not None:
            self._exporter.count(name, amount, _few(attributes))

    def measure(self, name: str, value: float, attributes: Attributes) -> None:
        """Tell how much of something it was; times in seconds."""
        if self._exporter is not None:
            self._exporter.measure(name, value, _few(attributes))

    def close(self, patience: timedelta) -> None:
        """Send what is left."""
        if self._exporter is not None:
            self._exporter.close(patience)

    def _is_told(self, place: Place) -> bool:
        return is_sampled(place.trace_id, self._sampling)


# Attributes are short, and most of them are said again and again.
_shown = functools.lru_cache(maxsize=8192)(redact_text)


def _redacted(attributes: Attributes) -> dict[str, Value]:
    return {
        str(name): _shown(value) if isinstance(value, str) else value
        for name, value in attributes.items()
    }


def _few(attributes: Attributes) -> dict[str, Value]:
    """Keep what takes few values."""
    return _redacted({n: value for n, value in attributes.items() if n in METRIC_ATTRIBUTES})


def open_exporter(choice: TelemetryChoice, **how: Any) -> Exporter | None:
    """Import the chosen adapter, and nothing of the others.

    Args:
        choice: what was chosen.
        how: ``delivery`` and ``credential``, to send otherwise than usual.
    """
    module = _ADAPTERS.get(choice.destination)
    if module is None:
        return None
    open_one: Callable[..., Exporter] = importlib.import_module(module).open_exporter
    return open_one(choice, **how)


@functools.cache
def reporter() -> Reporter:
    """Return the reporter of this process, opened at the first call."""
    choice = current_telemetry()
    opened = Reporter(open_exporter(choice), sampling=choice.sampling)
    if opened.is_on:
        atexit.register(opened.close, _LAST_PATIENCE)
    return opened
