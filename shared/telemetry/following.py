"""Wraps what an app has registered, so that workflows are followed without a line in any domain.

Called once by the composition root. With telemetry off nothing is wrapped: what runs is what was
written, and inputs are what was sent.
"""

import inspect

import azure.durable_functions as df

from shared.registered import ACTIVITY, HTTP, ORCHESTRATION, QUEUE, Registered, registered
from shared.settings import current_telemetry
from shared.settings.telemetry import LogRoute
from shared.telemetry.invocations import (
    LOOKS,
    followed_activity,
    followed_message,
    followed_request,
)
from shared.telemetry.logs import install_redaction, tell_lines
from shared.telemetry.orchestrations import followed
from shared.telemetry.reporting import Reporter, reporter


def follow(app: df.DFApp) -> None:
    """Follow what is registered so far, if telemetry is on; redact what is logged in any case."""
    install_redaction()
    reported = reporter()
    if not reported.is_on:
        return
    if current_telemetry().logs is LogRoute.EXPORTER:
        tell_lines(reported)
    follow_functions(app, reported)


def follow_functions(app: df.DFApp, reported: Reporter) -> None:
    """Wrap what an app does: its orchestrators, activities, and ways in."""
    for function in registered(app):
        _follow(function, reported)


def _follow(function: Registered, reported: Reporter) -> None:
    code = function.code
    match function.trigger:
        case _ if function.trigger == ORCHESTRATION and inspect.isgeneratorfunction(code):
            function.replace(followed(function.name, code, reported))
        case _ if function.trigger == ACTIVITY and not inspect.iscoroutinefunction(code):
            function.replace(followed_activity(function.name, function.argument, code, reported))
        case _ if _changes_something(function) and inspect.iscoroutinefunction(code):
            follow = followed_request(function.route, function.argument, code, reported)
            function.replace(follow)
        case _ if function.trigger == QUEUE and inspect.iscoroutinefunction(code):
            function.replace(followed_message(function.name, code, reported))
        case _:
            pass  # entities and timers call what is followed; who only looks changes nothing


def _changes_something(function: Registered) -> bool:
    return function.trigger == HTTP and not set(function.methods) <= LOOKS
