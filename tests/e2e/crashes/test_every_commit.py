"""The power goes at every commit by name, just before it is durable and just after.

A client goes through one journey of everything that a host commits. When the power goes it starts
the host again, and repeats its last request only where that could not have been committed.
"""

import http.client
import itertools
import json
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.crashes.state import endings, outputs
from tests.e2e.host.app_host import AppHost, served
from tests.support import power_cuts
from tests.support.funchost import INSTANCES, Answer, until
from tests.support.power_cuts import Commit, Moment

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

APP = Path(__file__).parent / "apps" / "mixed"
WEBHOOKS = "/runtime/webhooks/durabletask"
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Somebody who uses the host and starts it again when it has lost its power."""

    host: AppHost
    moment: Moment
    commit: Commit

    def does(self, commit: Commit, method: str, path: str, body: str | None = None) -> None:
        """Have something committed, once."""
        try:
            answer = self.host.call(method, path, body)
        except (OSError, http.client.HTTPException):
            self._start_again()
            if (self.moment, self.commit) != (Moment.BEFORE, commit):
                return  # the power went after it, with what followed
            answer = self.host.call(method, path, body)
        assert answer.status in {200, 202}, answer

    def starts(self, name: str, instance_id: str, value: Any) -> None:
        path = f"{WEBHOOKS}/orchestrators/{name}/{instance_id}"
        self.does(Commit.START, "POST", path, json.dumps(json.dumps(value)))

    def sees(self, instance_id: str, **wanted: Any) -> Any:
        """Wait until an instance's status has these members."""

        def found() -> Any:
            status = self._reads(f"{INSTANCES}/{instance_id}").json
            return status if all(status[key] == value for key, value in wanted.items()) else None

        return until(found, patience_s=PATIENCE_S, what=f"{instance_id} has {wanted}")

    def sees_total(self, key: str, total: int) -> None:
        def found() -> bool:
            answer = self._reads(f"{WEBHOOKS}/entities/tally/{key}")
            return answer.status == 200 and answer.json == total

        until(found, patience_s=PATIENCE_S, what=f"{key} has {total}")

    def _reads(self, path: str) -> Answer:
        try:
            return self.host.request("GET", path)
        except (OSError, http.client.HTTPException):
            self._start_again()
            return self.host.request("GET", path)

    def _start_again(self) -> None:
        self.host.kill()  # it is dead, or dying: the mark was written before
        self.host.restart()


@pytest.fixture(params=list(itertools.product(Moment, Commit)), ids=" ".join)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Client]:
    moment, commit = request.param
    settings = power_cuts.settings(moment, commit, tmp_path) | {"SCRATCH": str(tmp_path)}
    with served(APP, tmp_path, settings=settings, program=power_cuts.PROGRAM) as host:
        yield Client(host=host, moment=moment, commit=commit)


def test_a_power_cut_at_any_commit_loses_nothing_and_doubles_nothing(
    client: Client, tmp_path: Path
) -> None:
    client.starts("everything", "e", 1)
    client.sees("e", customStatus="waits")
    client.does(Commit.EVENT, "POST", f"{INSTANCES}/e/raiseEvent/go", "7")
    client.sees("e", runtimeStatus="Completed")
    client.does(Commit.SIGNAL, "POST", f"{WEBHOOKS}/entities/tally/e?op=add", json.dumps("100"))
    client.sees_total("e", 111)
    client.starts("repairable", "r", None)
    client.sees("r", runtimeStatus="Failed")
    (tmp_path / "r-needy.repair").write_text("repaired", "ascii")
    client.does(Commit.REWIND, "POST", f"{INSTANCES}/r/rewind?reason=repaired")
    client.sees("r", runtimeStatus="Completed")
    client.does(Commit.PURGE, "DELETE", f"{INSTANCES}/e-child")
    gone = client.host.request("GET", f"{INSTANCES}/e-child").status
    client.host.stop()

    assert power_cuts.has_happened(tmp_path)
    assert gone == 404
    found = outputs(endings(client.host.state))
    child = ["e-child/first", "e-child/second"]
    assert set(found) == {"e", "r", "r-needy"}
    assert json.loads(found["e"] or "") == ["e/one", "e/a", "e/b", child, 11, 7]
    assert json.loads(found["r"] or "") == "repaired"
    effects = Counter((tmp_path / "effects").read_text("ascii").split())
    assert set(effects) == {"e/before", "e/one", "e/a", "e/b", *child}
    # What ran when the power went may run again, nothing else.
    assert effects.total() <= len(effects) + 2
