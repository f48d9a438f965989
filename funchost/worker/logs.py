"""User log records, tied to the invocation during which they were made.

A record made while a function runs comes out under the logger name ``Function.<name>.User`` and
carries ``invocation_id``, ``instance_id`` (None outside orchestrations) and ``origin``, the name of
the logger that it was given to. Levels and handlers are the host's business.
"""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

LIBRARY_LOGGER = "azure.functions"  # what the worker library and the SDK log to


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One run of one function; of a durable one it is known for which instance and task."""

    function_name: str
    invocation_id: str
    instance_id: str | None = None
    task_id: int | None = None


_current: ContextVar[Invocation | None] = ContextVar("funchost_invocation", default=None)


@contextmanager
def running(invocation: Invocation) -> Generator[None]:
    """Tie what is logged in this context to the invocation."""
    token = _current.set(invocation)
    try:
        yield
    finally:
        _current.reset(token)


def correlate_records() -> Callable[[], None]:
    """Begin to rename records; return what ends it."""
    make = logging.getLogRecordFactory()

    def make_correlated(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        invocation = _current.get()
        if invocation is not None and not record.name.startswith(LIBRARY_LOGGER):
            record.origin = record.name
            record.invocation_id = invocation.invocation_id
            record.instance_id = invocation.instance_id
            record.name = f"Function.{invocation.function_name}.User"
        return record

    logging.setLogRecordFactory(make_correlated)

    def end() -> None:
        if logging.getLogRecordFactory() is make_correlated:
            logging.setLogRecordFactory(make)

    return end
