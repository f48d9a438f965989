"""So many at a time and no more; nothing begins after the stop."""

import threading
from queue import SimpleQueue

import pytest

from funchost.worker.threads import Threads

PATIENCE_S = 10


def test_work_runs_side_by_side_up_to_the_number_of_threads() -> None:
    threads = Threads(2, "work")
    begun: SimpleQueue[str] = SimpleQueue()
    release = threading.Semaphore(0)

    def work() -> None:
        begun.put(threading.current_thread().name)
        release.acquire()

    for _ in range(3):
        threads.submit(work)
    side_by_side = {begun.get(timeout=PATIENCE_S) for _ in range(2)}
    waited = begun.empty()
    release.release(3)
    third = begun.get(timeout=PATIENCE_S)

    assert side_by_side == {"work_1", "work_2"}
    assert waited
    assert third in side_by_side


def test_a_free_thread_is_used_again() -> None:
    threads = Threads(4, "work")
    names: SimpleQueue[str] = SimpleQueue()

    for _ in range(5):
        threads.submit(lambda: names.put(threading.current_thread().name))
        names.get(timeout=PATIENCE_S)
        wait_until_idle(threads)
    threads.submit(lambda: names.put(threading.current_thread().name))

    assert names.get(timeout=PATIENCE_S) == "work_1"


def test_what_waits_at_the_stop_never_begins_and_what_runs_is_known() -> None:
    threads = Threads(1, "work")
    has_begun, release = threading.Event(), threading.Event()
    late: list[str] = []

    def work() -> None:
        has_begun.set()
        release.wait(PATIENCE_S)

    threads.submit(work)
    threads.submit(lambda: late.append("ran"))
    assert has_begun.wait(PATIENCE_S)
    threads.stop()
    was_busy = threads.is_busy
    release.set()
    wait_until_idle(threads)

    assert was_busy
    assert late == []


def wait_until_idle(threads: Threads) -> None:
    ended = threading.Event()
    for _ in range(PATIENCE_S * 1000):
        if not threads.is_busy:
            return
        ended.wait(0.001)
    pytest.fail("the threads are still busy")
