"""Why the host cannot start: one class for everything a person can put right.

Errors of a running engine are in ``engine.errors``.
"""


class StartError(Exception):
    """The host cannot start; the text is one sentence for the person who tried."""
