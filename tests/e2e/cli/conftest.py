"""The app under the local host, and somebody at a terminal before it."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Final

import pytest

from scripts.layout import ROOT
from tests.support.books import Books
from tests.support.funchost import FuncHost, opened_host
from tests.support.orders import QUICK
from tests.support.wfctl import Ran, Terminal
from wfctl.exits import ExitCode

OPERATOR = "operator@example.com"


# A shell starts what runs in its background deaf to interrupts, and so are its children.
_HEARS_INTERRUPTS: Final = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " runpy.run_module('wfctl', run_name='__main__')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Somebody who operates the running app from a terminal."""

    host: FuncHost

    def run(self, *words: str, stdin: str = "", who: str = OPERATOR) -> Ran:
        """Run a command in this process."""
        return Terminal(environment=dict(self._environment(who)), stdin=stdin).run(*words)

    def started(self, *words: str, stdin: str = "") -> Ran:
        """Run a command as a process of its own, its output in pipes."""
        ended = subprocess.run(
            [sys.executable, "-m", "wfctl", *words],
            cwd=ROOT,
            env={**os.environ, **self._environment(OPERATOR)},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(code=ExitCode(ended.returncode), out=ended.stdout, err=ended.stderr)

    def interrupted(self, *words: str) -> ExitCode:
        """Run a command until it has said something, and interrupt it."""
        process = subprocess.Popen(
            [sys.executable, "-c", _HEARS_INTERRUPTS, *words],
            cwd=ROOT,
            env={**os.environ, **self._environment(OPERATOR)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline()
            process.send_signal(signal.SIGINT)
            return ExitCode(process.wait())

    def _environment(self, who: str) -> Mapping[str, str]:
        roles = "workflow.operator" if who == OPERATOR else ""
        return {"WFCTL_URL": self.host.url(""), "WFCTL_PRINCIPAL": who, "WFCTL_ROLES": roles}


@pytest.fixture(scope="module")
def desk(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Desk]:
    """A terminal before an app where everything goes quickly and callers say who they are."""
    with Books(azurite, stock={"notebook": 1000}) as books:
        settings = {
            **QUICK,
            "ORDER_PAYMENT_DEADLINE_S": "3600",  # what waits for a payment goes on waiting
            "AzureWebJobsStorage": azurite,
            "APP_DATA_PREFIX": books.prefix,
            "APP_IDENTITY": "development",
        }
        with opened_host(tmp_path_factory.mktemp("desk"), settings) as host:
            yield Desk(host=host)
