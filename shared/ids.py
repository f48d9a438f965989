"""Identifiers: new ones for what the outside world did not name, derived ones for what it did.

Orchestrators never come here: theirs is ``context.new_uuid()``. Business objects that a client
names keep the client's id; idempotency needs the derived ones, which are the same on every retry.
"""

import hashlib
import uuid

_DERIVED_DIGITS = 24  # 96 bits: no two keys meet by chance, and a person can still read it out


def new_id() -> str:
    """Return a fresh id of 32 hexadecimal digits that nobody can guess."""
    return uuid.uuid4().hex


def derived_id(prefix: str, *parts: str) -> str:
    """Return the id that these parts always lead to, as ``prefix_`` and 24 hexadecimal digits.

    The parts are kept apart, so ``("a", "bc")`` and ``("ab", "c")`` lead to different ids.
    """
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8))
        digest.update(encoded)
    return f"{prefix}_{digest.hexdigest()[:_DERIVED_DIGITS]}"
