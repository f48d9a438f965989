"""`wfctl` knows the app by its API alone: every call that it makes is one that the app takes."""

import re
from typing import Final

import pytest

import function_app
from shared.registered import http_functions
from tests.support.wfctl import FakeApp, Reply, Terminal
from wfctl.app import build

WHY: Final = ("--reason", "a drill")
ROUND: Final = {"items": [{"instanceId": "order-1", "round": 1}]}
ENDED: Final = {"instanceId": "order-1", "runtimeStatus": "Completed"}

# A line for every command; those that call several places come with what leads them there.
LINES: Final = (
    ("list", "--all"),
    ("show", "order-1"),
    ("explain", "order-1"),
    ("history", "order-1"),
    ("audit", "order-1"),
    ("watch", "order-1"),
    ("watch", "batch-1"),
    ("start", "order", "-", "--watch"),
    ("start", "saga", "-"),
    ("start", "approval", "-"),
    ("start", "batch", "-"),
    *((action, "order-1", *WHY) for action in ("cancel", "terminate", "suspend", "resume")),
    *((action, "order-1", *WHY) for action in ("rewind", "restart")),
    ("event", "order-1", "attention:1", *WHY),
    ("purge", "order-1", *WHY),
    ("purge", "order-1", *WHY, "--yes"),
    ("bulk", "cancel", "--type", "order", *WHY),
    ("inbox",),
    ("decide", "approval-1", "1", "approve"),
    ("attention",),
    ("resolve", "order-1", "retry", *WHY),
    ("findings",),
    ("overview",),
)
SERVED_LATER: Final = {"health", "in-flight"}
ROUTES: Final = [
    (method, re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(function.route))))
    for function in http_functions(function_app.app)
    for method in function.methods
]


@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_every_call_of_a_command_is_one_that_the_app_takes(words: tuple[str, ...]) -> None:
    app = FakeApp(otherwise=Reply(body={}))
    app.on("GET", "attention", ROUND)
    for instance_id in ("order-1", "batch-1"):
        app.on("GET", f"workflows/{instance_id}", ENDED)
    app.on("POST", "orders", {"instanceId": "order-1"})

    Terminal(app=app, stdin="{}").run(*words)

    assert app.asked
    assert [asked for asked in app.asked if not _is_taken(asked.method, asked.path)] == []


def test_every_command_has_a_line() -> None:
    known = {command.name for command in build().registered_commands}

    assert known - SERVED_LATER == {words[0] for words in LINES}


def _is_taken(method: str, path: str) -> bool:
    return any(method == known and route.fullmatch(path) for known, route in ROUTES)
