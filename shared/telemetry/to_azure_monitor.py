"""Sends telemetry by Azure Monitor's OpenTelemetry exporters: the adapter to choose.

Spans are handed to the exporter as they are, because their ids are worked out and the begin and end
of an orchestration are seen by different processes: no tracer could make them. Nothing global is
set, and no library of the app is instrumented: what the host reports itself is not told twice.
"""

import gzip
import logging
import os
import platform
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, override

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import HttpLoggingPolicy, SansIOHTTPPolicy
from azure.monitor.opentelemetry.exporter import (
    AzureMonitorLogExporter,
    AzureMonitorMetricExporter,
    AzureMonitorTraceExporter,
)
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import ReadWriteLogRecord
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from shared.settings.telemetry import TelemetryChoice
from shared.telemetry.credentials import Credential, credential_of
from shared.telemetry.delivery import Delivery, keep_quiet
from shared.telemetry.port import Attributes, Event, Line, Place, Span

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram

_EVENT_NAME: Final = "microsoft.custom_event.name"
_SCOPE: Final = "workflow-functions"
_TALKATIVE: Final = (
    "azure.monitor.opentelemetry.exporter.export._base",
    "azure.core.pipeline.policies.http_logging_policy.telemetry",
)
_SEVERITIES: Final = (
    (logging.CRITICAL, SeverityNumber.FATAL),
    (logging.ERROR, SeverityNumber.ERROR),
    (logging.WARNING, SeverityNumber.WARN),
    (logging.INFO, SeverityNumber.INFO),
)


def open_exporter(
    choice: TelemetryChoice,
    *,
    delivery: Delivery | None = None,
    credential: Credential | None = None,
) -> "AzureMonitorExporter":
    """Open the exporter.

    Args:
        choice: where to send.
        delivery: how to send, unless as usual.
        credential: as whom to send, unless as chosen.
    """
    for name, value in keep_quiet().items():
        os.environ.setdefault(name, value)
    for talkative in _TALKATIVE:
        logging.getLogger(talkative).setLevel(logging.WARNING)
    return AzureMonitorExporter(choice, delivery or Delivery(), credential or credential_of(choice))


class _Gzip(SansIOHTTPPolicy[Any, Any]):
    """Packs what is sent, which the library leaves out; the service takes it so."""

    @override
    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Pack the body, unless this is another attempt with a packed one."""
        sent = request.http_request
        if "Content-Encoding" in sent.headers:
            return
        body = sent.data.encode() if isinstance(sent.data, str) else sent.data
        sent.set_bytes_body(gzip.compress(body))
        sent.headers["Content-Encoding"] = "gzip"


class AzureMonitorExporter:
    """The port, on OpenTelemetry's batching and Azure Monitor's exporters."""

    def __init__(
        self, choice: TelemetryChoice, delivery: Delivery, credential: Credential | None
    ) -> None:
        self._resource = Resource.create(
            {"service.name": choice.role, "service.instance.id": platform.node()}
        )
        options: dict[str, Any] = {
            "connection_string": choice.connection_string,
            "credential": credential,
            "storage_directory": delivery.folder,
            "storage_min_retry_interval": delivery.again_after_s,
            "http_logging_policy": HttpLoggingPolicy(logger=logging.getLogger(_TALKATIVE[1])),
            "custom_hook_policy": _Gzip(),
            "tracer_provider": TracerProvider(resource=self._resource, shutdown_on_exit=False),
            "retry_total": 1,  # a batch that fails again waits in the folder, not on the thread
        }
        every_ms = delivery.items_every_s * 1000
        self._spans = BatchSpanProcessor(
            AzureMonitorTraceExporter(**options), schedule_delay_millis=every_ms
        )
        self._records = BatchLogRecordProcessor(
            AzureMonitorLogExporter(**options), schedule_delay_millis=every_ms
        )
        reader = PeriodicExportingMetricReader(
            AzureMonitorMetricExporter(**options),
            export_interval_millis=delivery.numbers_every_s * 1000,
        )
        self._meters = MeterProvider([reader], self._resource, shutdown_on_exit=False)
        self._meter = self._meters.get_meter(_SCOPE)
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}

    def span(self, span: Span) -> None:
        """Take a span."""
        context = _context(span.place)
        parent = None
        if span.parent_id is not None:
            parent = _context(Place(trace_id=span.place.trace_id, span_id=span.parent_id))
        self._spans.on_end(
            ReadableSpan(
                name=span.name,
                context=context,
                parent=parent,
                resource=self._resource,
                attributes=dict(span.attributes),
                kind=SpanKind.INTERNAL,
                status=Status(StatusCode.ERROR if span.failed else StatusCode.OK),
                start_time=_nanoseconds(span.begin),
                end_time=_nanoseconds(span.end),
            )
        )

    def event(self, event: Event) -> None:
        """Take an event."""
        self._emit(
            LogRecord(
                timestamp=_nanoseconds(event.at),
                context=_within(event.place),
                severity_number=SeverityNumber.INFO,
                attributes={**event.attributes, _EVENT_NAME: event.name},
            )
        )

    def line(self, line: Line) -> None:
        """Take a log line."""
        self._emit(
            LogRecord(
                timestamp=_nanoseconds(line.at),
                context=_within(line.place),
                severity_number=_severity(line.level),
                body=line.text,
                attributes=dict(line.attributes),
            )
        )

    def count(self, name: str, amount: int, attributes: Attributes) -> None:
        """Add to a sum."""
        counter = self._counters.get(name) or self._counters.setdefault(
            name, self._meter.create_counter(name)
        )
        counter.add(amount, dict(attributes))

    def measure(self, name: str, value: float, attributes: Attributes) -> None:
        """Add to a distribution."""
        histogram = self._histograms.get(name) or self._histograms.setdefault(
            name, self._meter.create_histogram(name)
        )
        histogram.record(value, dict(attributes))

    def close(self, patience: timedelta) -> None:
        """Send what is left."""
        milliseconds = patience / timedelta(milliseconds=1)
        self._spans.force_flush(int(milliseconds))
        self._spans.shutdown()  # type: ignore[no-untyped-call] # as published
        self._records.force_flush(int(milliseconds))
        self._records.shutdown()  # type: ignore[no-untyped-call] # as published
        self._meters.shutdown(milliseconds)

    def _emit(self, record: LogRecord) -> None:
        self._records.on_emit(ReadWriteLogRecord(log_record=record, resource=self._resource))


def _context(place: Place) -> SpanContext:
    return SpanContext(
        trace_id=int(place.trace_id, 16),
        span_id=int(place.span_id, 16),
        is_remote=False,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def _within(place: Place | None) -> Context:
    return set_span_in_context(NonRecordingSpan(_context(place)), Context()) if place else Context()


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000


def _severity(level: int) -> SeverityNumber:
    for least, severity in _SEVERITIES:
        if level >= least:
            return severity
    return SeverityNumber.DEBUG
