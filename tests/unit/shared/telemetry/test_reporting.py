"""Telling: off costs nothing, secrets stay here, and a trace is told whole or not at all."""

import logging
from datetime import timedelta
from typing import Any

import pytest

from shared.settings.readers import InvalidSettingError
from shared.settings.telemetry import Destination, LogRoute, TelemetryChoice
from shared.telemetry.logs import RedactingFactory, tell_lines
from shared.telemetry.names import METRIC_ATTRIBUTES, Attribute
from shared.telemetry.port import Event, Line, Span
from shared.telemetry.reporting import Reporter
from shared.telemetry.tracing import is_sampled, place_of, trace_id_of
from tests.support.listening import Listening
from tests.support.playing import T0

CONNECTION = "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://x"
ON = {"APP_TELEMETRY": "azure_monitor", "APPLICATIONINSIGHTS_CONNECTION_STRING": CONNECTION}
PLACE = place_of("order-A1")
SECRETS = "Bearer abc.def-123 for ada@example.com, card 4111 1111 1111 1111"


def span_of(instance_id: str, **attributes: Any) -> Span:
    place = place_of(instance_id)
    return Span(name="s", place=place, parent_id=None, begin=T0, end=T0, attributes=attributes)


def test_off_tells_nobody() -> None:
    silent = Reporter(None)
    silent.span(span_of("order-A1"))
    silent.count("workflow.started", {})
    silent.close(timedelta(seconds=1))

    assert not silent.is_on


def test_everything_told_is_redacted() -> None:
    heard = Listening()
    reporter = Reporter(heard)
    reporter.span(span_of("order-A1", outcome=SECRETS))
    reporter.event(Event(name="e", place=PLACE, at=T0, attributes={"status": SECRETS}))
    reporter.line(Line(text=SECRETS, level=20, at=T0, place=PLACE, attributes={"logger": SECRETS}))
    reporter.measure("queue.age", 1.0, {Attribute.WORKFLOW: SECRETS})

    told = repr(heard)
    assert not [secret for secret in ("abc.def", "ada@", "4111") if secret in told]


def test_numbers_have_only_dimensions_with_few_values() -> None:
    heard = Listening()
    Reporter(heard).count("workflow.started", {name.value: "x" for name in Attribute})

    [(_, attributes)] = heard.counts
    assert set(attributes) == METRIC_ATTRIBUTES
    assert not {Attribute.INSTANCE_ID, Attribute.ORDER_ID} & METRIC_ATTRIBUTES


def test_a_trace_is_told_whole_or_not_at_all() -> None:
    heard = Listening()
    reporter = Reporter(heard, sampling=0.25)
    for number in range(400):
        for _ in range(2):
            reporter.span(span_of(f"order-{number}"))

    told = {span.place.trace_id for span in heard.spans}
    assert len(heard.spans) == 2 * len(told)
    assert 60 <= len(told) <= 140
    assert all(is_sampled(trace, 0.25) for trace in told)


def test_numbers_are_told_of_every_trace() -> None:
    heard = Listening()
    Reporter(heard, sampling=0.000001).count("workflow.started", {})

    assert heard.counted("workflow.started") == 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("APP_TELEMETRY", "statsd"),
        ("APP_TELEMETRY_SAMPLING", "0"),
        ("APP_TELEMETRY_SAMPLING", "1.1"),
        ("APP_TELEMETRY_SAMPLING", "some"),
        ("APP_TELEMETRY_LOGS", "both"),
        ("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=CANARY"),
    ],
)
def test_a_wrong_setting_is_named_and_what_may_be_secret_is_not_repeated(
    setting: str, value: str
) -> None:
    with pytest.raises(InvalidSettingError) as raised:
        TelemetryChoice.from_environment({**ON, setting: value})

    assert raised.value.setting == setting
    assert "CANARY" not in str(raised.value)


def test_the_platforms_own_settings_say_where_and_as_whom() -> None:
    choice = TelemetryChoice.from_environment(
        {
            **ON,
            "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "Authorization=AAD;ClientId=c-1",
            "WEBSITE_SITE_NAME": "shop-prod",
            "APP_TELEMETRY_LOGS": "exporter",
            "APP_TELEMETRY_SAMPLING": "0.5",
        }
    )

    assert (choice.destination, choice.logs) == (Destination.AZURE_MONITOR, LogRoute.EXPORTER)
    assert (choice.uses_identity, choice.client_id) == (True, "c-1")
    assert (choice.role, choice.sampling) == ("shop-prod", 0.5)
    assert CONNECTION not in repr(choice)


def test_an_instrumentation_key_alone_is_not_enough() -> None:
    with pytest.raises(InvalidSettingError, match="APPLICATIONINSIGHTS_CONNECTION_STRING"):
        TelemetryChoice.from_environment(
            {"APP_TELEMETRY": "opencensus", "APPINSIGHTS_INSTRUMENTATIONKEY": CONNECTION}
        )


def made(factory: RedactingFactory, name: str, text: str, *args: Any) -> logging.LogRecord:
    return factory(name, logging.INFO, "", 0, text, args, None)


def test_a_record_of_ours_is_redacted_before_any_handler_sees_it() -> None:
    factory = RedactingFactory(logging.LogRecord)
    record = made(factory, "workflows.saga.http", "sent to %s", "ada@example.com")

    assert record.getMessage() == "sent to [e-mail]"
    assert record.args is None


def test_a_record_of_somebody_else_stays_as_it_is() -> None:
    factory = RedactingFactory(logging.LogRecord)

    assert made(factory, "aiohttp.access", "to %s", "ada@example.com").args == ("ada@example.com",)


def test_a_traceback_is_redacted_too() -> None:
    factory = RedactingFactory(logging.LogRecord)
    with pytest.raises(ValueError, match="invalid literal") as raised:
        int(SECRETS)
    failure = (raised.type, raised.value, raised.tb)
    record = factory("shared.http", logging.ERROR, "", 0, "it failed", (), failure)
    text = logging.Formatter().format(record)

    assert "ValueError" in text
    assert not [secret for secret in ("abc.def", "ada@", "4111") if secret in text]


def test_a_line_belongs_to_the_instance_that_it_names() -> None:
    heard = Listening()
    handler = tell_lines(Reporter(heard))
    log = logging.getLogger("workflows.testing")
    log.setLevel(logging.INFO)
    try:
        log.info("on its way", extra={"instanceId": "tracking-A1", "rootInstanceId": "order-A1"})
    finally:
        for name in ("shared", "workflows", "function_app"):
            logging.getLogger(name).removeHandler(handler)

    [line] = heard.lines
    assert line.place is not None
    assert line.place.trace_id == trace_id_of("order-A1")
    assert line.attributes["instanceId"] == "tracking-A1"
    assert line.attributes["logger"] == "workflows.testing"
