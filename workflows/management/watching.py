"""Waits until what is shown of an instance changes, for clients that would ask again and again.

The runtime tells nobody of changes, so it is asked, at first quickly and then once a second. No
thread is held meanwhile.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from shared.models import JsonObject

LONGEST_WAIT_S: Final = 30  # far below the platform's limit for an answer

_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 1.0
_FACTOR: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was shown, and whether it will never change again by itself."""

    document: JsonObject
    has_ended: bool

    @property
    def etag(self) -> str:
        """The strong validator of the document."""
        text = json.dumps(self.document, sort_keys=True, separators=(",", ":"))
        return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


async def watched(look: Callable[[], Awaitable[Seen]], *, known: str, wait_s: int) -> Seen:
    """Look until there is something that the client does not know, or the time is over.

    Args:
        look: shows the instance as it is now; what it raises ends the wait.
        known: the client's ``If-None-Match``; empty when it knows nothing, and then what is there
            at the first look is waited to change.
        wait_s: how long at the most.
    """
    deadline = asyncio.get_running_loop().time() + wait_s
    seen = await look()
    known = known or seen.etag
    pause = _FIRST_PAUSE_S
    while not seen.has_ended and is_known(seen.etag, known):
        left = deadline - asyncio.get_running_loop().time()
        if left <= 0:
            break
        await asyncio.sleep(min(pause, left))
        pause = min(pause * _FACTOR, _LONGEST_PAUSE_S)
        seen = await look()
    return seen


def is_known(etag: str, if_none_match: str) -> bool:
    """Tell whether a client has the document already."""
    given = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return etag in given or "*" in given
