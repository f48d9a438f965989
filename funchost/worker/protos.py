"""The messages the worker library makes and takes, without protobuf.

The library is handed this module as its ``protos``: every class here is one it looks up by name,
and nothing else is. Wire numbers matter where the library compares them.
"""

from typing import Any, ClassVar


class Message:
    """A message: whatever members it was made with; any other reads as None."""

    def __init__(self, **members: Any) -> None:
        self.__dict__.update(members)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


class TypedData:
    """A value with exactly one representation, or none (an empty HTTP body)."""

    __slots__ = ("kind", "value")

    def __init__(self, **member: Any) -> None:
        self.kind: str | None = None
        self.value: Any = None
        for self.kind, self.value in member.items():
            pass

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Return which representation is there."""
        return self.kind

    def __getattr__(self, name: str) -> Any:
        # The library tells a bare value from a wrapped one by asking for ``TypedData`` and
        # catching the error, so an unknown name must raise.
        if name == self.kind:
            return self.value
        raise AttributeError(name)


class ParameterBinding:
    """A named value."""

    __slots__ = ("data", "name")

    def __init__(self, *, name: str, data: TypedData | None) -> None:
        self.name = name
        self.data = data

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Return how the value is carried; only one way is used here."""
        return None if self.data is None else "data"


class StatusResult(Message):
    """Whether a request succeeded."""

    Failure: ClassVar = 0
    Success: ClassVar = 1
    Cancelled: ClassVar = 2


class BindingInfo(Message):
    """A binding of a function; directions are in = 0, out = 1, inout = 2."""

    out: ClassVar = 1
    inout: ClassVar = 2
    undefined: ClassVar = 0


class _SameSite:
    Lax: ClassVar = 1
    Strict: ClassVar = 2
    ExplicitNone: ClassVar = 3


setattr(_SameSite, "None", 0)  # the wire's name for "not said" is a Python keyword


class RpcHttpCookie(Message):
    """A cookie of an HTTP answer."""

    SameSite: ClassVar = _SameSite


class RpcHttp(Message):
    """An HTTP request or answer."""


class RpcException(Message):
    """``message`` is ``Type: text``, ``stack_trace`` the chained traceback."""


class WorkerInitResponse(Message):
    """The answer to start-up."""


class WorkerMetadata(Message):
    """Which runtime this is."""


class FunctionMetadataResponse(Message):
    """The functions that were found."""


class RpcFunctionMetadata(Message):
    """One function."""


class RpcRetryOptions(Message):
    """A function's own retry policy."""


class FunctionLoadResponse(Message):
    """The answer to loading a function."""


class InvocationResponse(Message):
    """What an invocation came to."""


class FunctionEnvironmentReloadResponse(Message):
    """The answer to a change of environment; never asked for here."""


class NullableString(Message):
    """A string that is there."""


class NullableBool(Message):
    """A truth value that is there."""


class NullableDouble(Message):
    """A number that is there."""


class NullableTimestamp(Message):
    """An instant that is there."""


class Timestamp(Message):
    """Seconds since 1970."""
