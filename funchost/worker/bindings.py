"""Inputs and outputs that live outside the host: the port, and how an invocation uses it.

Reaching a storage account is in ``triggers``; the worker knows only which binding is meant.
"""

from typing import Protocol

from funchost.worker.errors import BindingFailedError
from funchost.worker.functions import RETURNED, Binding, Function
from funchost.worker.library import Success
from funchost.worker.occasions import BindingData
from funchost.worker.protos import TypedData


class Bindings(Protocol):
    """Reads and writes what bindings name."""

    async def read(self, binding: Binding, data: BindingData) -> TypedData:
        """Return what an input binding means; an empty value when it is not there.

        Raises:
            BindingFailedError: it cannot be had.
        """
        ...

    async def write(self, binding: Binding, value: TypedData, data: BindingData) -> None:
        """Send what a function gave to an output binding.

        Raises:
            BindingFailedError: it cannot be sent.
        """
        ...


class NoBindings:
    """Stands in before bindings are served."""

    async def read(self, binding: Binding, data: BindingData) -> TypedData:
        """Refuse."""
        del data
        raise BindingFailedError(f"The binding '{binding.name}' is not served yet.")

    async def write(self, binding: Binding, value: TypedData, data: BindingData) -> None:
        """Refuse."""
        del value, data
        raise BindingFailedError(f"The binding '{binding.name}' is not served yet.")


async def read_inputs(
    bindings: Bindings, function: Function, data: BindingData
) -> list[tuple[str, TypedData]]:
    """Return the values of a function's input bindings by name."""
    return [(each.name, await bindings.read(each, data)) for each in function.inputs]


async def write_outputs(
    bindings: Bindings, function: Function, result: Success, data: BindingData
) -> None:
    """Send what a function gave to where its output bindings say."""
    for each in function.outputs:
        value = result.value if each.name == RETURNED else result.outputs.get(each.name)
        if value is not None:
            await bindings.write(each, value, data)
