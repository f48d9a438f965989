"""What can go wrong between the engine and those who use it, one class a decision."""

from funchost.engine.events import RuntimeStatus


class EngineError(Exception):
    """The root of everything raised here."""


class InstanceExistsError(EngineError):
    """An instance with this id is alive, and may not be replaced."""

    def __init__(self, instance_id: str, status: RuntimeStatus) -> None:
        super().__init__(f"An Orchestration instance with the status {status} already exists.")
        self.instance_id = instance_id
        self.status = status


class InstanceNotFoundError(EngineError):
    """There is no instance with this id."""

    def __init__(self, instance_id: str) -> None:
        super().__init__(f"No instance with ID '{instance_id}' found.")
        self.instance_id = instance_id


class InstanceEndedError(EngineError):
    """The instance has ended; the request has no effect."""

    def __init__(self, instance_id: str) -> None:
        super().__init__(f"The instance '{instance_id}' has ended.")
        self.instance_id = instance_id


class WrongStateError(EngineError):
    """The instance is not in a state in which the request makes sense."""


class RewindRefusedError(WrongStateError):
    """The instance cannot be taken back to before a failure."""


class UnknownFunctionError(EngineError):
    """No function of this name and kind is registered."""


class InvalidInstanceIdError(EngineError):
    """The id is not one that the platform accepts."""


class StaleWorkError(EngineError):
    """A late commit: the instance has moved on since the work was taken."""


class StateFileHeldError(EngineError):
    """Another process owns the state file."""
