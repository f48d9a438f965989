"""Many activities, timers and children at once; every activity leaves a line outside the host."""

import os
import time
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

type Story = Generator[Any, Any, Any]

CHILDREN = 10
TIMERS = 10


@app.orchestration_trigger(context_name="context")
def burst(context: Any) -> Story:
    """Run as many activities as the input says, beside timers and children, then one more."""
    now = context.current_utc_datetime
    me = context.instance_id
    results = yield context.task_all(
        [
            *(
                context.call_activity("leave_a_line", f"{me}/{n}")
                for n in range(context.get_input())
            ),
            *(context.call_sub_orchestrator("lesser", n, f"{me}-{n}") for n in range(CHILDREN)),
            *(context.create_timer(now + timedelta(milliseconds=300 * n)) for n in range(TIMERS)),
        ]
    )
    last = yield context.call_activity("leave_a_line", f"{me}/last")
    return [result for result in results if result is not None] + [last]


@app.orchestration_trigger(context_name="context")
def lesser(context: Any) -> Story:
    """Run two activities with a nap between them."""
    me = context.instance_id
    first = yield context.call_activity("leave_a_line", f"{me}/first")
    yield context.create_timer(context.current_utc_datetime + timedelta(milliseconds=200))
    second = yield context.call_activity("leave_a_line", f"{me}/second")
    return [first, second]


@app.activity_trigger(input_name="key")
def leave_a_line(key: str) -> str:
    """Have an effect that outlives the host, and take a moment for it."""
    with open(os.environ["EFFECTS"], "a", encoding="ascii") as effects:  # noqa: PTH123 - one line, one write
        effects.write(f"{key}\n")
    time.sleep(0.02)
    return key
