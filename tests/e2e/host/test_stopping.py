"""Ctrl-C and SIGTERM: what runs may end, what does not end runs again, and it is quick."""

import signal
import time
from pathlib import Path

import pytest

from tests.e2e.host.app_host import APPS, AppHost, served
from tests.support.funchost import until

pytestmark = pytest.mark.e2e

SIGNALS = pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)


def blocked(host: AppHost, seconds: float) -> str:
    """Start an instance and return its id once its activity blocks a thread."""
    instance_id = host.started("stuck", seconds)
    marks = host.folder / "blocked"
    until(marks.exists, patience_s=60, what="the activity runs")
    return instance_id


def stopped_after(host: AppHost, how: signal.Signals) -> float:
    """Stop the host, which has to end well, and return the seconds that it took."""
    begun = time.monotonic()
    assert host.stop(how) == 0
    return time.monotonic() - begun


@SIGNALS
def test_an_idle_host_stops_at_once(tmp_path: Path, how: signal.Signals) -> None:
    scratch = {"SCRATCH": str(tmp_path)}
    with served(APPS / "durable", tmp_path, settings=scratch, is_cold=True) as host:
        host.started("race")

        assert stopped_after(host, how) < 3


@SIGNALS
def test_a_blocked_activity_does_not_keep_the_host(tmp_path: Path, how: signal.Signals) -> None:
    with served(APPS / "durable", tmp_path, settings={"SCRATCH": str(tmp_path)}) as host:
        blocked(host, 60)

        assert stopped_after(host, how) < 5


def test_what_ends_within_the_grace_is_kept(tmp_path: Path) -> None:
    with served(APPS / "durable", tmp_path, settings={"SCRATCH": str(tmp_path)}) as host:
        instance_id = blocked(host, 1)
        assert stopped_after(host, signal.SIGTERM) < 5
        host.restart()
        status = host.ended(instance_id)

    assert status["output"] == "done"
    assert len((tmp_path / "blocked").read_text().splitlines()) == 1


def test_what_does_not_end_within_the_grace_runs_again(tmp_path: Path) -> None:
    with served(APPS / "durable", tmp_path, settings={"SCRATCH": str(tmp_path)}) as host:
        instance_id = blocked(host, 7)
        assert stopped_after(host, signal.SIGINT) < 5
        host.restart()
        status = host.ended(instance_id)

    assert status["output"] == "done"
    assert len((tmp_path / "blocked").read_text().splitlines()) == 2
