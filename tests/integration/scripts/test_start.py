"""`./dev start`, with a stand-in for the host: what is started, said, and left behind."""

import os
import signal
import time

import pytest

from tests.integration.scripts.conftest import Checkout, is_alive, until

pytestmark = pytest.mark.integration


def test_the_app_is_served_with_its_storage_in_the_environment(checkout: Checkout) -> None:
    checkout.start_app()

    port = checkout.storage_ports()["table"]
    assert f"TableEndpoint=http://127.0.0.1:{port}/devstoreaccount1;" in checkout.answer()


def test_an_interrupt_stops_everything_within_five_seconds(checkout: Checkout) -> None:
    process = checkout.start_app()
    pids = [checkout.host_pid(), *checkout.azurite_pids()]

    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    output = process.communicate(timeout=10)[0]

    assert time.monotonic() - started < 5
    assert process.returncode == 0, output
    assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)


def test_nothing_is_left_when_the_starter_is_killed(checkout: Checkout) -> None:
    process = checkout.start_app()
    pids = [checkout.host_pid(), *until(checkout.azurite_pids)]

    process.kill()

    until(lambda: not any(is_alive(pid) for pid in pids), deadline_s=5)


def test_the_end_of_storage_is_told_and_ends_the_app(checkout: Checkout) -> None:
    process = checkout.start_app()

    os.kill(until(checkout.azurite_pids)[0], signal.SIGKILL)
    output = process.communicate(timeout=15)[0]

    assert process.returncode == 1
    assert "Azurite ended with exit code -9 while the app was running" in output


def test_a_taken_port_is_refused_in_one_sentence_that_names_the_process(checkout: Checkout) -> None:
    first = checkout.start_app()

    second = checkout.run("start", "--port", str(checkout.port))

    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr.startswith(
        f"dev: Port {checkout.port} is in use by process {checkout.host_pid()} ("
    )
    assert second.stderr.count("\n") == 1
    assert first.poll() is None


def test_a_failing_host_gives_its_exit_code_and_takes_storage_with_it(checkout: Checkout) -> None:
    (checkout.root / "funchost" / "__main__.py").write_text("raise SystemExit(3)", encoding="utf-8")

    ended = checkout.run("start", "--port", str(checkout.port))

    assert ended.returncode == 3
    assert checkout.azurite_pids() == []


def test_a_fresh_start_forgets_the_hosts_state(checkout: Checkout) -> None:
    state = checkout.root / ".dev" / "funchost.db"
    state.write_text("old", encoding="ascii")

    checkout.start_app("--fresh")

    assert state.read_text(encoding="ascii") == ""
