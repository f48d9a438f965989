"""An app that answers `wfctl` from a script, and a way to run commands against it in process."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any, Final, cast, override
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from typer.main import get_command
from typer.testing import CliRunner

from wfctl.app import build
from wfctl.exits import ExitCode
from wfctl.session import Surroundings

NOON: Final = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
_COMMANDS: Final = get_command(build())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the app answers to one request."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    failure: requests.RequestException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the app was asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    url: str
    patience_s: float


def problem(status: int, code: str, title: str, **more: Any) -> Reply:
    kind = f"urn:workflow-functions:problem:{code}"
    return Reply(status=status, body={"type": kind, "title": title, "status": status, **more})


class FakeApp(BaseAdapter):
    """Answers by method and path; the last of several replies is repeated.

    Args:
        otherwise: what it answers to everything else.
    """

    def __init__(self, *, otherwise: Reply | None = None) -> None:
        super().__init__()
        self._otherwise = otherwise or problem(404, "instance-unknown", "No such workflow")
        self.asked: list[Asked] = []
        self._replies: dict[tuple[str, str], list[Reply]] = {}

    def on(self, method: str, path: str, *replies: Reply | Mapping[str, Any]) -> None:
        """Say what is answered at a path below /api."""
        self._replies[method, path] = [
            reply if isinstance(reply, Reply) else Reply(body=reply) for reply in replies
        ]

    @property
    def last(self) -> Asked:
        return self.asked[-1]

    @override
    def send(
        self, request: requests.PreparedRequest, *_: object, **given: Any
    ) -> requests.Response:
        _, patience_s = given["timeout"]
        parts = urlsplit(str(request.url))
        path = parts.path.removeprefix("/api/")
        self.asked.append(
            Asked(
                method=str(request.method),
                path=path,
                query=dict(parse_qsl(parts.query)),
                headers={name: str(value) for name, value in request.headers.items()},
                body=json.loads(request.body) if isinstance(request.body, bytes) else None,
                url=str(request.url),
                patience_s=patience_s,
            )
        )
        return _response(request, self._reply(str(request.method), path))

    @override
    def close(self) -> None:
        pass

    def _reply(self, method: str, path: str) -> Reply:
        scripted = self._replies.get((method, path))
        if scripted is None:
            return self._otherwise
        return scripted.pop(0) if len(scripted) > 1 else scripted[0]


def _response(request: requests.PreparedRequest, reply: Reply) -> requests.Response:
    if reply.failure is not None:
        raise reply.failure
    content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    response = requests.Response()
    response.status_code = reply.status
    response.headers = CaseInsensitiveDict(reply.headers)
    response.raw = BytesIO(content)
    response.request = request
    response.url = str(request.url)
    return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(slots=True, kw_only=True)
class Terminal:
    """Somebody who types; before a scripted app, time passes only while something sleeps."""

    app: FakeApp | None = None
    environment: dict[str, str] = field(default_factory=dict[str, str])
    naps: list[float] = field(default_factory=list[float])
    stdin: str = ""
    process: Mapping[str, str] = field(default_factory=dict[str, str])

    def run(self, *words: str) -> Ran:
        """Run a command; an exception that no command foresees fails the test."""
        # Not by invoke, which makes the commands anew each time.
        with CliRunner().isolation(env={"COLUMNS": "200", **self.process}) as (out, err, _):
            try:
                _COMMANDS.main(words, prog_name="wfctl", obj=self._surroundings())
                code = ExitCode.OK
            except SystemExit as ended:
                code = ExitCode(cast("int", ended.code))
            sys.stdout.flush()
            sys.stderr.flush()
            return Ran(code=code, out=out.getvalue().decode(), err=err.getvalue().decode())

    def _surroundings(self) -> Surroundings:
        stdin = StringIO(self.stdin)
        if self.app is None:
            return Surroundings(environment=self.environment, stdin=stdin)
        return Surroundings(
            environment=self.environment,
            adapter=self.app,
            sleep=self._sleep,
            now=lambda: NOON + timedelta(seconds=self._seconds()),
            clock=self._seconds,
            new_id=lambda: "made-up-id",
            stdin=stdin,
        )

    def _seconds(self) -> float:
        return sum(self.naps)

    def _sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
