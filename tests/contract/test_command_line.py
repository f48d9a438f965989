"""`wfctl` knows the app by its API alone: its calls and bodies are what the app takes."""

import re
from typing import Final

import pytest

import function_app
from shared.models import EdgeModel
from shared.registered import http_functions
from tests.support.wfctl import FakeApp, Reply, Terminal
from wfctl.app import build
from workflows.approval.models import DecisionBody
from workflows.attention.models import DecisionRequest
from workflows.management.bodies import BatchBody, Cascading, EventBody, Reasoned

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
    ("health",),
    ("in-flight",),
)
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


BODIES: Final[list[tuple[tuple[str, ...], type[EdgeModel]]]] = [
    (("cancel", "order-1", *WHY), Reasoned),
    (("terminate", "order-1", *WHY, "--no-cascade"), Cascading),
    (("purge", "order-1", *WHY, "--yes"), Cascading),
    (("event", "order-1", "attention:1", *WHY, "--data", '{"a": 1}'), EventBody),
    (("bulk", "cancel", "--type", "order", "--from", "2h", "--children", *WHY), BatchBody),
    (("purge", "--status", "Failed,Completed", *WHY, "--yes"), BatchBody),
    (("decide", "approval-1", "1", "reject", "--comment", "no"), DecisionBody),
    (("resolve", "order-1", "skip", *WHY, "--step", "void_payment"), DecisionRequest),
]


@pytest.mark.parametrize(("words", "model"), BODIES, ids=[" ".join(words) for words, _ in BODIES])
def test_what_a_command_sends_is_what_the_app_reads(
    words: tuple[str, ...], model: type[EdgeModel]
) -> None:
    app = FakeApp(otherwise=Reply(body={}))
    app.on("GET", "attention", ROUND)

    Terminal(app=app).run(*words)

    assert model.from_json(app.last.body).to_json().keys() >= app.last.body.keys()


def test_every_command_has_a_line() -> None:
    known = {command.name for command in build().registered_commands}

    assert known == {words[0] for words in LINES}


def _is_taken(method: str, path: str) -> bool:
    return any(method == known and route.fullmatch(path) for known, route in ROUTES)
