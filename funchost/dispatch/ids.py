"""Fresh identities: the one place in the host that makes random ones."""

import uuid


def new_id() -> str:
    """Return 32 lower-case hexadecimal digits (a GUID's "N" form)."""
    return uuid.uuid4().hex
