"""Sends telemetry by opencensus-ext-azure, for those who are bound to it: it is retired upstream.

The library's own handlers and metrics are repaired or gone around where they fail on Python 3.13:
its log handler has no lock, and its metrics know no distributions. Nothing global is set. What it
warns of (functions that Python deprecates) cannot be helped here and is kept out of sight.
"""

import functools
import logging
import os
import re
import threading
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast, override

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from opencensus.ext.azure.common.protocol import DataPoint
    from opencensus.ext.azure.log_exporter import AzureEventHandler, AzureLogHandler
    from opencensus.ext.azure.metrics_exporter import MetricsExporter
    from opencensus.ext.azure.trace_exporter import AzureExporter
    from opencensus.trace.span import SpanKind
    from opencensus.trace.span_context import SpanContext
    from opencensus.trace.span_data import SpanData
    from opencensus.trace.status import Status

from shared.clock import system_clock
from shared.settings.telemetry import TelemetryChoice
from shared.telemetry.credentials import Credential, credential_of
from shared.telemetry.delivery import Delivery, keep_quiet
from shared.telemetry.port import Attributes, Event, Line, Place, Span
from shared.telemetry.sums import Sum, Sums

_TYPE: Final = "InProc"
_OK, _UNKNOWN = 0, 2
_ROLE_TAG: Final = "ai.cloud.role"
_OPERATION_TAG: Final = "ai.operation.id"
_PARENT_TAG: Final = "ai.operation.parentId"
_OLD_PARENT: Final = re.compile(r"\|[0-9a-f]+\.([0-9a-f]+)\.")
# Where this module made the record, and what is in the item's own members.
_NOISE: Final = frozenset({"component", "process", "module", "fileName", "lineNumber", "level"})


def open_exporter(
    choice: TelemetryChoice,
    *,
    delivery: Delivery | None = None,
    credential: Credential | None = None,
) -> "OpenCensusExporter":
    """Open the exporter.

    Args:
        choice: where to send.
        delivery: how to send, unless as usual.
        credential: as whom to send, unless as chosen.
    """
    for name, value in keep_quiet().items():
        os.environ.setdefault(name, value)
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"opencensus\.")
    return OpenCensusExporter(choice, delivery or Delivery(), credential or credential_of(choice))


class _Lines(AzureLogHandler):  # type: ignore[misc] # the library has no types
    """The library's handler with the lock that Python 3.13 takes for granted."""

    @override
    def createLock(self) -> None:
        logging.Handler.createLock(self)


class _Events(AzureEventHandler):  # type: ignore[misc] # as above
    """As above."""

    @override
    def createLock(self) -> None:
        logging.Handler.createLock(self)


class _Numbers(MetricsExporter):  # type: ignore[misc] # as above
    """The library's sending of numbers, for sums of our own."""

    @override
    def metric_to_envelopes(self, metric: Sum) -> list[Any]:
        point = DataPoint(
            ns="",
            name=metric.name,
            value=metric.total,
            count=metric.times,
            min=metric.least,
            max=metric.most,
        )
        untyped = cast("Any", self)
        now, attributes = system_clock().now(), dict(metric.attributes)
        return [untyped._create_envelope(point, now, attributes)]  # noqa: SLF001 - its own base's


class OpenCensusExporter:
    """The port, on OpenCensus' threads and transport."""

    def __init__(
        self, choice: TelemetryChoice, delivery: Delivery, credential: Credential | None
    ) -> None:
        options: dict[str, Any] = {
            # A slash at the end would be there twice in every address.
            "connection_string": _without_slash(choice.connection_string),
            "credential": credential,
            "export_interval": delivery.items_every_s,
            "minimum_retry_interval": delivery.again_after_s,
            "storage_path": delivery.folder,
        }
        self._spans: Any = AzureExporter(**options)  # the library has no types
        self._lines: Any = _Lines(**options)
        self._events: Any = _Events(**options)
        self._numbers: Any = _Numbers(**options)
        self._sums = Sums()
        for each in (self._spans, self._lines, self._events, self._numbers):
            each.add_telemetry_processor(functools.partial(_corrected, role=choice.role))
        self._ended = threading.Event()
        self._sender = threading.Thread(
            target=self._send_numbers, args=(delivery.numbers_every_s,), daemon=True
        )
        self._sender.start()

    def span(self, span: Span) -> None:
        """Take a span."""
        code = _UNKNOWN if span.failed else _OK
        self._spans.export(
            [
                SpanData(
                    name=span.name,
                    context=SpanContext(trace_id=span.place.trace_id, span_id=span.place.span_id),
                    span_id=span.place.span_id,
                    parent_span_id=span.parent_id,
                    # As a client's, because the library calls every other span a success.
                    attributes={**span.attributes, "component": _TYPE},
                    start_time=_text(span.begin),
                    end_time=_text(span.end),
                    child_span_count=None,
                    stack_trace=None,
                    annotations=None,
                    message_events=None,
                    links=None,
                    status=Status(code),
                    same_process_as_parent_span=None,
                    span_kind=SpanKind.CLIENT,
                )
            ]
        )

    def event(self, event: Event) -> None:
        """Take an event."""
        self._events.emit(
            _record(event.name, logging.INFO, event.at, event.place, event.attributes)
        )

    def line(self, line: Line) -> None:
        """Take a log line."""
        self._lines.emit(_record(line.text, line.level, line.at, line.place, line.attributes))

    def count(self, name: str, amount: int, attributes: Attributes) -> None:
        """Add to a sum."""
        self._sums.count(name, amount, attributes)

    def measure(self, name: str, value: float, attributes: Attributes) -> None:
        """Add to a distribution."""
        self._sums.measure(name, value, attributes)

    def close(self, patience: timedelta) -> None:
        """Send what is left."""
        seconds = patience.total_seconds()
        self._ended.set()
        self._sender.join(seconds)
        self._spans._worker.stop(seconds)  # noqa: SLF001 - its own stop closes the storage first
        self._lines.close(seconds)
        self._events.close(seconds)
        self._numbers.shutdown()

    def _send_numbers(self, every_s: float) -> None:
        """Send the sums of each interval, and of the last one when it ends."""
        while True:
            has_ended = self._ended.wait(every_s)
            if sums := self._sums.taken():
                self._numbers.export_metrics(sums)
            if has_ended:
                return


def _without_slash(connection_string: str) -> str:
    return ";".join(part.rstrip("/") for part in connection_string.split(";"))


def _corrected(envelope: Any, role: str) -> bool:
    """Make an item of the library's one like any other's: role, parent and properties."""
    tags, data = envelope.tags, envelope.data.baseData
    tags[_ROLE_TAG] = role
    if parent := _OLD_PARENT.fullmatch(tags.get(_PARENT_TAG) or ""):
        if set(tags[_OPERATION_TAG]) == {"0"}:  # it belongs to nothing
            del tags[_PARENT_TAG], tags[_OPERATION_TAG]
        else:
            tags[_PARENT_TAG] = parent.group(1)
    data.properties = {
        name: str(value) for name, value in data.properties.items() if name not in _NOISE
    }
    return True


def _record(
    text: str, level: int, at: datetime, place: Place | None, attributes: Attributes
) -> logging.LogRecord:
    """Make the record that the library turns into an item."""
    record = logging.LogRecord("workflows", level, "", 0, text, None, None)
    record.created = at.timestamp()
    record.custom_dimensions = dict(attributes)
    if place is not None:
        record.traceId, record.spanId = place.trace_id, place.span_id
    return record


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
