"""The shaped workflow on durabletask's in-memory backend: all of it in one process.

Runs in the peers' environment: `python in_memory.py PORT FOLDER TOTAL IN_FLIGHT ALONE`;
prints JSON.
"""

import json
import logging
import sys
import threading
import time
from typing import Any

from durabletask import (  # type: ignore[import-not-found] # only in the peers' environment
    client,
    worker,
)
from durabletask.testing import (  # type: ignore[import-not-found] # as above
    create_test_backend,
)

ended: dict[str, threading.Event] = {}


def same(_context: Any, number: int) -> int:
    return number


def shaped(context: Any, _input: Any) -> Any:
    for number in range(4):
        yield context.call_activity(same, input=number)
    both = [context.call_activity(same, input=number) for number in (4, 5)]
    result = yield worker.task.when_all(both)
    # The last episode tells the client at once. A client that waits on the backend holds one of
    # the ten threads it has, and a hundred that ask would measure themselves.
    if context.instance_id in ended:
        ended[context.instance_id].set()
    return result


def in_flight(hub: Any, total: int, slots: threading.Semaphore) -> float:
    begun = time.perf_counter()

    def one(number: int) -> None:
        instance_id = f"{begun}-{number}"
        ended[instance_id] = threading.Event()
        with slots:
            hub.schedule_new_orchestration(shaped, instance_id=instance_id)
            ended[instance_id].wait()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(total)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return total / (time.perf_counter() - begun)


def alone(hub: Any) -> float:
    begun = time.perf_counter()
    instance_id = hub.schedule_new_orchestration(shaped)
    state = hub.wait_for_orchestration_completion(instance_id)
    if state.runtime_status.name != "COMPLETED":
        raise RuntimeError(state)
    return (time.perf_counter() - begun) * 1e3


def main() -> None:
    port, _, total, many, single = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    backend = create_test_backend(port=int(port))
    address = f"localhost:{port}"
    with worker.TaskHubGrpcWorker(host_address=address) as hands:
        hands.add_orchestrator(shaped)
        hands.add_activity(same)
        hands.start()
        hub = client.TaskHubGrpcClient(host_address=address)
        for _ in range(5):
            alone(hub)
        singles = [alone(hub) for _ in range(int(single))]
        rate = in_flight(hub, int(total), threading.Semaphore(int(many)))
        print(json.dumps({"rate": rate, "alone": singles}), flush=True)
    backend.stop()


if __name__ == "__main__":
    main()
