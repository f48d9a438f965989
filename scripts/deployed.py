"""`python -m scripts.deployed`: what a pipeline asks a deployed app; standard library alone.

`drained` waits until nothing is in flight; `smoke` proves that a fresh deployment serves, and
changes nothing while it does. `WORKFLOWS_KEY` holds a function key, `WORKFLOWS_TOKEN` a token.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from scripts.console import complain, say

ASK_EVERY_S: Final = 10.0
ANSWER_WITHIN_S: Final = 30.0
REFUSED: Final = frozenset({401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back; status 0 when nothing did."""

    status: int
    body: bytes = b""

    @property
    def document(self) -> Any:
        """Return the JSON of the body, or None where there is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


type Ask = Callable[[str, Mapping[str, str]], Reply]


def ask(base: str) -> Ask:
    """Return how a path below an address is asked for."""
    if urlsplit(base).scheme not in {"http", "https"}:
        raise SystemExit(f"{base} is not an http address")
    opener = urllib.request.OpenerDirector()  # without redirects: a page to sign in at is an answer
    for handler in (
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())

    def asking(path: str, headers: Mapping[str, str]) -> Reply:
        request = urllib.request.Request(base.rstrip("/") + path, headers=dict(headers))  # noqa: S310
        try:
            with opener.open(request, timeout=ANSWER_WITHIN_S) as answer:
                return Reply(status=answer.status, body=answer.read())
        except urllib.error.HTTPError as refusal:
            return Reply(status=refusal.code, body=refusal.read())
        except OSError:
            return Reply(status=0)

    return asking


def credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that prove who asks: where people sign in, programs need both."""
    token, key = environ.get("WORKFLOWS_TOKEN"), environ.get("WORKFLOWS_KEY")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return headers | ({"x-functions-key": key} if key else {})


def drained(asking: Ask, headers: Mapping[str, str], *, patience_s: float) -> int:
    """Wait until no workflow is in flight.

    Returns:
        0 once it is so, 1 when the patience is over.
    """
    give_up_at = time.monotonic() + patience_s
    while True:
        reply = asking("/api/ops/in-flight", headers)
        match reply.document if reply.status == 200 else None:  # noqa: PLR2004 - OK
            case {"isDrained": True}:
                say("Nothing is in flight.")
                return 0
            case {"running": running}:
                say(f"In flight: {running} running.")
            case _:
                say(f"In flight: not told, {reply.status}.")
        if time.monotonic() >= give_up_at:
            complain(
                "Workflows are still in flight: deploy later, or as a new version beside them."
            )
            return 1
        time.sleep(ASK_EVERY_S)


def smoke(asking: Ask, headers: Mapping[str, str], *, patience_s: float) -> int:
    """Prove that the app is up, sees its storage, refuses strangers and lets this caller in.

    Returns:
        0 when all of it is so, 1 otherwise.
    """
    give_up_at = time.monotonic() + patience_s
    while (ready := asking("/api/health/ready", {})).status != 200:  # noqa: PLR2004 - OK
        if time.monotonic() >= give_up_at:
            complain(f"The app is not ready: {ready.status} {ready.body[:500]!r}")
            return 1
        time.sleep(ASK_EVERY_S)
    failures: list[str] = []
    stranger = asking("/api/workflows?limit=1", {}).status
    if stranger not in REFUSED and not 300 <= stranger < 400:  # noqa: PLR2004 - or sent to sign in
        failures.append(f"a stranger may list workflows: {stranger}")
    management = asking("/runtime/webhooks/durabletask/instances", {}).status
    if 200 <= management < 300:  # noqa: PLR2004 - any success
        failures.append(f"a stranger may use the management API: {management}")
    if headers and (known := asking("/api/workflows?limit=1", headers).status) != 200:  # noqa: PLR2004 - OK
        failures.append(f"this caller may not list workflows: {known}")
    for failure in failures:
        complain(failure)
    if not failures:
        say("The app is ready, refuses strangers, and lets its callers in.")
    return 1 if failures else 0


def main(arguments: Sequence[str]) -> int:
    """Do what the word says."""
    line = argparse.ArgumentParser(prog="python -m scripts.deployed")
    line.add_argument("word", choices=["drained", "smoke"])
    line.add_argument("url")
    line.add_argument("--patience", type=float, default=300.0, metavar="SECONDS")
    options = line.parse_args(arguments)
    does = {"drained": drained, "smoke": smoke}[options.word]
    return does(ask(options.url), credentials(os.environ), patience_s=options.patience)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
