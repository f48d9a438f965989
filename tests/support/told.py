"""Tells an exporter one of everything: run as a process of its own, for exporters keep threads.

``python -m tests.support.told DESTINATION CONNECTION_STRING TOKEN``: each line that comes in is a
number of spans to tell; the end of input ends it.
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from azure.core.credentials import AccessToken

from shared.settings.telemetry import Destination, TelemetryChoice
from shared.telemetry import reporting
from shared.telemetry.delivery import Delivery
from shared.telemetry.port import Event, Exporter, Line, Place, Span

T0: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)
PLACE: Final = Place(trace_id="ab" * 16, span_id="cd" * 8)
SCOPE: Final = "https://monitor.azure.com//.default"


class FakeCredential:
    """Has a token for whoever asks for the scope of Application Insights."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        assert scopes == (SCOPE,), scopes
        return AccessToken(self.token, int(time.time()) + 3600)


def tell_spans(exporter: Exporter, numbers: range) -> None:
    for number in numbers:
        exporter.span(
            Span(
                name=f"step {number}",
                place=Place(trace_id=PLACE.trace_id, span_id=f"{number + 1:016x}"),
                parent_id=PLACE.span_id,
                begin=T0,
                end=T0 + timedelta(milliseconds=1500),
                failed=number % 2 == 1,
                attributes={"instanceId": "order-A1", "attempt": 2},
            )
        )


def tell_the_rest(exporter: Exporter) -> None:
    exporter.event(
        Event(name="workflow.status", place=PLACE, at=T0, attributes={"status": "waiting"})
    )
    exporter.line(
        Line(text="the carrier is away", level=30, at=T0, place=PLACE, attributes={"logger": "a.b"})
    )
    exporter.line(Line(text="nothing in particular", level=20, at=T0, place=None))
    for amount in (1, 2):
        exporter.count("workflow.started", amount, {"workflow": "w"})
    for value in (0.5, 2.0):
        exporter.measure("queue.age", value, {"workflow": "w"})


def main(destination: str, connection_string: str, token: str) -> None:
    choice = TelemetryChoice(
        destination=Destination(destination), connection_string=connection_string, role="shop"
    )
    exporter = reporting.open_exporter(
        choice,
        delivery=Delivery(items_every_s=0.1, numbers_every_s=0.5, again_after_s=1),
        credential=FakeCredential(token),
    )
    assert exporter is not None
    tell_the_rest(exporter)
    told = 0
    for line in sys.stdin:
        tell_spans(exporter, range(told, told + int(line)))
        told += int(line)
    exporter.close(timedelta(seconds=4))


if __name__ == "__main__":
    main(*sys.argv[1:])
