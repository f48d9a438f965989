"""The host is killed again and again, at random, among instances of every kind: all of them end.

A client goes on starting instances and raising events meanwhile, and repeats what nobody answered.
The seed makes the kills the same in every run; what the machine does between them is its own.
"""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.crashes.state import endings, outputs
from tests.e2e.host.app_host import AppHost, served
from tests.support.funchost import INSTANCES, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

APP = Path(__file__).parent / "apps" / "mixed"
WEBHOOKS = "/runtime/webhooks/durabletask"
SEED = 20_261_122
STUCK_AFTER_S = 60.0
PAUSE_S = (0.02, 0.9)  # from serving, or from launching, to the kill
TO_THE_LAST_KILL = 0.8  # of the instances are started in this part of the kills


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """An orchestrator, its input, and the output it has to have under an id."""

    name: str
    value: Any
    output: Callable[[str], Any]


KINDS = (
    Kind(name="chain", value=None, output=lambda i: f"{i}/abc"),
    Kind(name="fan", value=None, output=lambda i: [f"{i}/{n}" for n in (*"abcdefgh", "last")]),
    Kind(name="naps", value=None, output=lambda i: f"{i}/awake"),
    Kind(name="listener", value=None, output=lambda _: [1, 2, 3]),
    Kind(
        name="parent",
        value=None,
        output=lambda i: [[f"{i}-{n}/first", f"{i}-{n}/second"] for n in "abc"],
    ),
    Kind(name="stubborn", value=None, output=lambda i: i),
    Kind(name="generations", value=1, output=lambda i: f"{i}/5"),
    Kind(name="teller", value=None, output=lambda _: [1, 7]),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Many instances, of every kind in turn."""

    kinds: dict[str, Kind]

    @classmethod
    def of(cls, count: int) -> "Crowd":
        chosen = (KINDS[number % len(KINDS)] for number in range(count))
        return cls(kinds={f"{number:03}-{kind.name}": kind for number, kind in enumerate(chosen)})

    @property
    def tellers(self) -> list[str]:
        return [instance_id for instance_id, kind in self.kinds.items() if kind.name == "teller"]

    def requests(self) -> Iterator[tuple[str, str]]:
        """Return what a client sends, as paths and bodies, in order."""
        for instance_id, kind in self.kinds.items():
            start = f"{WEBHOOKS}/orchestrators/{kind.name}/{instance_id}"
            yield start, json.dumps(json.dumps(kind.value))
            if kind.name == "listener":
                for number, name in enumerate(("first", "second", "third"), start=1):
                    yield f"{INSTANCES}/{instance_id}/raiseEvent/{name}", str(number)


def send(host: AppHost, path: str, body: str) -> None:
    """Send a request until the host answers; a repeat of what it took before is refused as such."""

    def sent() -> bool:
        try:
            return host.call("POST", path, body).status in {202, 409, 410}
        except (OSError, http.client.HTTPException):
            return False

    until(sent, patience_s=60, what=f"{path} is taken")


@contextmanager
def sending(host: AppHost, crowd: Crowd, *, over_s: float) -> Generator[None]:
    """Send everything, spread over a time, from a thread of its own; wait for it at the end."""
    requests = list(crowd.requests())
    failures: list[BaseException] = []

    def send_all() -> None:
        try:
            for path, body in requests:
                send(host, path, body)
                time.sleep(over_s / len(requests))
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=send_all)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert failures == []


def kill_again_and_again(host: AppHost, kills: int) -> None:
    """Kill it while it serves, and one time in four while it still starts."""
    chance = random.Random(SEED)  # noqa: S311 - a schedule, not a secret
    for number in range(kills):
        if number:
            host.launch() if chance.random() < 0.25 else host.start()
        time.sleep(chance.uniform(*PAUSE_S))
        host.kill()
    host.start()


@pytest.mark.parametrize(
    ("kills", "instances"),
    [
        pytest.param(10, 60, id="short"),
        pytest.param(60, 240, id="long", marks=[pytest.mark.long, pytest.mark.timeout(600)]),
    ],
)
def test_killed_at_random_every_instance_ends_as_if_nothing_had_happened(
    tmp_path: Path, kills: int, instances: int
) -> None:
    crowd = Crowd.of(instances)
    with served(APP, tmp_path, settings={"SCRATCH": str(tmp_path)}) as host:
        with sending(host, crowd, over_s=kills * TO_THE_LAST_KILL):
            kill_again_and_again(host, kills)
        until(lambda: not host.unfinished(), patience_s=STUCK_AFTER_S, what="every instance ended")
        total = host.call("GET", f"{WEBHOOKS}/entities/tally/all").json
        host.stop()
        found = outputs(endings(host.state))

    wanted = {instance_id: kind.output(instance_id) for instance_id, kind in crowd.kinds.items()}
    assert {key: json.loads(found[key] or "null") for key in wanted} == wanted
    assert total == len(crowd.tellers)
    assert set(found) == wanted.keys() | {
        f"{instance_id}-{n}"
        for instance_id, kind in crowd.kinds.items()
        if kind.name == "parent"
        for n in "abc"
    }
