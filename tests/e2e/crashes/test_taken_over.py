"""A host that is frozen while another takes its state file over wakes up, and has to give way.

The lock keeps this from happening; here somebody has removed the lock file by hand.
"""

import http.client
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.crashes.state import endings
from tests.e2e.host.app_host import AppHost, refused, served

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

APP = Path(__file__).parent / "apps" / "mixed"
PATIENCE_S = 30.0


@contextmanager
def frozen(folder: Path) -> Generator[AppHost]:
    """Freeze a host that has a nap to end and an event to wait for."""
    with served(APP, folder, settings={"SCRATCH": str(folder)}) as host:
        host.started("naps", instance_id="naps")
        host.started("listener", instance_id="listener")
        host.reaches("naps", "Running")
        host.reaches("listener", "Running")
        signal_to(host, signal.SIGSTOP)
        yield host


@contextmanager
def successor(host: AppHost) -> Generator[AppHost]:
    """Serve the same state file with another host, after the lock file is gone."""
    host.state.with_name(f"{host.state.name}.lock").unlink()
    folder = host.folder / "successor"
    folder.mkdir()
    with served(APP, folder, "--state", str(host.state), settings=host.settings) as other:
        yield other


def signal_to(host: AppHost, number: signal.Signals) -> None:
    assert host._process is not None
    host._process.send_signal(number)


def gave_way(host: AppHost) -> None:
    """Check that a host ends by itself, and says why in one sentence."""
    process = host._process
    assert process is not None
    assert process.wait(PATIENCE_S) == 1
    host._forget(process)
    last = host.lines[-1]
    assert last.startswith("funchost: The host stopped, because its state could not be kept")
    assert f"{host.state} was taken by another process" in last
    assert "Traceback" not in host.log_tail()


def test_a_frozen_host_keeps_its_file_from_others(tmp_path: Path) -> None:
    with frozen(tmp_path) as host:
        said = refused(APP, "--state", str(host.state), settings=host.settings)
        signal_to(host, signal.SIGCONT)
        naps = host.ended("naps")

    assert f"{host.state} is in use by process" in said
    assert naps["output"] == "naps/awake"


def test_a_host_that_wakes_with_work_in_hand_stops_and_changes_nothing(tmp_path: Path) -> None:
    with frozen(tmp_path) as host, successor(host) as other:
        for number, name in enumerate(("first", "second", "third")):
            other.raise_event("listener", name, str(number))
        before = [other.ended(instance_id) for instance_id in ("naps", "listener")]
        histories = [other.history(instance_id) for instance_id in ("naps", "listener")]

        signal_to(host, signal.SIGCONT)
        gave_way(host)

        assert [other.status(instance_id) for instance_id in ("naps", "listener")] == before
        assert [other.history(instance_id) for instance_id in ("naps", "listener")] == histories
        assert other.output("chain").endswith("/abc")  # the successor goes on
        other.stop()
        records = endings(host.state)

    assert {records[key].output for key in ("naps", "listener")} == {'"naps/awake"', "[0,1,2]"}


def test_a_host_that_wakes_idle_takes_no_request_and_stops(tmp_path: Path) -> None:
    with served(APP, tmp_path, settings={"SCRATCH": str(tmp_path)}) as host:
        host.started("listener", instance_id="listener")
        host.reaches("listener", "Running")
        signal_to(host, signal.SIGSTOP)
        with successor(host) as other:
            signal_to(host, signal.SIGCONT)
            try:
                taken = host.raise_event("listener", "first", "1").status
            except (OSError, http.client.HTTPException):
                taken = 503

            gave_way(host)
            history = other.history("listener")

    assert taken == 503
    assert [event["EventType"] for event in history] == ["ExecutionStarted"]
