"""What a pipeline concludes from the answers of a deployed app."""

import json
from collections.abc import Mapping

import pytest

from scripts import deployed
from scripts.deployed import Reply, credentials, drained, smoke

KEY = {"x-functions-key": "k"}


class App:
    """Answers by path, and by whether the caller proves anything; a list is answered in turn."""

    def __init__(self, **changes: Reply | list[Reply]) -> None:
        self.answers: dict[str, Reply | list[Reply]] = {
            "ready": Reply(status=200),
            "stranger": Reply(status=401),
            "known": Reply(status=200),
            "management": Reply(status=401),
            "in_flight": Reply(status=200, body=b'{"running": 0, "isDrained": true}'),
            **changes,
        }

    def __call__(self, path: str, headers: Mapping[str, str]) -> Reply:
        name = {
            "/api/health/ready": "ready",
            "/api/workflows?limit=1": "known" if headers else "stranger",
            "/runtime/webhooks/durabletask/instances": "management",
            "/api/ops/in-flight": "in_flight",
        }[path]
        answer = self.answers[name]
        return answer.pop(0) if isinstance(answer, list) else answer


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployed, "ASK_EVERY_S", 0)


def test_an_app_that_is_ready_and_shut_to_strangers_passes() -> None:
    assert smoke(App(), KEY, patience_s=0) == 0


def test_a_start_may_take_its_time() -> None:
    app = App(ready=[Reply(status=0), Reply(status=503), Reply(status=200)])

    assert smoke(app, KEY, patience_s=60) == 0


@pytest.mark.parametrize(
    "app",
    [
        App(ready=Reply(status=503)),
        App(stranger=Reply(status=200)),
        App(management=Reply(status=200)),
        App(known=Reply(status=403)),
    ],
    ids=["not-ready", "open-to-strangers", "management-api-open", "shut-to-its-callers"],
)
def test_what_is_wrong_fails_the_deployment(app: App) -> None:
    assert smoke(app, KEY, patience_s=0) == 1


def test_being_sent_to_sign_in_is_being_refused() -> None:
    assert smoke(App(stranger=Reply(status=302)), KEY, patience_s=0) == 0


def test_the_gate_opens_when_nothing_is_in_flight() -> None:
    busy = Reply(status=200, body=json.dumps({"running": 3, "isDrained": False}).encode())
    idle = Reply(status=200, body=json.dumps({"running": 0, "isDrained": True}).encode())

    assert drained(App(in_flight=[busy, Reply(status=0), idle]), KEY, patience_s=60) == 0


@pytest.mark.parametrize(
    "body", [b'{"isDrained": false}', b'{"isDrained": "true"}', b"[]", b"<html>"]
)
def test_the_gate_stays_shut_for_anything_but_a_clear_word(body: bytes) -> None:
    assert drained(App(in_flight=Reply(status=200, body=body)), KEY, patience_s=0) == 1


def test_a_caller_proves_itself_with_what_it_has() -> None:
    assert credentials({"WORKFLOWS_TOKEN": "t", "WORKFLOWS_KEY": "k"}) == {
        "Authorization": "Bearer t",
        "x-functions-key": "k",
    }
    assert credentials({"WORKFLOWS_KEY": "k"}) == {"x-functions-key": "k"}
    assert credentials({}) == {}
