"""Orchestrations of every kind, whose outputs say whether each step counted exactly once."""

import os
import time
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

type Story = Generator[Any, Any, Any]

RETRIES = df.RetryOptions(30, 4)


def in_ms(context: Any, milliseconds: int) -> Any:
    """Return a timer."""
    return context.create_timer(context.current_utc_datetime + timedelta(milliseconds=milliseconds))


@app.orchestration_trigger(context_name="context")
def everything(context: Any) -> Story:
    """Do one thing of each kind, in a second generation; then wait for a person."""
    me = context.instance_id
    if context.get_input() == 1:
        yield context.call_activity("work", f"{me}/before")
        context.continue_as_new(2)
        return None
    done = [(yield context.call_activity("work", f"{me}/one"))]
    yield in_ms(context, 30)
    done += yield context.task_all([context.call_activity("work", f"{me}/{n}") for n in "ab"])
    done.append((yield context.call_sub_orchestrator("lesser", None, f"{me}-child")))
    counter = df.EntityId("tally", me)
    context.signal_entity(counter, "add", 10)
    done.append((yield context.call_entity(counter, "add", 1)))
    context.set_custom_status("waits")
    done.append((yield context.wait_for_external_event("go")))
    return done


@app.orchestration_trigger(context_name="context")
def repairable(context: Any) -> Story:
    """Fail in a child until its repair is there."""
    return (yield context.call_sub_orchestrator("needy", None, f"{context.instance_id}-needy"))


@app.orchestration_trigger(context_name="context")
def needy(context: Any) -> Story:
    """Need a repair."""
    return (yield context.call_activity("read_repair", context.instance_id))


@app.orchestration_trigger(context_name="context")
def chain(context: Any) -> Story:
    """Take three steps in sequence, each from the one before."""
    me = context.instance_id
    first = yield context.call_activity("work", f"{me}/a")
    second = yield context.call_activity("work", f"{first}b")
    return (yield context.call_activity("work", f"{second}c"))


@app.orchestration_trigger(context_name="context")
def fan(context: Any) -> Story:
    """Take eight steps at once, then one."""
    me = context.instance_id
    done = yield context.task_all([context.call_activity("work", f"{me}/{n}") for n in "abcdefgh"])
    return [*done, (yield context.call_activity("work", f"{me}/last"))]


@app.orchestration_trigger(context_name="context")
def naps(context: Any) -> Story:
    """Sleep three times, the last beside a long sleep that is called off."""
    for _ in range(2):
        yield in_ms(context, 60)
    long, short = in_ms(context, 600_000), in_ms(context, 60)
    yield context.task_any([long, short])
    long.cancel()
    return (yield context.call_activity("work", f"{context.instance_id}/awake"))


@app.orchestration_trigger(context_name="context")
def listener(context: Any) -> Story:
    """Hear three events, each of a name of its own."""
    first = yield context.wait_for_external_event("first")
    second = yield context.wait_for_external_event("second")
    return [first, second, (yield context.wait_for_external_event("third"))]


@app.orchestration_trigger(context_name="context")
def parent(context: Any) -> Story:
    """Let three children work, two of them at once."""
    me = context.instance_id
    calls = [context.call_sub_orchestrator("lesser", None, f"{me}-{n}") for n in "ab"]
    done = yield context.task_all(calls)
    return [*done, (yield context.call_sub_orchestrator("lesser", None, f"{me}-c"))]


@app.orchestration_trigger(context_name="context")
def lesser(context: Any) -> Story:
    """Work, nap, work."""
    me = context.instance_id
    first = yield context.call_activity("work", f"{me}/first")
    yield in_ms(context, 40)
    return [first, (yield context.call_activity("work", f"{me}/second"))]


@app.orchestration_trigger(context_name="context")
def stubborn(context: Any) -> Story:
    """Try again until it works, at the third attempt or later."""
    return (yield context.call_activity_with_retry("unsteady", RETRIES, context.instance_id))


@app.orchestration_trigger(context_name="context")
def generations(context: Any) -> Story:
    """Work in five generations."""
    number = context.get_input()
    done = yield context.call_activity("work", f"{context.instance_id}/{number}")
    if number == 5:
        return done
    context.continue_as_new(number + 1)
    return None


@app.orchestration_trigger(context_name="context")
def teller(context: Any) -> Story:
    """Add to a tally of its own by a call, and to the one of all by a signal."""
    own = df.EntityId("tally", context.instance_id)
    context.signal_entity(df.EntityId("tally", "all"), "add", 1)
    first = yield context.call_entity(own, "add", 1)
    context.signal_entity(own, "add", 5)
    return [first, (yield context.call_entity(own, "add", 1))]


@app.entity_trigger(context_name="context")
def tally(context: Any) -> None:
    """Add up."""
    total = context.get_state(lambda: 0) + context.get_input()
    context.set_state(total)
    context.set_result(total)


@app.activity_trigger(input_name="key")
def work(key: str) -> str:
    """Have an effect that outlives the host, and take a moment for it."""
    with (Path(os.environ["SCRATCH"]) / "effects").open("a", encoding="ascii") as effects:
        effects.write(f"{key}\n")
    time.sleep(0.01)
    return key


@app.activity_trigger(input_name="key")
def unsteady(key: str) -> str:
    """Fail twice at least; the attempts are counted outside the host."""
    attempts = Path(os.environ["SCRATCH"]) / f"{key}.attempts"
    with attempts.open("a", encoding="ascii") as file:
        file.write(".")
    if attempts.stat().st_size <= 2:
        raise ConnectionError(key)
    return key


@app.activity_trigger(input_name="key")
def read_repair(key: str) -> str:
    """Read what somebody has to put there."""
    return (Path(os.environ["SCRATCH"]) / f"{key}.repair").read_text("ascii")
