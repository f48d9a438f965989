"""A debugger stops in orchestrators and activities under the local host, as .vscode says it does.

What an editor would do is done here by hand, in the protocol that editors speak.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from scripts.layout import ROOT
from tests.support.funchost import FuncHost, free_port, until
from tests.support.orders import JSON, order

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.long]

CONFIGURATIONS: Final = ROOT / ".vscode" / "launch.json"
DOMAIN: Final = ROOT / "workflows" / "order_processing"
PATIENCE_S: Final = 60.0
PLACES: Final = {
    DOMAIN / "orchestrator.py": r" +(\w+ = )?yield ",
    DOMAIN / "activities.py": r"    return ",
}


SENT: Final = {"body": json.dumps(order("debugged")).encode(), "headers": JSON}


def launched(**places: str) -> list[str]:
    """Return what F5 runs: the first configuration, with the editor's words replaced."""
    lines = CONFIGURATIONS.read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("//"))
    first: dict[str, Any] = json.loads(text)["configurations"][0]
    words = ["-m", first["module"], *first["args"]]
    for name, value in places.items():
        words = [word.replace(f"${{{name}}}", value) for word in words]
    return words


def line_of(path: Path) -> int:
    """Return where to stop in a file: at the first line that yields, or returns."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if re.match(PLACES[path], line):
            return number
    raise LookupError(path)


class Debugger:
    """The client's side of the Debug Adapter Protocol, as much as it takes to stop somewhere."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._stream = self._socket.makefile("rb")
        self._sequence = 0
        self._events: list[dict[str, Any]] = []

    def send(self, command: str, **arguments: Any) -> int:
        self._sequence += 1
        message = {"seq": self._sequence, "type": "request", "command": command}
        body = json.dumps({**message, "arguments": arguments}).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self._sequence

    def ask(self, command: str, **arguments: Any) -> Any:
        number = self.send(command, **arguments)
        while True:
            message = self._read()
            if message["type"] == "response" and message["request_seq"] == number:
                assert message["success"], message
                return message.get("body")
            if message["type"] == "event":
                self._events.append(message)

    def wait_for(self, event: str) -> Any:
        while True:
            for position, message in enumerate(self._events):
                if message["event"] == event:
                    return self._events.pop(position).get("body")
            message = self._read()
            if message["type"] == "event":
                self._events.append(message)

    def attach(self, breakpoints: Mapping[Path, int]) -> None:
        self.ask("initialize", adapterID="debugpy", pathFormat="path", linesStartAt1=True)
        attaching = self.send("attach", justMyCode=True)
        self.wait_for("initialized")
        for path, line in breakpoints.items():
            set_here = self.ask(
                "setBreakpoints", source={"path": str(path)}, breakpoints=[{"line": line}]
            )
            assert set_here["breakpoints"][0]["verified"], set_here
        self.ask("configurationDone")
        assert attaching

    def close(self) -> None:
        self._socket.close()

    def _read(self) -> Any:
        length = 0
        while (line := self._stream.readline()) != b"\r\n":
            assert line, "the debugger has hung up"
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self._stream.read(length))


@dataclass(slots=True, kw_only=True, eq=False)
class DebuggedHost(FuncHost):
    """The app as F5 starts it: under debugpy, which waits for the editor."""

    debug_port: int

    def launch(self) -> None:
        command = [sys.executable, "-m", "debugpy", "--listen", f"127.0.0.1:{self.debug_port}"]
        command += ["--wait-for-client", *launched(workspaceFolder=str(ROOT))]
        command += ["--port", str(self.port), "--state", str(self.state)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **self.settings},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def attached(port: int) -> Debugger:
    def debugger() -> Debugger | None:
        with contextlib.suppress(OSError):
            return Debugger(port)
        return None

    found = until(debugger, patience_s=PATIENCE_S, what="debugpy listens")
    assert found is not None
    return found


def test_a_debugger_stops_in_orchestrators_and_activities(azurite: str, tmp_path: Path) -> None:
    settings = {"AzureWebJobsStorage": azurite, "APP_DATA_PREFIX": f"t{uuid.uuid4().hex[:12]}"}
    host = DebuggedHost(folder=tmp_path, settings=settings, debug_port=free_port())
    starting = threading.Thread(target=host.start)
    starting.start()
    debugger = attached(host.debug_port)
    debugger.attach({path: line_of(path) for path in PLACES})
    starting.join(PATIENCE_S)
    ordering = threading.Thread(target=host.request, args=("POST", "/api/orders"), kwargs=SENT)
    ordering.start()  # it is answered when somebody lets the app go on

    stopped = dict[str, int]()
    try:
        while len(stopped) < len(PLACES):
            thread = debugger.wait_for("stopped")["threadId"]
            frame = debugger.ask("stackTrace", threadId=thread, levels=1)["stackFrames"][0]
            stopped[frame["source"]["path"]] = frame["line"]
            debugger.ask("continue", threadId=thread)
    finally:
        host.kill()
        debugger.close()

    assert stopped == {str(path): line_of(path) for path in PLACES}
