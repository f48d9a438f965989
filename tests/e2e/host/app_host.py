"""Any app under the local host: `python -m funchost start` in the app's folder.

What runs is the driver of tests.support.funchost; here are other apps than the repository's own,
the options, hosts that refuse to start, and how tests follow an instance.
"""

import contextlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, override
from urllib.parse import quote

from scripts.layout import ROOT
from tests.support import warm_start
from tests.support.funchost import INSTANCES, Answer, FuncHost, open_hosts, until

APPS: Final = Path(__file__).parent / "apps"
TERMINAL: Final = frozenset({"Completed", "Failed", "Terminated", "Canceled"})
PATIENCE_S: Final = 60.0

HOST_JSON: Final = '{"version": "2.0"}'


@dataclass(slots=True, kw_only=True, eq=False)
class AppHost(FuncHost):
    """One app under the local host.

    Args:
        app: the app's folder, where the host is started.
        options: further words for ``funchost start``; they win.
        program: the module to run, if not funchost itself.
    """

    app: Path
    options: tuple[str, ...] = ()
    program: str = "funchost"

    @override
    def _words(self) -> list[str]:
        return [self.program, "start", *self._place, *self.options]

    @property
    @override
    def _home(self) -> Path:
        return self.app

    @override
    def _environment(self) -> dict[str, str]:
        return _environment(self.settings)

    def call(self, method: str, path: str, body: str | None = None) -> Answer:
        """Send a request; a body goes out as JSON."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        content = None if body is None else body.encode()
        return self.request(method, path, body=content, headers=headers)

    def started(self, orchestrator: str, value: Any = None, *, instance_id: str = "") -> str:
        """Start an instance through the management API and return its id.

        The input is encoded twice, as the SDK's client does and its context expects.
        """
        body = json.dumps(json.dumps(value))
        path = f"/runtime/webhooks/durabletask/orchestrators/{orchestrator}"
        answer = self.call("POST", f"{path}/{quote(instance_id)}".rstrip("/"), body)
        assert answer.status == 202, answer
        started: str = answer.json["id"]
        return started

    def status(self, instance_id: str, query: str = "") -> Any:
        """Return what the management API says of an instance."""
        answer = self.request("GET", f"{INSTANCES}/{quote(instance_id)}{query}")
        assert answer.status in {200, 202}, answer
        return answer.json

    def history(self, instance_id: str) -> list[Any]:
        """Return the history with inputs and results; [] before the first episode."""
        status = self.status(instance_id, "?showHistory=true&showHistoryOutput=true")
        events: list[Any] = status.get("historyEvents", [])
        return events

    def reaches(self, instance_id: str, *statuses: str, patience_s: float = PATIENCE_S) -> Any:
        """Wait for one of the runtime statuses and return the whole status."""
        return until(
            lambda: (
                found if (found := self.status(instance_id))["runtimeStatus"] in statuses else 0
            ),
            patience_s=patience_s,
            what=f"{instance_id} is {' or '.join(statuses)}\n{self.log_tail()}",
        )

    def ended(self, instance_id: str, *, patience_s: float = PATIENCE_S) -> Any:
        """Wait for the end of an instance and return its status."""
        return self.reaches(instance_id, *TERMINAL, patience_s=patience_s)

    def output(self, orchestrator: str, value: Any = None) -> Any:
        """Run an orchestrator to its end and return what it returned."""
        status = self.ended(self.started(orchestrator, value))
        assert status["runtimeStatus"] == "Completed", status
        return status["output"]

    def raise_event(self, instance_id: str, name: str, body: str = "null") -> Answer:
        return self.call("POST", f"{INSTANCES}/{instance_id}/raiseEvent/{name}", body)

    def shows(self, text: str) -> None:
        """Wait until the log has a text."""
        until(lambda: text in self.log_tail(), patience_s=PATIENCE_S, what=f"the log has: {text}")

    @property
    def lines(self) -> list[str]:
        return self.log.read_text("utf-8").splitlines()


@contextlib.contextmanager
def served(
    app: Path,
    folder: Path,
    *options: str,
    settings: Mapping[str, str] | None = None,
    program: str = "funchost",
    is_cold: bool = False,
) -> Generator[AppHost]:
    """Serve an app while the block runs; it has to stop in time."""
    host = AppHost(
        app=app,
        folder=folder,
        options=options,
        settings=settings or {},
        program=program,
        is_cold=is_cold,
    )
    open_hosts.append(host)
    try:
        host.start()
        yield host
        if host.is_running:
            host.stop()
    finally:
        if host.is_running:
            host.kill()
        open_hosts.remove(host)


def refused(app: Path, *options: str, settings: Mapping[str, str] | None = None) -> str:
    """Start a host that refuses, and return what it says on standard error.

    It has to end with exit code 1 by itself, and without a stack trace.
    """
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        process = warm_start.start(
            ["funchost", "start", "--port", "0", *options],
            folder=app,
            environment=_environment(settings or {}),
            output=output,
            errors=errors,
        )
        code = process.wait(PATIENCE_S)
        assert process.stdin is not None
        process.stdin.close()
        said = output.read_text("utf-8"), errors.read_text("utf-8")
    assert code == 1, said
    assert "Traceback" not in "".join(said), said
    return re.sub(r"^funchost: ", "", said[1]).strip()


def an_app(folder: Path, function_app: str | None = None, **files: str) -> Path:
    """Write an app: its code, and other files by name with ``_`` for the dot."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"host_json": HOST_JSON, **files}
    if function_app is not None:
        contents["function_app_py"] = function_app
    for name, content in contents.items():
        stem, _, ending = name.rpartition("_")
        path = folder / f"{stem.replace('local_settings', 'local.settings')}.{ending}"
        path.write_text(content, encoding="utf-8")
    return folder


def a_copy(name: str, folder: Path) -> Path:
    """Copy one of the apps beside this module, to change it."""
    shutil.copytree(APPS / name, folder, ignore=shutil.ignore_patterns("__pycache__", ".funchost"))
    return folder


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **settings}
