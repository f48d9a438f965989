"""Each night: forgets what is kept only to recognise what is sent again, once nothing can be.

An idempotency key and a notice's id are such; requests and logs are not, and stay. What becomes of
instances is retention's business.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final, Protocol

import azure.durable_functions as df
import azure.functions as func

from shared.clock import system_clock
from shared.notices import taken_notices
from shared.operations.idempotency import kept_answers
from workflows.management import names

KEPT_FOR: Final = timedelta(days=30)

_SLICE: Final = 500
_MOST_SLICES: Final = 20

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


class _Memory(Protocol):
    def forget_older(self, *, before: datetime, most: int) -> int: ...


@blueprint.function_name(names.FORGET_REPEATS)
@blueprint.timer_trigger(arg_name="timer", schedule="0 51 3 * * *")
async def forget_repeats(timer: func.TimerRequest) -> None:
    """Forget keys and notices of more than thirty days ago, ten thousand of each at most."""
    del timer  # a late run does the same
    before = system_clock().now() - KEPT_FOR
    forgotten = await asyncio.to_thread(_forgotten, before)
    if forgotten:
        _logger.info("%d keys and notices are forgotten", forgotten)


def _forgotten(before: datetime) -> int:
    memories: tuple[_Memory, ...] = (kept_answers(), taken_notices())
    return sum(_in_slices(memory, before) for memory in memories)


def _in_slices(memory: _Memory, before: datetime) -> int:
    forgotten = 0
    for _ in range(_MOST_SLICES):
        found = memory.forget_older(before=before, most=_SLICE)
        forgotten += found
        if found < _SLICE:
            break
    return forgotten
