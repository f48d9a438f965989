"""What strangers wrote is shown and drives nothing, wherever in an answer it stands."""

from typing import Any, Final

import pytest

from tests.support.wfctl import FakeApp, Reply, Terminal, problem

HOSTILE: Final = "\x1b]0;x\x07\x1b[2J\x9b1m\u202e[bold]\r\n"
_NAMES: Final = (
    *("instanceId", "type", "runtimeStatus", "businessStatus", "createdAt", "lastUpdatedAt"),
    *("failure", "sentence", "nextCursor", "searchedBackTo", "kind", "name", "since", "until"),
    *("attempt", "of", "detail", "what", "at", "EventType", "Timestamp", "FunctionName", "action"),
    *("actor", "reason", "result", "newInstanceId", "title", "requester", "deadlineAt", "level"),
    *("levels", "trouble", "step", "error", "attempts", "openedAt", "round", "outcome", "status"),
    *("running", "pending", "suspended", "oldestPendingSeconds", "isDrained", "started", "purged"),
    *("matched", "customStatus", "output"),
)
_LISTS: Final = (
    *("items", "waiting", "open", "waitingFor", "next", "historyEvents", "affected", "types"),
    "checks",
)


def _hostile() -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(_NAMES, HOSTILE)
    inner = {**row, "lastError": {**row, "code": HOSTILE}, "open": [row]}
    counts = {HOSTILE: HOSTILE}
    return {
        **inner,
        **{name: [inner] for name in _LISTS},
        "byType": counts,
        "outcomes": counts,
        "backlog": {"running": HOSTILE},
        "decision": {"action": HOSTILE},
    }


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("show", "a"),
        ("explain", "a"),
        ("history", "a"),
        ("audit", "a"),
        ("watch", "a", "--timeout", "0"),
        ("start", "order", "-"),
        ("terminate", "a", "--reason", "x"),
        ("purge", "a", "--reason", "x", "--yes"),
        ("bulk", "suspend", "--type", "a", "--reason", "x"),
        ("inbox",),
        ("decide", "a", "1", "approve"),
        ("attention",),
        ("resolve", "a", "retry", "--reason", "x", "--round", "1"),
        ("findings",),
        ("health",),
        ("in-flight",),
        ("overview",),
    ],
    ids=" ".join,
)
def test_no_answer_drives_the_terminal(words: tuple[str, ...]) -> None:
    app = FakeApp(otherwise=Reply(body=_hostile()))

    for more in ((), ("--json",)):
        ran = Terminal(app=app, stdin="{}").run(*words, *more)

        assert ran.out + ran.err
        assert (ran.out + ran.err).replace("\n", "").isprintable()


def test_no_refusal_drives_the_terminal() -> None:
    errors = [{"pointer": HOSTILE, "detail": HOSTILE}]
    refusal = problem(400, HOSTILE, HOSTILE, detail=HOSTILE, errors=errors, traceId=HOSTILE)

    for more in ((), ("--json",)):
        ran = Terminal(app=FakeApp(otherwise=refusal)).run("show", "a", *more)

        assert ran.code == 3
        assert ran.err.replace("\n", "").isprintable()
