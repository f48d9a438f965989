"""What can go wrong with an app or one of its functions, one class a decision.

A durable function that raises is an answer, not an error: see ``answers``.
"""


class WorkerError(Exception):
    """The root of everything raised here."""


class AppLoadError(WorkerError):
    """The app cannot be served; the message is for its author. ``stack`` may hold a traceback."""

    def __init__(self, message: str, stack: str = "") -> None:
        super().__init__(message)
        self.stack = stack


class FunctionFailedError(WorkerError):
    """An HTTP function raised, or returned what cannot be sent; logged already."""


class FunctionTimeoutError(WorkerError):
    """A function took longer than functionTimeout allows; logged already."""


class BindingFailedError(WorkerError):
    """What a function needs could not be read, or what it gave could not be sent."""
