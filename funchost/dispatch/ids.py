"""Fresh identities: the one place in the host that makes random ones."""

import os
import threading

_RANDOM_BITS = ~((0xF << 76) | (0b11 << 62))  # all but those that say which kind of GUID it is
_KIND = (4 << 76) | (0b10 << 62)  # version 4, of the variant that everybody uses
_ID_BYTES = 16
_SUPPLY = 256 * _ID_BYTES  # asking the system for each one alone costs more than making it


class _Supply:
    """Random bytes, bought in bulk; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = b""

    def take(self) -> bytes:
        """Return the bytes of one id."""
        with self._lock:
            if not self._bytes:
                self._bytes = os.urandom(_SUPPLY)
            taken, self._bytes = self._bytes[:_ID_BYTES], self._bytes[_ID_BYTES:]
        return taken


_supply = _Supply()


def new_id() -> str:
    """Return 32 lower-case hexadecimal digits (the "N" form of a random GUID)."""
    # By hand: uuid.UUID takes four times as long, and an invocation needs one.
    return f"{int.from_bytes(_supply.take()) & _RANDOM_BITS | _KIND:032x}"
