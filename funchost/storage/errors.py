"""What only a store can run into; the errors a caller decides on are in ``engine.errors``."""

from funchost.engine.errors import EngineError


class StateFileError(EngineError):
    """The state file cannot be used: unreadable, unwritable, of another kind or a newer version."""


class StoreClosedError(EngineError):
    """The store was closed; it answers and keeps nothing any more."""

    def __init__(self) -> None:
        super().__init__("The store is closed.")


class UnstorableWriteError(EngineError):
    """A write holds something that no row can hold; trying it again cannot help."""
