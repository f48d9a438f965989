"""Log lines of the application: redacted where they are made, told with what they belong to.

Whatever handler takes a record (the host's, a console's, an exporter's) gets it redacted. Lines go
to Application Insights by the host, which takes them anyway; only where that is switched off are
they told by the exporter, or each would be there twice.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, override

from shared.redaction import redact_text
from shared.telemetry.invocations import here
from shared.telemetry.names import Attribute
from shared.telemetry.port import Line, Place, Value
from shared.telemetry.reporting import Reporter
from shared.telemetry.tracing import place_of

_OURS: Final = ("shared", "workflows", "function_app")

type Factory = Callable[..., logging.LogRecord]


def install_redaction() -> None:
    """Redact every record of the application's loggers from now on; once is enough."""
    made = logging.getLogRecordFactory()
    if not isinstance(made, RedactingFactory):
        logging.setLogRecordFactory(RedactingFactory(made))


class RedactingFactory:
    """Makes log records without secrets: message and traceback are redacted before they are seen.

    Args:
        make: the factory that was there before.
    """

    def __init__(self, make: Factory) -> None:
        self._make = make
        self._formatter = logging.Formatter()

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        """Make a record; one of somebody else's logger stays as it is."""
        record = self._make(*args, **kwargs)
        if record.name.partition(".")[0] in _OURS:
            self._redact(record)
        return record

    def _redact(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # logging itself reports a format that does not fit
            return
        record.msg, record.args = redact_text(text), None
        if record.exc_info and record.exc_info[0] is not None:
            # A formatter prints this instead of formatting the exception, which may quote a value.
            record.exc_text = redact_text(self._formatter.formatException(record.exc_info))
            record.exc_info = None
            record.errorType = _type_of(args_of=record.exc_text)


def _type_of(*, args_of: str) -> str:
    """Return the class that a traceback's last line begins with."""
    return args_of.rstrip().rpartition("\n")[2].partition(":")[0]


def tell_lines(reporter: Reporter, level: int = logging.INFO) -> logging.Handler:
    """Tell the application's log lines; return the handler, to be removed when that shall end."""
    handler = _Teller(reporter, level)
    for name in _OURS:
        logging.getLogger(name).addHandler(handler)
    return handler


class _Teller(logging.Handler):
    """Tells a record with where it belongs."""

    def __init__(self, reporter: Reporter, level: int) -> None:
        super().__init__(level)
        self._reporter = reporter

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._reporter.line(_line(record))
        except Exception:  # noqa: BLE001 - a line that cannot be told must not fail who logs it
            self.handleError(record)


def _line(record: logging.LogRecord) -> Line:
    place, attributes = _belonging(record)
    text = record.getMessage()
    return Line(
        text=f"{text}\n{record.exc_text}" if record.exc_text else text,
        level=record.levelno,
        at=datetime.fromtimestamp(record.created, UTC),
        place=place,
        attributes={**attributes, Attribute.LOGGER: record.name},
    )


def _belonging(record: logging.LogRecord) -> tuple[Place | None, dict[str, Value]]:
    """Say where a line belongs: to what runs here, or to the instance that it names."""
    running = here()
    if running is not None and running.place is not None:
        return running.place, dict(running.attributes)
    instance_id = getattr(record, "instanceId", None)
    if not isinstance(instance_id, str):
        return None, {}
    root = getattr(record, "rootInstanceId", None)
    return place_of(instance_id, root), {Attribute.INSTANCE_ID: instance_id}
