"""Who waits for the end of an instance, and is told at once rather than asking again and again."""

import asyncio
from weakref import WeakValueDictionary


class Ends:
    """The ends that somebody waits for. Used from one event loop."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        # Weak: whoever has given up waiting leaves nothing behind.
        self._awaited: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()

    def of(self, instance_id: str) -> asyncio.Event:
        """Return what is set at the instance's next end."""
        return self._awaited.setdefault(instance_id, asyncio.Event())

    def tell(self, instance_id: str) -> None:
        """Wake whoever waits for the instance."""
        reached = self._awaited.pop(instance_id, None)
        if reached is not None:
            reached.set()
